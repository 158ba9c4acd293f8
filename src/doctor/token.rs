//! How old Twilio's token is. Twilio does not tell, so Andon notes when it first ran with it; of the token itself
//! nothing is kept but a fingerprint.

use crate::channels::twilio::signature;
use crate::config::Settings;
use crate::db::{Db, marks};
use crate::kit::{Instant, Result};
use secrecy::ExposeSecret as _;

/// Notes, at start, since when this token is in use.
///
/// # Errors
/// When the database is away.
pub async fn remember(db: &Db, settings: &Settings) -> Result<()> {
    let Some(name) = mark(settings).filter(|_| !settings.simulator) else { return Ok(()) };
    if marks::mark(db.read(), &name).await?.is_some() {
        return Ok(());
    }
    db.write_with(name, move |tx, name| Box::pin(marks::set_mark(tx, name, tx.now()))).await
}

/// Since when this token is in use, where that is known.
///
/// # Errors
/// When the database is away.
pub async fn in_use_since(db: &Db, settings: &Settings) -> Result<Option<Instant>> {
    match mark(settings) {
        Some(name) => marks::mark(db.read(), &name).await,
        None => Ok(None),
    }
}

fn mark(settings: &Settings) -> Option<String> {
    let (_, token, _) = settings.twilio_credentials()?;
    let fingerprint = signature::sign(token.expose_secret(), "andon: fingerprint of a token", &[]);
    Some(format!("token:{}", fingerprint.get(..16)?))
}
