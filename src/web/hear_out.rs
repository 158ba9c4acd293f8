//! Hearing a refused request out: whoever is still sending when the answer comes may never read it, since the
//! connection is closed on what nobody takes.

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// So many bytes of a refused body are taken and thrown away, for so long.
const MOST: usize = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// Answers, and takes the rest of the body first where the request was refused before its end.
pub async fn hear_out(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let read = Arc::clone(&body);
    let shared = stream::poll_fn(move |cx| lock(&read).poll_next_unpin(cx));
    let response = next.run(Request::from_parts(parts, Body::from_stream(shared))).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        // Who takes longer, or sends more, is cut off.
        let _heard = tokio::time::timeout(LONGEST, rest(&body)).await;
    }
    response
}

async fn rest(body: &Mutex<BodyDataStream>) {
    let mut heard = 0;
    while let Some(Ok(piece)) = stream::poll_fn(|cx| lock(body).poll_next_unpin(cx)).next().await {
        heard += piece.len();
        if heard > MOST {
            return;
        }
    }
}

fn lock(body: &Mutex<BodyDataStream>) -> std::sync::MutexGuard<'_, BodyDataStream> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}
