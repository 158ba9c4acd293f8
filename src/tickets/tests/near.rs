//! What a ticket breaks next and since when that is near say what its clocks say, at every moment.

use super::*;
use crate::sla::policy::Policies;
use crate::sla::{Clock, State};
use proptest::prelude::*;

fn at(minutes: i64) -> Instant {
    let start: Instant = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
    start + TimeDelta::minutes(minutes)
}

proptest! {
    #[test]
    fn what_is_overdue_and_due_soon_is_what_its_clocks_say(
        status in 0..Status::ALL.len(),
        response in proptest::option::of(-50_i64..200),
        resolution in proptest::option::of(-50_i64..400),
        (opened, paused, ended, paused_for) in (0_i64..100, 0_i64..300, 0_i64..300, 0_i64..50),
        (wound, later) in (0_i64..300, 0_i64..300),
    ) {
        let status = Status::ALL[status];
        let paused = paused.min(wound); // nothing is put on hold in the future
        let is_new = status == Status::New;
        let row = row::Model {
            status,
            response_due_at: response.map(at),
            resolution_due_at: resolution.map(at),
            opened_at: (!is_new && status != Status::Cancelled).then(|| at(opened)),
            paused_at: (status == Status::OnHold).then(|| at(paused)),
            paused_micros: if is_new { 0 } else { paused_for * 60_000_000 },
            resolved_at: matches!(status, Status::Resolved | Status::Closed).then(|| at(ended)),
            closed_at: status.is_final().then(|| at(ended)),
            ..made(at(0), &Policies::default(), new(Kind::Incident, 1), "INC-1")
        };
        let row = row.wound(None, at(wound));
        let now = at(wound + later);
        let ticket = row.ticket(Vec::new());
        let open = [ticket.response_clock(), ticket.resolution_clock()].into_iter().flatten();
        let open: Vec<Clock> =
            open.filter(|clock| status.is_to_be_done() && clock.stopped_at.is_none()).collect();
        let is_overdue = open.iter().any(|clock| clock.state(now) == State::Breached);
        let is_near = open.iter().any(|clock| clock.state(now) == State::Warning);
        prop_assert_eq!(row.next_due_at.is_some_and(|due| due < now), is_overdue);
        let is_due_soon = row.soon_at.is_some_and(|soon| soon <= now) && row.next_due_at.is_some_and(|due| due >= now);
        prop_assert_eq!(is_due_soon, is_near && !is_overdue);
    }
}
