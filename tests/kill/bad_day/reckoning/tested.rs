//! The reckoning itself, on a day on which everything arrived: each fault is found, and nothing else.

use super::{Rows, reckon};
use crate::drive::ledger::{Entries, Reply, Told, reply_sid};
use crate::drive::whims::FOR_GOOD;

const TWICE: &str = "messages sent twice";
const UNANSWERED: &str = "messages that no attempt, or more than one, answers for";
const WRONG: &str = "notices that do not stand as they should";
const STRAY: &str = "messages of no notice";

/// What was told of it.
type News = Vec<(&'static str, Told)>;
/// The provider's side of one message, the notice's status, code and attempts, and whether these fit.
type Case = (&'static str, Option<i32>, News, (&'static str, Option<i32>, i32), bool);

pub(crate) fn finds_what_is_wrong(rows: &Rows, entries: &Entries, raised: &[String]) {
    assert!(rows.notices.len() >= raised.len() * super::TOLD as usize);
    let found = |tamper: &dyn Fn(&mut Rows, &mut Entries)| {
        let (mut rows, mut entries) = (rows.clone(), entries.clone());
        tamper(&mut rows, &mut entries);
        let (findings, _) = reckon(&rows, &entries, raised);
        findings.faults.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(found(&|_, _| {}), Vec::<&str>::new());
    assert_eq!(found(&|_, entries| again(entries, 0)), [TWICE, UNANSWERED]);
    assert_eq!(found(&|rows, entries| answer_for(rows, entries, 0)), [TWICE]);
    assert_eq!(found(&|_, entries| "nobody's".clone_into(&mut entries.replies[0].token)), [STRAY, UNANSWERED, WRONG]);
    assert_eq!(
        found(&|rows, _| rows.notices[0].due_at = Some(chrono::DateTime::UNIX_EPOCH)),
        ["notices that are still open"]
    );
    assert_eq!(found(&|rows, _| drop(rows.attempts.remove(&rows.notices[0].id))), [UNANSWERED]);
    assert_eq!(found(&|rows, _| drop(rows.tickets.drain())), ["tickets lost"]);
    assert_eq!(found(&|rows, _| rows.untold_events = 1), ["events that nobody was told of"]);
    assert_eq!(found(&|rows, _| rows.busy_lines.push("notice:1:1".to_owned())), ["lines that do not rest"]);
    let lost = found(&|rows, _| drop(rows.notices.pop()));
    assert_eq!(lost, [STRAY, "notices lost or doubled"]);
    for (end, code, told, (status, error_code, attempts), is_right) in cases() {
        let faults = found(&|rows, entries| {
            let notice = &mut rows.notices[0];
            (notice.status, notice.error_code, notice.attempts) = (status.to_owned(), error_code, attempts);
            let token = notice.token.clone();
            let reply = first_of(entries, &token);
            (reply.status, reply.code, reply.told) = (end, code, told.clone());
        });
        let expected = if is_right { vec![] } else { vec![WRONG] };
        assert_eq!(faults, expected, "{end} {code:?} {told:?}: {status} {error_code:?} {attempts}");
    }
}

fn cases() -> Vec<Case> {
    use Told::{Perhaps, Surely};
    let (good, now) = (Some(FOR_GOOD), Some(63018));
    let sent = ("sent", Surely);
    vec![
        ("delivered", None, vec![sent, ("delivered", Surely)], ("DELIVERED", None, 1), true),
        ("delivered", None, vec![sent, ("delivered", Surely)], ("SENT", None, 1), false),
        ("delivered", None, vec![sent, ("delivered", Surely)], ("FAILED", good, 1), false),
        ("delivered", None, vec![sent, ("delivered", Surely)], ("QUEUED", None, 1), false),
        ("delivered", None, vec![sent, ("delivered", Perhaps)], ("DELIVERED", None, 1), true),
        ("delivered", None, vec![sent, ("delivered", Perhaps)], ("SENT", None, 1), true),
        ("delivered", None, vec![sent], ("DELIVERED", None, 1), false),
        ("delivered", None, vec![sent], ("SENT", None, 1), true),
        ("delivered", None, vec![sent], ("SENDING", None, 1), false),
        ("delivered", None, vec![], ("SENDING", None, 1), true),
        ("delivered", None, vec![], ("SENT", None, 1), false),
        ("undelivered", good, vec![sent, ("undelivered", Surely)], ("FAILED", good, 1), true),
        ("undelivered", good, vec![sent, ("undelivered", Surely)], ("FAILED", now, 1), false),
        ("undelivered", good, vec![sent, ("undelivered", Surely)], ("SENT", None, 1), false),
        ("undelivered", good, vec![sent, ("undelivered", Surely)], ("DELIVERED", None, 1), false),
        ("undelivered", good, vec![sent], ("SENT", None, 1), true),
        ("undelivered", now, vec![sent, ("undelivered", Surely)], ("FAILED", now, 1), false),
        ("undelivered", now, vec![sent, ("undelivered", Surely)], ("FAILED", now, 5), true),
        ("undelivered", now, vec![sent, ("undelivered", Surely)], ("SENT", None, 1), false),
        ("undelivered", now, vec![sent], ("SENT", None, 1), true),
        ("delivered", None, vec![sent, ("delivered", Surely)], ("FAILED", Some(super::REFUSED), 1), false),
    ]
}

/// A message is taken once more.
fn again(entries: &mut Entries, nth: usize) {
    let again = entries.replies[nth].clone();
    entries.replies.push(again);
}

/// The same, and an attempt answers for it.
fn answer_for(rows: &mut Rows, entries: &mut Entries, nth: usize) {
    again(entries, nth);
    let token = &entries.replies[nth].token;
    let Some(id) = rows.notices.iter().find(|notice| notice.token == *token).map(|notice| notice.id) else { return };
    let attempts = rows.attempts.entry(id).or_default();
    if let Some(mut attempt) = attempts.last().cloned() {
        attempt.provider_id = Some(reply_sid(entries.replies.len() - 1));
        attempts.push(attempt);
    }
}

fn first_of<'a>(entries: &'a mut Entries, token: &str) -> &'a mut Reply {
    entries.replies.iter_mut().find(|reply| reply.token == token).expect("every notice arrived")
}
