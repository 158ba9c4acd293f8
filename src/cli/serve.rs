//! `andon serve` and `andon demo`: a server until Ctrl-C or SIGTERM.

use super::seed;
use crate::config::{self, Settings};
use crate::kit::{Clock, Error, Result, telemetry};
use crate::server::{Jobs, Server};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Runs with the operator's settings.
pub(super) async fn serve(settings: Settings) -> Result<()> {
    telemetry::start(&settings.log, settings.log_format).map_err(Error::setting)?;
    for warning in config::unknown_variables(config::variable_names()).into_iter().chain(settings.warnings()) {
        tracing::warn!("{warning}");
    }
    let server = Server::start(settings, Clock::System, Jobs::Running).await?;
    tracing::info!("Andon {} listens on http://{}", env!("CARGO_PKG_VERSION"), server.address);
    until_told(server).await
}

/// Runs the demo: its own data folder, demo records, the phone in the browser; nothing leaves this machine.
pub(super) async fn demo(data_dir: Option<PathBuf>, bind: SocketAddr) -> Result<()> {
    if !bind.ip().is_loopback() {
        return Err(Error::setting(format!(
            "The demo is open to whoever reaches it, so it listens on this machine only; {bind} is not loopback. Use --bind 127.0.0.1:8000."
        )));
    }
    let settings = Settings::demo(data_dir, bind);
    telemetry::start(&settings.log, settings.log_format).map_err(Error::setting)?;
    let (timezone, folder) = (settings.timezone, settings.data_dir.clone());
    let server = Server::start(settings, Clock::System, Jobs::Running).await?;
    seed::run(&server.app.db, timezone).await?;
    let origin = server.app.settings.local_origin();
    println!();
    println!("  Andon's demo is ready. Its data is in {}.", folder.display());
    println!();
    println!("    Phone       {origin}/simulator     type: hi");
    println!("    API         {origin}/docs");
    println!("    Contract    {origin}/api/openapi.json");
    println!("    Health      {origin}/health");
    println!();
    println!("  Ctrl-C ends it.");
    println!();
    until_told(server).await
}

async fn until_told(server: Server) -> Result<()> {
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(Error::internal)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Error::internal)?,
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: what has begun is finished first");
    server.stop().await
}
