//! `andon serve` and `andon demo`: a server until Ctrl-C or SIGTERM.

use super::out::{complain, say};
use super::seed;
use crate::config::{self, Settings};
use crate::kit::{Clock, Error, Result, telemetry};
use crate::people::desk;
use crate::server::{Jobs, Server};
use crate::vault::{Trouble, Vault};
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Runs with the operator's settings.
pub(super) async fn serve(settings: Settings) -> Result<()> {
    let _log = telemetry::start_for_server(&settings.log, settings.log_format).map_err(Error::setting)?;
    for warning in config::unknown_variables(config::variable_names()).into_iter().chain(settings.warnings()) {
        tracing::warn!("{warning}");
    }
    let server = Server::start(settings, Clock::System, Jobs::Running).await?;
    tokio::spawn(tell_of_files(server.app.vault.clone()));
    tracing::info!("Andon {} listens on http://{}", env!("CARGO_PKG_VERSION"), server.address);
    if let Some(address) = server.metrics_address {
        tracing::info!("figures for Prometheus are at http://{address}/metrics");
    }
    if let Some(link) = first_admins_link(&server).await? {
        complain!("\n  Nobody can sign in yet. Make the first admin here, within an hour:\n\n    {link}\n");
    }
    until_told(server).await
}

/// By which provider's API the demo's WhatsApp goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Twilio,
    Meta,
    Both,
}

/// Runs the demo: its own data folder, demo records, the phone and the desk in the browser; nothing leaves this machine.
pub(super) async fn demo(data_dir: Option<PathBuf>, bind: SocketAddr, by: By) -> Result<()> {
    if !bind.ip().is_loopback() {
        return Err(Error::setting(format!(
            "The demo is open to whoever reaches it, so it listens on this machine only; {bind} is not loopback. Use --bind 127.0.0.1:8000."
        )));
    }
    let settings = Settings::demo(data_dir, bind);
    let settings = match by {
        By::Twilio => settings,
        By::Meta => settings.by_meta(),
        By::Both => settings.by_meta_too(),
    };
    let _log = telemetry::start_for_server(&settings.log, settings.log_format).map_err(Error::setting)?;
    let (timezone, folder) = (settings.timezone, settings.data_dir.clone());
    let server = Server::start(settings, Clock::System, Jobs::Running).await?;
    seed::run(&server.app.db, timezone).await?;
    seed::desk::open(&server.app).await?;
    let origin = server.app.settings.local_origin();
    say!("");
    say!("  Andon's demo is ready. Its data is in {}.", folder.display());
    say!("");
    say!("    Phone       {origin}/simulator     type: hi");
    say!("    Desk        {origin}/now           sign in: {}", named());
    say!("                                    password: {}, as long as nobody changed it", seed::desk::PASSWORD);
    say!("    API         {origin}/docs");
    say!("    Contract    {origin}/api/openapi.json");
    say!("    Health      {origin}/health");
    say!("");
    say!("  Ctrl-C ends it.");
    say!("");
    until_told(server).await
}

/// `admin, client or support`.
fn named() -> String {
    let [first @ .., last] = seed::desk::WHO.map(|(_, name)| name);
    format!("{} or {last}", first.join(", "))
}

/// Says it once where attachments cannot be kept. Everything else goes on meanwhile.
async fn tell_of_files(vault: Vault) {
    if let Err(Trouble { says, mend }) = vault.try_out().await {
        tracing::error!("{says} {mend} Until then attachments are answered with 503.");
    }
}

/// The link by which somebody who sits at this terminal makes the first admin; never in a log.
async fn first_admins_link(server: &Server) -> Result<Option<String>> {
    let is_watched = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let app = &server.app;
    if !is_watched || desk::has_an_admin(app).await? {
        return Ok(None);
    }
    let origin = app.settings.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    let origin = origin.unwrap_or_else(|| app.settings.local_origin());
    Ok(Some(format!("{origin}/setup?code={}", app.proof.setup.open(app.clock.now()))))
}

async fn until_told(server: Server) -> Result<()> {
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(Error::internal)?;
    tokio::select! {
        () = telemetry::tell_dropped() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Error::internal)?,
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: what has begun is finished first");
    server.stop().await
}
