//! An answer with files in it. It is in memory until the client has taken it, and as long its place is taken: where the
//! handler gave the place back, slow readers could fill the memory.
//!
//! Whoever has not taken it after [`LONGEST`] is cut off, and place and memory are free again.

use crate::vault::Place;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// How many bytes go to the connection at once. They are copied, so that what waits there keeps nothing else in memory.
const PIECE: usize = 64 * 1024;
/// How long a client may take: 43 MB, the most that goes at once, at half a megabit a second.
const LONGEST: Duration = Duration::from_mins(12);

/// What is still to be sent, with its place.
struct Left {
    bytes: Vec<u8>,
    sent: usize,
    _place: Place,
}

struct Going {
    left: Arc<Mutex<Option<Left>>>,
    remaining: usize,
    _cut: AbortOnDropHandle<()>,
}

/// A body that keeps its place until it is taken.
pub(super) fn body(bytes: Vec<u8>, place: Place) -> Body {
    let remaining = bytes.len();
    let left = Arc::new(Mutex::new(Some(Left { bytes, sent: 0, _place: place })));
    let kept = Arc::downgrade(&left);
    let cut = tokio::spawn(async move {
        tokio::time::sleep(LONGEST).await;
        if let Some(left) = kept.upgrade() {
            drop(lock(&left).take());
        }
    });
    Body::new(Going { left, remaining, _cut: AbortOnDropHandle::new(cut) })
}

impl HttpBody for Going {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let Some(piece) = next(&mut lock(&self.left)) else {
            self.remaining = 0;
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "it was not taken in time"))));
        };
        self.remaining = self.remaining.saturating_sub(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining as u64)
    }
}

/// The next piece; with the last one, place and memory are let go.
fn next(left: &mut Option<Left>) -> Option<Bytes> {
    let Left { bytes, sent, .. } = left.as_mut()?;
    let rest = &bytes[*sent..];
    let piece = Bytes::copy_from_slice(&rest[..rest.len().min(PIECE)]);
    *sent += piece.len();
    if *sent == bytes.len() {
        *left = None;
    }
    Some(piece)
}

fn lock(left: &Mutex<Option<Left>>) -> MutexGuard<'_, Option<Left>> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;
    use futures_util::StreamExt as _;

    async fn place(vault: &Vault) -> Option<Place> {
        vault.room_to_go(1).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_taken_until_the_last_piece_is_and_no_longer_than_a_while() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::in_folder(folder.path()).expect("it can be used");
        let _other = place(&vault).await.expect("a place");
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * PIECE + 1).collect();
        let sent = body(bytes.clone(), place(&vault).await.expect("a place"));
        assert_eq!(HttpBody::size_hint(&sent).exact(), Some(bytes.len() as u64));
        let mut sent = sent.into_data_stream();
        let mut taken = Vec::new();
        for _ in 0..4 {
            assert!(place(&vault).await.is_none(), "{} bytes are taken", taken.len());
            taken.extend(sent.next().await.expect("a piece").expect("in time"));
        }
        assert_eq!(taken, bytes);
        let mut slow = body(bytes, place(&vault).await.expect("it is free again")).into_data_stream();
        assert!(slow.next().await.is_some_and(|piece| piece.is_ok()));
        tokio::time::sleep(LONGEST + Duration::from_secs(1)).await;
        assert!(place(&vault).await.is_some());
        assert!(slow.next().await.is_some_and(|piece| piece.is_err()), "and it does not end as if it were whole");
    }
}
