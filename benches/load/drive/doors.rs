//! Where webhooks and callbacks are taken: one process or several, as behind a balancer.

use super::wire::Wire;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a request may take, as at Twilio.
const PATIENCE: Duration = Duration::from_secs(15);

/// The doors as one connection sees them: it goes to one, and after a failure to the next.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    all: Vec<SocketAddr>,
    at: usize,
}

impl Doors {
    pub(crate) fn new(all: &[SocketAddr]) -> Self {
        Self { all: all.to_vec(), at: 0 }
    }

    /// The same for the n-th connection.
    pub(crate) fn from(&self, nth: usize) -> Self {
        Self { all: self.all.clone(), at: nth }
    }

    pub(crate) fn here(&self) -> SocketAddr {
        self.all[self.at % self.all.len()]
    }

    /// The next one; the same where there is only one.
    pub(crate) fn next(&self) -> SocketAddr {
        self.all[(self.at + 1) % self.all.len()]
    }

    pub(crate) fn turn(&mut self) {
        self.at += 1;
    }
}

/// Posts over the open connection, or a new one; after a failure there is none.
pub(super) async fn post(wire: &mut Option<Wire>, door: SocketAddr, request: &[u8]) -> io::Result<u16> {
    let asking = async {
        let mut open = match wire.take() {
            Some(open) => open,
            None => Wire::connect(door).await?,
        };
        let status = open.ask(request).await?;
        *wire = Some(open);
        Ok(status)
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|late| Err(late.into()))
}
