//! Shows people that their message was read and is being answered, where a provider can show that.
//!
//! It is a courtesy: after the commit, beside the reply, at most once, and left out where many write at a time: it would
//! cost as much as the reply. Whatever becomes of it, the reply goes its way.

use crate::app::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// So many are shown it at a time.
const AT_ONCE: usize = 32;
/// After this time it is not worth it any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message that is answered: its channel, and the provider's id of it.
pub(super) type Answered = (&'static str, String);

/// Who shows it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Reading {
    app: App,
    places: Arc<Semaphore>,
}

impl Reading {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Shows it of these messages, and waits for nothing.
    pub(super) fn show(&self, answered: Vec<Answered>) {
        if self.app.tide.is_high(&self.app.clock) {
            return;
        }
        for (channel, provider_id) in answered {
            let Some(channel) = self.app.channel(channel).filter(|channel| channel.shows_reading()).cloned() else {
                continue;
            };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
            tokio::spawn(async move {
                match tokio::time::timeout(PATIENCE, channel.show_reading(&provider_id)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!("that a message was read is not shown: {error}"),
                    Err(_) => tracing::debug!("that a message was read is not shown in time"),
                }
                drop(place);
            });
        }
    }
}
