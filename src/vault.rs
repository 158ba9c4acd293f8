//! The vault: where files are kept, each under its content's hash, in a folder or wherever `object_store` leads.
//!
//! A file never changes, and the same content is kept once. Once [`Vault::keep`] has answered, the file is on disk.

use crate::kit::{Error, Instant, Result};
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use std::path::Path as FolderPath;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// So many files are on their way in, and so many on their way out, at once: each is in memory. Who comes next waits.
const AT_ONCE: usize = 16;
/// The folder of all files.
const ROOT: &str = "sha256";

/// Where files are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    store: Arc<dyn ObjectStore>,
    coming: Arc<Semaphore>,
    going: Arc<Semaphore>,
}

impl Vault {
    /// Files in this folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Setting`] where it cannot be made.
    pub fn in_folder(folder: &FolderPath) -> Result<Self> {
        let no = |e: &dyn std::fmt::Display| {
            Error::setting(format!("The folder {} for attachments cannot be used: {e}.", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(|e| no(&e))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|e| no(&e))?.with_fsync(true);
        let room = || Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { store: Arc::new(store), coming: room(), going: room() })
    }

    /// Waits until there is room for one more file on its way in; the room is taken until the answer is dropped.
    pub async fn room_to_come(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.coming).acquire_owned().await.ok()
    }

    /// Waits until there is room for one more file on its way out; the room is taken until the answer is dropped.
    pub async fn room_to_go(&self) -> Option<SemaphorePermit<'_>> {
        self.going.acquire().await.ok()
    }

    /// Keeps a file; answers with its hash.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where it cannot be kept now.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String> {
        let hashed = tokio::task::spawn_blocking(move || (hash(&bytes), bytes)).await.map_err(Error::internal)?;
        let (hash, bytes) = hashed;
        self.store.put(&place(&hash), bytes.into()).await.map_err(away)?;
        Ok(hash)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where it cannot be read now.
    pub async fn read(&self, hash: &str) -> Result<Vec<u8>> {
        let found = self.store.get(&place(hash)).await.map_err(away)?;
        Ok(found.bytes().await.map_err(away)?.to_vec())
    }

    /// The hashes of what was last written before this instant.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where nobody answers.
    pub async fn older_than(&self, before: Instant) -> Result<Vec<String>> {
        let root = Path::from(ROOT);
        let listed = self.store.list(Some(&root)).try_filter_map(|file| {
            let hash = file.location.filename().map(str::to_owned).filter(|_| file.last_modified < before);
            std::future::ready(Ok(hash))
        });
        listed.try_collect().await.map_err(away)
    }

    /// Takes a file away, unless it was written again since `before`; whether it is gone.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where nobody answers.
    pub async fn take_away(&self, hash: &str, before: Instant) -> Result<bool> {
        let place = place(hash);
        if self.store.head(&place).await.map_err(away)?.last_modified >= before {
            return Ok(false);
        }
        self.store.delete(&place).await.map_err(away)?;
        Ok(true)
    }
}

/// `sha256/ab/abcdef…`: no folder grows too large.
fn place(hash: &str) -> Path {
    Path::from_iter([ROOT, hash.get(..2).unwrap_or_default(), hash])
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _never_fails = write!(hex, "{byte:02x}");
        hex
    })
}

fn away(error: object_store::Error) -> Error {
    Error::unavailable("The place where attachments are kept does not answer. Nothing was changed; please try again.")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_kept_once_under_its_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::in_folder(&folder.path().join("files")).expect("it can be used");
        let hash = vault.keep(b"abc".to_vec()).await.expect("it is kept");
        assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(vault.keep(b"abc".to_vec()).await.expect("it is kept again"), hash);
        assert!(folder.path().join("files/sha256/ba").join(&hash).is_file());
        assert_eq!(vault.read(&hash).await.expect("it is there"), b"abc");
    }
}
