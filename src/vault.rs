//! The vault: where files are kept, each under its content's hash, in a folder or in a bucket that speaks S3.
//!
//! A file never changes, and the same content is kept once. Once [`Vault::keep`] has answered, the file is on disk, or
//! the bucket's store has taken it.

mod bucket;
mod room;

pub use room::Place;

use crate::config::{Bucket, Settings};
use crate::kit::{Error, Instant, Result, http, process, token};
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use room::Room;
use sha2::{Digest as _, Sha256};
use std::path::{Path as FolderPath, PathBuf};
use std::sync::Arc;

/// So many files are on their way in, and so many on their way out, at once: each is in memory.
const AT_ONCE: usize = 16;
/// So many of them are one person's.
const OF_ONE: usize = 2;
/// The folder of attachments, in the data folder.
const FILES: &str = "files";
/// The folder of all files.
const ROOT: &str = "sha256";
/// The most that is told of a cause: a store may answer with a page.
const MAX_CAUSE_CHARS: usize = 200;
/// What is written to see whether a store takes it.
const PROBE: &[u8] = b"Andon looks whether it can keep files here. This may be deleted.\n";

/// Where files are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    home: Arc<Home>,
    store: Arc<dyn ObjectStore>,
    coming: Room,
    going: Room,
}

/// What files are kept in.
#[derive(Clone, Debug)]
enum Home {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// Why files cannot be kept, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was found.
    pub says: String,
    /// What to do about it.
    pub mend: String,
}

impl Vault {
    /// Where these settings want files.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Setting`] where it cannot be used. A bucket is not asked yet: it may be away now and
    /// there later.
    pub fn of(settings: &Settings) -> Result<Self> {
        match &settings.bucket {
            Some(bucket) => Ok(Self::over(bucket::open(bucket)?, Home::Bucket(bucket.clone()))),
            None => Self::in_folder(&folder_of(settings)),
        }
    }

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
        Ok(Self::over(store, Home::Folder(folder.to_owned())))
    }

    fn over(store: impl ObjectStore, home: Home) -> Self {
        let room = || Room::new(AT_ONCE, OF_ONE);
        Self { home: Arc::new(home), store: Arc::new(store), coming: room(), going: room() }
    }

    /// In words, for a person: `the folder andon-data/files`.
    pub fn words(&self) -> String {
        match &*self.home {
            Home::Folder(folder) => format!("the folder {}", folder.display()),
            Home::Bucket(bucket) => bucket.words(),
        }
    }

    /// Waits for room for one more file of this person's on its way in.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where there is none for some seconds.
    pub async fn room_to_come(&self, person_id: i64) -> Result<Place> {
        self.coming.place(person_id).await
    }

    /// Waits for room for one more file, or answer with files, on its way out to this person.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where there is none for some seconds.
    pub async fn room_to_go(&self, person_id: i64) -> Result<Place> {
        self.going.place(person_id).await
    }

    /// Keeps a file; answers with its hash.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where it cannot be kept now.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String> {
        let hashed = tokio::task::spawn_blocking(move || (hash(&bytes), bytes)).await.map_err(Error::internal)?;
        let (hash, bytes) = hashed;
        in_time(self.store.put(&place(&hash), bytes.into())).await.map_err(away)?;
        Ok(hash)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where it cannot be read now.
    pub async fn read(&self, hash: &str) -> Result<Vec<u8>> {
        let place = place(hash);
        let read = in_time(async { self.store.get(&place).await?.bytes().await });
        Ok(read.await.map_err(away)?.to_vec())
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

    /// Takes a file away, unless it was written again since `before`; whether it went. Where another process was
    /// faster, it did not.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where nobody answers.
    pub async fn take_away(&self, hash: &str, before: Instant) -> Result<bool> {
        match in_time(self.delete_old(&place(hash), before)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            gone => gone.map_err(away),
        }
    }

    async fn delete_old(&self, place: &Path, before: Instant) -> object_store::Result<bool> {
        if self.store.head(place).await?.last_modified >= before {
            return Ok(false);
        }
        self.store.delete(place).await?;
        Ok(true)
    }

    /// Writes, reads, lists and deletes, to see whether files can be kept. Leaves nothing.
    ///
    /// # Errors
    /// What is in the way, in words for an operator.
    pub async fn try_out(&self) -> Result<(), Trouble> {
        in_time(self.probe()).await.map_err(|error| self.trouble(&error))
    }

    async fn probe(&self) -> object_store::Result<()> {
        let place = Path::from(format!("probe-{}", token::fresh()));
        self.store.put(&place, PutPayload::from_static(PROBE)).await?;
        let read = self.store.get(&place).await;
        let bytes = match read {
            Ok(read) => read.bytes().await,
            Err(error) => Err(error),
        };
        let listed = self.store.list(Some(&Path::from(ROOT))).try_next().await;
        self.store.delete(&place).await?;
        listed?;
        if bytes? == PROBE { Ok(()) } else { Err(failed("what was written reads otherwise")) }
    }

    fn trouble(&self, error: &object_store::Error) -> Trouble {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        let shown = self.words();
        let says = |what: &str| format!("Files cannot be kept in {shown}: {what}.");
        let (says, mend) = match (&*self.home, error) {
            (Home::Folder(_), _) => (says(&innermost(error)), process::mend_of_unwritable(error)),
            (Home::Bucket(_), NotFound { .. }) => {
                (says("there is no such bucket"), "Make it, or mend the name in ANDON_FILES_URL.")
            }
            (Home::Bucket(_), PermissionDenied { .. } | Unauthenticated { .. }) => (
                says("its store refuses the key"),
                "ANDON_FILES_KEY_ID and ANDON_FILES_SECRET must be those of a key that may write, read, list and \
                 delete there, and ANDON_FILES_REGION the bucket's.",
            ),
            (Home::Bucket(_), _) => (
                says(&innermost(error)),
                "See that the store runs, that this machine's clock is right, and that ANDON_FILES_ENDPOINT and \
                 ANDON_FILES_REGION are the bucket's.",
            ),
        };
        Trouble { says, mend: mend.to_owned() }
    }
}

/// The folder for attachments that these settings mean where they name no bucket.
pub fn folder_of(settings: &Settings) -> PathBuf {
    settings.data_dir.join(FILES)
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

/// Nobody waits longer for a store than for the one request that fills its time.
async fn in_time<T>(work: impl Future<Output = object_store::Result<T>>) -> object_store::Result<T> {
    let done = tokio::time::timeout(http::STORAGE_TIMEOUT, work).await;
    done.unwrap_or_else(|_| Err(failed("it did not answer in time")))
}

fn failed(what: &'static str) -> object_store::Error {
    object_store::Error::Generic { store: "vault", source: what.into() }
}

/// What is at the bottom of it: what stands above repeats addresses and counts of tries.
fn innermost(error: &object_store::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let text = inner.to_string();
    let line = text.lines().next().unwrap_or_default().trim_end_matches(['.', ':', ' ']);
    line.chars().take(MAX_CAUSE_CHARS).collect()
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

    #[tokio::test]
    async fn what_another_process_took_away_is_no_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::in_folder(folder.path()).expect("it can be used");
        let hash = vault.keep(b"abc".to_vec()).await.expect("it is kept");
        let later = "2100-01-01T00:00:00Z".parse().expect("a valid instant");
        assert!(vault.take_away(&hash, later).await.expect("it goes"));
        assert!(!vault.take_away(&hash, later).await.expect("it is gone already"));
    }

    #[tokio::test]
    async fn trying_a_folder_out_leaves_nothing_and_tells_what_is_in_the_way() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("files");
        let vault = Vault::in_folder(&folder).expect("it can be used");
        assert_eq!(vault.try_out().await, Ok(()));
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 0);
        std::fs::remove_dir(&folder).expect("it is empty");
        std::fs::write(&folder, "no folder").expect("it can be written");
        let trouble = vault.try_out().await.expect_err("a file is no folder");
        assert!(trouble.says.contains(&format!("the folder {}", folder.display())), "{trouble:?}");
    }
}
