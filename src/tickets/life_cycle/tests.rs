//! The life cycle, status by action by person, written down a second time by hand; and what holds for every walk.

use super::super::model::{Kind, Priority};
use super::*;
use proptest::prelude::*;

const REQUESTER: i64 = 1;
const WORKER: i64 = 2;
const OTHER: i64 = 9;

fn at(minutes: i64) -> Instant {
    let start: Instant = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
    start + TimeDelta::minutes(minutes)
}

fn ticket(kind: Kind, status: Status) -> Ticket {
    let done = matches!(status, Resolved | Closed);
    Ticket {
        kind,
        status,
        requester_id: Some(REQUESTER),
        department: Some("Assembly".to_owned()),
        assigned: vec![WORKER],
        created_at: at(0),
        response_due_at: kind.policy(&crate::sla::Policies::default()).response_due(Priority::High, at(0)),
        resolution_due_at: Some(at(1440)),
        opened_at: (status != New).then(|| at(1)),
        started_at: (!matches!(status, New | Opened)).then(|| at(2)),
        resolved_at: done.then(|| at(3)),
        closed_at: status.is_final().then(|| at(4)),
        paused_at: (status == OnHold).then(|| at(3)),
        paused_for: TimeDelta::zero(),
    }
}

fn viewer(person_id: i64, role: Option<Role>, department: &str) -> Viewer {
    Viewer { person_id, role, department: Some(department.to_owned()), open_access: false }
}

fn example(verb: Verb) -> Action {
    let words = || "because".to_owned();
    match verb {
        Verb::Open => Action::Open { notes: None },
        Verb::Assign => Action::Assign { people: vec![WORKER, 3], resolution_due_at: None, estimate: None },
        Verb::SetSla => Action::SetSla { response_due_at: None, resolution_due_at: Some(at(9_000)) },
        Verb::Start => Action::Start,
        Verb::Hold => Action::Hold { reason: words() },
        Verb::Resume => Action::Resume,
        Verb::Finish => Action::Finish { comment: words() },
        Verb::Approve => Action::Approve { comment: None },
        Verb::Reject => Action::Reject { comment: words() },
        Verb::Cancel => Action::Cancel { reason: words() },
        Verb::Comment | Verb::Edit => Action::Comment { comment: words() },
    }
}

/// Who can do what in each status, in the order of [`Status::ALL`]. A letter an
/// action: Open Assign deadLines Start Hold Resume Finish aPprove reJect Cancel; comment (w) goes without saying
/// where the ticket is seen, and `!` means that it is not.
const TABLE: [(&str, Kind, [&str; 7]); 22] = [
    ("admin", Kind::Incident, ["OALC", "ALC", "ALHC", "ALRC", "", "", ""]),
    ("requester", Kind::Incident, ["C", "", "", "", "PJ", "", ""]),
    ("worker", Kind::Incident, ["", "S", "HF", "R", "", "", ""]),
    ("other support", Kind::Incident, ["!"; 7]),
    ("other client", Kind::Incident, ["!"; 7]),
    ("operator", Kind::Incident, ["!"; 7]),
    ("supervisor", Kind::Incident, ["!"; 7]),
    ("unknown", Kind::Incident, ["!"; 7]),
    ("admin", Kind::Defect, ["OALC", "ALC", "ALHC", "ALRC", "PJ", "", ""]),
    ("requester", Kind::Defect, ["C", "", "", "", "PJ", "", ""]),
    ("worker", Kind::Defect, ["", "S", "HF", "R", "", "", ""]),
    ("supervisor", Kind::Defect, ["OAC", "AC", "AHC", "ARC", "PJ", "", ""]),
    ("other supervisor", Kind::Defect, ["", "", "", "", "", "", ""]),
    ("other support", Kind::Defect, ["!"; 7]),
    ("other client", Kind::Defect, ["!"; 7]),
    ("operator", Kind::Defect, ["", "", "", "", "", "", ""]),
    ("unknown", Kind::Defect, ["!"; 7]),
    ("admin", Kind::Maintenance, ["OALC", "ALC", "ALHC", "ALRC", "PJ", "", ""]),
    ("supervisor", Kind::Maintenance, ["OAC", "AC", "AHC", "ARC", "PJ", "", ""]),
    ("admin", Kind::SopFailure, ["OALC", "ALC", "ALHC", "ALRC", "PJ", "", ""]),
    ("supervisor", Kind::SopFailure, ["OAC", "AC", "AHC", "ARC", "PJ", "", ""]),
    ("other supervisor", Kind::SopFailure, ["", "", "", "", "", "", ""]),
];

fn letter(verb: Verb) -> char {
    match verb {
        Verb::Open => 'O',
        Verb::Assign => 'A',
        Verb::SetSla => 'L',
        Verb::Start => 'S',
        Verb::Hold => 'H',
        Verb::Resume => 'R',
        Verb::Finish => 'F',
        Verb::Approve => 'P',
        Verb::Reject => 'J',
        Verb::Cancel => 'C',
        Verb::Comment => 'w',
        Verb::Edit => 'e',
    }
}

fn called(who: &str, kind: Kind) -> Viewer {
    let requester = if kind.is_of_the_floor() { Role::Operator } else { Role::Client };
    match who {
        "admin" => viewer(OTHER, Some(Role::Admin), "Office"),
        "requester" => viewer(REQUESTER, Some(requester), "Assembly"),
        "worker" => viewer(WORKER, Some(Role::Support), "Assembly"),
        "other support" => viewer(OTHER, Some(Role::Support), "Assembly"),
        "other client" => viewer(OTHER, Some(Role::Client), "Assembly"),
        "operator" => viewer(OTHER, Some(Role::Operator), "Assembly"),
        "supervisor" => viewer(OTHER, Some(Role::Supervisor), "Assembly"),
        "other supervisor" => viewer(OTHER, Some(Role::Supervisor), "Paint"),
        _ => viewer(OTHER, None, "Assembly"),
    }
}

#[test]
fn everybody_can_do_what_the_table_says_and_nothing_else() {
    for (who, kind, row) in TABLE {
        for (status, letters) in Status::ALL.into_iter().zip(row) {
            let (ticket, viewer) = (ticket(kind, status), called(who, kind));
            let mut offered = Vec::new();
            for verb in Verb::ALL {
                let outcome = apply(&ticket, &viewer, &example(verb), at(10));
                let expected = letters.contains(letter(verb)) || (verb == Verb::Comment && letters != "!");
                assert_eq!(outcome.is_ok(), expected, "{who} {verb:?} {kind:?} {status:?}: {outcome:?}");
                assert_eq!(outcome == Err(Refusal::NotFound), letters == "!", "{who} {verb:?} {kind:?} {status:?}");
                if expected {
                    offered.push(verb);
                }
            }
            assert_eq!(allowed_actions(&ticket, &viewer), offered, "{who} {kind:?} {status:?}");
        }
    }
}

#[test]
fn an_action_leads_where_the_life_cycle_says() {
    for (who, from, verb, to) in [
        ("admin", New, Verb::Open, Opened),
        ("admin", New, Verb::Assign, Opened),
        ("admin", Opened, Verb::Assign, Opened),
        ("admin", InProgress, Verb::Assign, InProgress),
        ("admin", OnHold, Verb::Assign, OnHold),
        ("admin", New, Verb::SetSla, New),
        ("worker", Opened, Verb::Start, InProgress),
        ("worker", InProgress, Verb::Hold, OnHold),
        ("worker", OnHold, Verb::Resume, InProgress),
        ("worker", InProgress, Verb::Finish, Resolved),
        ("requester", Resolved, Verb::Approve, Closed),
        ("requester", Resolved, Verb::Reject, InProgress),
        ("requester", New, Verb::Cancel, Cancelled),
        ("admin", Opened, Verb::Cancel, Cancelled),
        ("admin", InProgress, Verb::Cancel, Cancelled),
        ("admin", OnHold, Verb::Cancel, Cancelled),
        ("requester", Closed, Verb::Comment, Closed),
    ] {
        let viewer = called(who, Kind::Incident);
        let done = apply(&ticket(Kind::Incident, from), &viewer, &example(verb), at(10)).expect("it is allowed");
        assert_eq!((done.from, done.ticket.status), (from, to), "{verb:?}");
        assert_eq!(done.opened(), from == New && to == Opened, "{verb:?}");
    }
}

#[test]
fn a_defect_of_no_department_is_every_supervisors() {
    let nobodys = Ticket { department: None, ..ticket(Kind::Defect, New) };
    let supervisor = called("other supervisor", Kind::Defect);
    assert!(allowed_actions(&nobodys, &supervisor).contains(&Verb::Open));
    let nowhere = Viewer { department: None, ..supervisor };
    assert!(!allowed_actions(&ticket(Kind::Defect, New), &nowhere).contains(&Verb::Open));
}

#[test]
fn a_refusal_says_what_to_do() {
    let now = at(10);
    for (who, kind, status, action, text) in [
        (
            "operator",
            Kind::Incident,
            New,
            Action::Start,
            "There is no such ticket among those you may see. Please check its number.",
        ),
        ("requester", Kind::Incident, New, example(Verb::Open), "A ticket can be opened only by an admin."),
        (
            "operator",
            Kind::Defect,
            Resolved,
            example(Verb::Approve),
            "A ticket can be approved only by the person who raised it or an admin or a supervisor of its department.",
        ),
        (
            "requester",
            Kind::Incident,
            Opened,
            example(Verb::Approve),
            "This ticket is Opened. It can be approved only while it is Resolved.",
        ),
        (
            "admin",
            Kind::Incident,
            Closed,
            example(Verb::Cancel),
            "This ticket is Closed. It can be cancelled only while it is New, Opened, In Progress or On Hold.",
        ),
        (
            "worker",
            Kind::Incident,
            InProgress,
            Action::Finish { comment: " ".to_owned() },
            "Please add a comment: what was done?",
        ),
        (
            "admin",
            Kind::Incident,
            New,
            Action::Assign { people: vec![], resolution_due_at: None, estimate: None },
            "Please name at least one support person to assign the ticket to.",
        ),
        (
            "admin",
            Kind::Incident,
            New,
            Action::SetSla { response_due_at: None, resolution_due_at: None },
            "Please give a response deadline, a resolution deadline, or both.",
        ),
        (
            "admin",
            Kind::Incident,
            New,
            Action::SetSla { response_due_at: Some(now), resolution_due_at: None },
            "A deadline must lie in the future, and within ten years.",
        ),
        (
            "requester",
            Kind::Incident,
            New,
            Action::Comment { comment: "x".repeat(20_001) },
            "That is 20001 characters; please use at most 20000.",
        ),
    ] {
        let refusal = apply(&ticket(kind, status), &called(who, kind), &action, now).expect_err(text);
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn a_hold_moves_the_deadline_by_its_length() {
    let worker = called("worker", Kind::Defect);
    let held = apply(&ticket(Kind::Defect, InProgress), &worker, &example(Verb::Hold), at(100)).expect("held").ticket;
    let resumed = apply(&held, &worker, &Action::Resume, at(700)).expect("resumed").ticket;
    assert_eq!(resumed.resolution_due_at, Some(at(1440 + 600)));
    assert_eq!((resumed.paused_at, resumed.paused_for), (None, TimeDelta::minutes(600)));
}

#[test]
fn a_deadline_set_during_a_hold_moves_only_by_the_rest_of_it() {
    let (worker, admin) = (called("worker", Kind::Incident), called("admin", Kind::Incident));
    let held = apply(&ticket(Kind::Incident, InProgress), &worker, &example(Verb::Hold), at(100)).expect("held").ticket;
    let action = Action::SetSla { response_due_at: None, resolution_due_at: Some(at(5_000)) };
    let set = apply(&held, &admin, &action, at(400)).expect("set").ticket;
    assert_eq!(set.resolution_clock().expect("a clock").due(at(400)), at(5_000));
    let resumed = apply(&set, &worker, &Action::Resume, at(450)).expect("resumed").ticket;
    assert_eq!((resumed.resolution_due_at, resumed.paused_for), (Some(at(5_050)), TimeDelta::minutes(350)));
}

#[test]
fn the_response_clock_stops_when_the_ticket_is_opened() {
    let admin = called("admin", Kind::Incident);
    let opened = apply(&ticket(Kind::Incident, New), &admin, &example(Verb::Assign), at(10)).expect("opened").ticket;
    let clock = opened.response_clock().expect("incidents have one");
    assert_eq!((clock.stopped_at, clock.is_breached(at(9_999))), (Some(at(10)), false));
}

#[test]
fn only_those_new_to_it_count_as_newly_assigned() {
    let admin = called("admin", Kind::Incident);
    let action = Action::Assign { people: vec![3, WORKER, 3], resolution_due_at: None, estimate: None };
    let done = apply(&ticket(Kind::Incident, Opened), &admin, &action, at(10)).expect("assigned");
    assert_eq!((done.ticket.assigned, done.newly_assigned), (vec![3, WORKER], vec![3]));
}

#[test]
fn silence_approves_floor_tickets_after_three_days_and_nothing_else() {
    let resolved = at(3);
    for (kind, status, hours, approves) in [
        (Kind::Defect, Resolved, 72, true),
        (Kind::Maintenance, Resolved, 100, true),
        (Kind::SopFailure, Resolved, 71, false),
        (Kind::Incident, Resolved, 100, false),
        (Kind::Defect, InProgress, 100, false),
        (Kind::Defect, Closed, 100, false),
    ] {
        let outcome = approve_by_silence(&ticket(kind, status), resolved + TimeDelta::hours(hours));
        assert_eq!(outcome.map(|done| done.ticket.status), approves.then_some(Closed), "{kind:?} {status:?} {hours}");
    }
}

proptest! {
    #[test]
    fn whatever_is_done_the_instants_agree_with_the_status(
        steps in proptest::collection::vec((0_usize..Verb::ALL.len(), 0_usize..4, 1_i64..500), 0..40),
    ) {
        let mut ticket = Ticket { assigned: vec![], ..ticket(Kind::Maintenance, New) };
        let mut now = at(0);
        let due_at = ticket.resolution_due_at.expect("maintenance has a deadline");
        for (verb, who, minutes) in steps {
            now += TimeDelta::minutes(minutes);
            let verb = Verb::ALL[verb];
            let who = called(["admin", "requester", "worker", "supervisor"][who], Kind::Maintenance);
            let Ok(done) = apply(&ticket, &who, &example(verb), now) else { continue };
            ticket = done.ticket;
            let status = ticket.status;
            prop_assert_eq!(ticket.paused_at.is_some(), status == OnHold);
            prop_assert_eq!(ticket.closed_at.is_some(), status.is_final());
            prop_assert_eq!(ticket.resolved_at.is_some(), matches!(status, Resolved | Closed));
            prop_assert!(ticket.opened_at.is_some() || matches!(status, New | Cancelled));
            prop_assert!(ticket.started_at.is_some() || matches!(status, New | Opened | Cancelled));
            prop_assert!(ticket.paused_for >= TimeDelta::zero() && ticket.resolution_due_at >= Some(due_at));
            prop_assert!(!status.is_final() || allowed_actions(&ticket, &called("admin", Kind::Maintenance)) == [Verb::Comment]);
        }
    }
}
