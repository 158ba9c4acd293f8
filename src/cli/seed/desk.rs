//! Those of the demo's people who can sign in at its desk: the admin, the supervisor, the client and the support person of
//! its phones; and what they have planned.

use super::calendar;
use crate::app::App;
use crate::kit::Result;
use crate::people::Role;
use crate::people::model::Sight;
use crate::people::store::user_changes::UserChanges;
use crate::people::store::users::{self as store, Filter, Stretch};
use crate::people::users;

/// Their password. The demo listens on loopback alone, and keeps to its own data.
pub const PASSWORD: &str = "only-for-the-demo";
/// Who they are: the role, and the name that they sign in with.
pub const WHO: [(Role, &str); 4] =
    [(Role::Admin, "admin"), (Role::Supervisor, "supervisor"), (Role::Client, "client"), (Role::Support, "support")];

/// Lets them sign in who cannot yet, and plans their next days where the supervisor comes for the first time. What
/// somebody changed since stays.
///
/// # Errors
/// When the database is away.
pub async fn open(app: &App) -> Result<()> {
    for (role, name) in WHO {
        let filter = Filter { role: Some(role), ..Filter::default() };
        let all = Stretch { from: None, is_rising: true, most: Some(100) };
        let people = store::list(app.db.read(), &Sight::Everybody, &filter, all).await?;
        if people.iter().any(|person| person.username.as_deref() == Some(name)) {
            continue;
        }
        let Some(id) = people.iter().find(|person| person.username.is_none()).map(|person| person.id) else { continue };
        let hash = app.proof.passwords.hash(PASSWORD).await?;
        let tz = app.settings.timezone;
        let opening = app.db.write_with(hash, move |tx, hash| {
            Box::pin(async move {
                if role == Role::Supervisor {
                    calendar::load(tx, tz).await?;
                }
                let named = UserChanges { username: Some(name.to_owned()), ..UserChanges::default() };
                users::change(tx, id, &named, None).await?;
                users::change_password(tx, id, hash, None, None).await
            })
        });
        opening.await?;
    }
    Ok(())
}
