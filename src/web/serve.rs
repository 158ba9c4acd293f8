//! The listener: HTTP/1.1 with bounded patience.
//!
//! A client that opens a connection and does not finish its request's head is let go, so that nobody can use up
//! connections by being slow; so is one that does not take its answer. There is a limit to how many connections are
//! open: beyond it new ones wait to be taken. A stop is not held up by one that is still talking.

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::util::MapRequest;
use tower::{Service, ServiceExt as _};

/// How long a request's head may take to arrive, and how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may take nothing of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);
/// The most open connections: below the 1,024 descriptors that a process has where nobody gave it more.
const MOST_CONNECTIONS: usize = 900;
/// At a stop, requests that are being answered get this long.
const FAREWELL: Duration = Duration::from_secs(10);
/// After a failed accept (no descriptors left), the listener takes a breath.
const BREATH: Duration = Duration::from_millis(100);

/// A connection's place among those that may be open. One that is upgraded (a WebSocket) keeps it as long as this.
#[derive(Clone, Debug)]
pub struct Held(
    #[expect(dead_code, reason = "it is kept, and nothing is asked of it")] Arc<Option<OwnedSemaphorePermit>>,
);

/// Answers connections with `service` until told to stop, then lets those being answered finish, within bounds.
pub async fn serve<S>(listener: TcpListener, service: S, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    serve_at_most(MOST_CONNECTIONS, listener, service, stop).await;
}

async fn serve_at_most<S>(most: usize, listener: TcpListener, service: S, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(most));
    loop {
        let held = tokio::select! {
            () = stop.cancelled() => break,
            place = place(&places) => Held(Arc::new(place)),
        };
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        // Answers are small and awaited: they must not wait for more to send.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection would not be hurried");
        }
        let kept = held.clone();
        let answering = MapRequest::new(service.clone(), move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(kept.clone());
            request
        });
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let service = TowerToHyperService::new(answering.boxed_clone());
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(Box::pin(stream)), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(held);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open at the stop and are cut");
    }
}

/// A place for one more connection; waits where all are taken.
async fn place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if places.available_permits() == 0 {
        tracing::warn!("as many connections are open as may be; more wait until one ends");
    }
    Arc::clone(places).acquire_owned().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    async fn answer(connection: &mut TcpStream) -> String {
        let mut read = [0; 1024];
        let length = connection.read(&mut read).await.expect("an answer");
        String::from_utf8_lossy(&read[..length]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_until_another_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let first_is_gone = Arc::new(AtomicBool::new(false));
        let service = tower::service_fn({
            let first_is_gone = Arc::clone(&first_is_gone);
            move |_: Request| {
                let text = if first_is_gone.load(Ordering::SeqCst) { "alone" } else { "together" };
                async move { Ok::<_, Infallible>(Response::new(Body::from(text))) }
            }
        });
        tokio::spawn(serve_at_most(1, listener, service, CancellationToken::new()));
        let mut first = TcpStream::connect(address).await.expect("a connection");
        first.write_all(REQUEST).await.expect("written");
        assert!(answer(&mut first).await.ends_with("together"));
        let mut second = TcpStream::connect(address).await.expect("the system keeps it");
        second.write_all(REQUEST).await.expect("written");
        for _ in 0..50 {
            first.write_all(REQUEST).await.expect("written");
            assert!(answer(&mut first).await.ends_with("together"), "the first is served on");
        }
        first_is_gone.store(true, Ordering::SeqCst);
        drop(first);
        assert!(answer(&mut second).await.ends_with("alone"));
    }
}
