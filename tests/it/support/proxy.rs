//! A way to take the database away: a TCP proxy on loopback that can be cut and mended.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy in front of one server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    is_cut: Arc<watch::Sender<bool>>,
}

impl Proxy {
    /// Passes connections on to `to`, `host:port`.
    pub(crate) async fn start(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let is_cut = Arc::new(watch::Sender::new(false));
        let state = Arc::clone(&is_cut);
        tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                let mut cut = state.subscribe();
                let to = to.clone();
                tokio::spawn(async move {
                    if *cut.borrow_and_update() {
                        return;
                    }
                    let Ok(mut outside) = TcpStream::connect(to).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut inside, &mut outside) => {}
                        _ = cut.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        Self { address, is_cut }
    }

    /// Drops every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}
