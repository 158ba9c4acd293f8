//! What a transaction has to tell the log: told once it is committed, forgotten with whatever is rolled back.

use std::cell::RefCell;
use std::future::Future;

type Line = Box<dyn FnOnce() + Send>;

tokio::task_local! {
    static STORY: RefCell<Vec<Line>>;
}

/// Has `line` told after the commit of the write that this runs in; at once where it runs in none.
pub fn after_commit(line: impl FnOnce() + Send + 'static) {
    let mut line = Some(line);
    let is_kept = STORY.try_with(|story| {
        if let Some(line) = line.take() {
            story.borrow_mut().push(Box::new(line));
        }
    });
    if let (Err(_), Some(line)) = (is_kept, line) {
        line();
    }
}

/// Runs one try of a write, and tells its story where it is committed.
pub(super) async fn told<T, E>(write: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let (outcome, story) = STORY.scope(RefCell::default(), async { (write.await, STORY.with(RefCell::take)) }).await;
    if outcome.is_ok() {
        for line in story {
            line();
        }
    }
    outcome
}

/// How much there is to tell so far.
pub(super) fn length() -> usize {
    STORY.try_with(|story| story.borrow().len()).unwrap_or_default()
}

/// Forgets what came after that: its savepoint is undone.
pub(super) fn forget_after(length: usize) {
    // Without a story there is nothing to forget.
    let _no_story = STORY.try_with(|story| story.borrow_mut().truncate(length));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Tx, test_db};
    use crate::kit::Error;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn only_what_is_kept_is_told_and_only_after_the_commit() {
        let (db, _folder) = test_db().await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = {
            let told = Arc::clone(&told);
            move |word: &'static str| {
                let told = Arc::clone(&told);
                after_commit(move || told.lock().expect("nobody panics").push(word));
            }
        };
        let (inside, kept) = (Arc::clone(&told), tell.clone());
        let write = db.write(move |tx: &Tx| {
            let (inside, tell) = (Arc::clone(&inside), kept.clone());
            Box::pin(async move {
                tell("one");
                let refused = tell.clone();
                let undone = tx.savepoint(move |_| {
                    refused("undone");
                    Box::pin(async { Err::<(), _>(Error::bad_request("no")) })
                });
                assert!(undone.await.is_err());
                tell("two");
                assert!(inside.lock().expect("nobody panics").is_empty(), "nothing is told before the commit");
                Ok(())
            })
        });
        write.await.expect("it is committed");
        let refused = db.write(move |_: &Tx| {
            tell("lost");
            Box::pin(async { Err::<(), _>(Error::bad_request("no")) })
        });
        assert!(refused.await.is_err());
        assert_eq!(*told.lock().expect("nobody panics"), ["one", "two"]);
    }
}
