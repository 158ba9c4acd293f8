//! Files in Andon's messages: fetched and checked as the providers do it, from Andon's own address and nowhere else.
//!
//! **Source**: Meta's page on media (images of 5 MB, documents of up to 100 MB), Twilio's page on WhatsApp media (16 MB).

use super::state::File;
use super::{Attachment, Provider, Simulator, sid};
use std::time::Duration;
use url::Url;

/// What a message may hold, and how large that may be. **Units**: bytes.
const TYPES: [(&str, usize); 3] =
    [("image/jpeg", 5 * 1024 * 1024), ("image/png", 5 * 1024 * 1024), ("application/pdf", 16 * 1024 * 1024)];
/// How long a provider waits for a file.
const PATIENCE: Duration = Duration::from_secs(15);
/// What the providers say of a file that they could not have.
const TWILIO_SAYS: i32 = 63_019;
const META_SAYS: i32 = 131_053;

/// A file that has an address elsewhere and is still to be fetched.
pub(super) fn outside(url: String) -> Attachment {
    Attachment { sid: sid("ME"), url, content_type: "application/octet-stream".to_owned() }
}

impl Simulator {
    /// Fetches the files of a message that Andon sent. Answers with the provider's code where it cannot have one; files
    /// of others are left where they are.
    pub(super) async fn fetch_files(&self, sid: &str) -> Option<i32> {
        let (files, provider) = {
            let book = self.book();
            let message = book.message(sid)?;
            (message.media.clone(), message.provider)
        };
        let ours = Url::parse(&self.inner.setup.webhook_url).ok()?.origin();
        let is_ours = |file: &&Attachment| Url::parse(&file.url).is_ok_and(|url| url.origin() == ours);
        for file in files.iter().filter(is_ours) {
            let Some((content_type, bytes)) = self.fetched(&file.url).await else {
                return Some(if provider == Provider::Meta { META_SAYS } else { TWILIO_SAYS });
            };
            let mut book = self.book();
            let kept =
                book.message_mut(sid).and_then(|message| message.media.iter_mut().find(|one| one.sid == file.sid));
            if let Some(kept) = kept {
                content_type.clone_into(&mut kept.content_type);
            }
            book.keep_file(File { sid: file.sid.clone(), content_type: content_type.to_owned(), bytes: bytes.into() });
        }
        None
    }

    async fn fetched(&self, url: &str) -> Option<(&'static str, Vec<u8>)> {
        let mut answer = self.inner.setup.http.get(url).timeout(PATIENCE).send().await.ok()?;
        let said = answer.headers().get(axum::http::header::CONTENT_TYPE)?.to_str().ok()?;
        let &(content_type, most) = TYPES.iter().find(|(content_type, _)| *content_type == said)?;
        if !answer.status().is_success() {
            return None;
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.ok()? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > most {
                return None;
            }
        }
        Some((content_type, bytes))
    }
}
