//! Decision 4's bound: statements ≤ a + b × rounds × kinds of action, whatever the number of messages.
//!
//! What a set costs is fixed by what is in it, not by how much: 8 messages of all kinds and 256 cost the same. Only
//! past the databases' own limits is a set cut (`db::MAX_BOUND_VALUES` values a statement, 200 mistyped keys).

mod costs;
mod desk;
mod due;
mod floor;
mod hooks;
mod pages;

use crate::support::app::{TestApp, number};
use crate::support::databases::Backend;
use crate::support::statements::Statements;
use andon::boms::{self, Component, NewBom};
use andon::channels::{Accepted, Inbound, Medium, Receipt, Retry, SendError, Signal, Status};
use andon::chat::inbound::Taken;
use andon::delivery::model::Lane;
use andon::delivery::pace::Turn;
use andon::delivery::store::{self, Came, Carrier, Lease, Leased, Outcome};
use andon::machines::{self, NewMachine};
use andon::orders::{self, NewOrder};
use futures_util::future::LocalBoxFuture;
use libtest_mimic::Trial;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt as _;

/// How many people write at once.
const SIZES: [usize; 4] = [1, 8, 64, 256];
/// The largest of them.
const MOST: usize = 256;
/// `a`: what a set of messages costs whatever it says.
const A_SET: usize = 16;
/// `b`: what a round adds for each kind of action.
const A_KIND: usize = 12;
/// What it adds that some have failed: a window is shut, and another medium thought of.
const A_FAILURE: usize = 3;
/// Forms that do something when they are finished.
const KINDS: usize = 3;
/// Ends that an attempt, and news that a message, can have.
const ENDS: usize = 5;

type Fact = (&'static str, fn(Backend, Statements) -> LocalBoxFuture<'static, ()>);

const FACTS: [Fact; 3] = [
    ("statements::a_set_of_messages_costs_the_same_for_8_and_for_256", |backend, statements| {
        Box::pin(messages(backend, statements))
    }),
    ("statements::a_second_round_costs_as_much_again_at_most", |backend, statements| {
        Box::pin(two_rounds(backend, statements))
    }),
    ("statements::leases_outcomes_and_receipts_cost_the_same_for_8_and_for_256", |backend, statements| {
        Box::pin(deliveries(backend, statements))
    }),
];

/// Each fact on a thread of its own, where nobody else's statements are counted and a set is whole: what is handed in
/// together waits together.
pub(crate) fn trials(backend: Backend) -> impl Iterator<Item = Trial> {
    let more = [&desk::FACTS[..], &due::FACTS, &hooks::FACTS, &costs::FACTS, &pages::FACTS, &floor::FACTS].concat();
    FACTS.into_iter().chain(more).map(move |(name, fact)| {
        Trial::test(format!("{name}::{}", backend.key()), move || {
            let statements = Statements::default();
            let subscriber = tracing_subscriber::registry().with(statements.clone());
            let _counting = tracing::subscriber::set_default(subscriber);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let fact = async { tokio::time::timeout(Duration::from_mins(2), fact(backend, statements)).await };
            Ok(runtime.block_on(fact)?)
        })
    })
}

/// A plant that everybody may write to, with an order, a machine and a BOM for each.
async fn plant(backend: Backend) -> TestApp {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    let stocked = app.server.app.db.write(|tx| {
        Box::pin(async move {
            let today = tx.now().date_naive();
            let all = || 0..MOST;
            let orders = all().map(|nth| NewOrder {
                number: order(nth),
                customer: "A customer".to_owned(),
                product: "A product".to_owned(),
                quantity_ordered: 1,
                quantity_completed: 0,
                quantity_rejected: 0,
                starts_on: today,
                due_on: today,
                status: orders::model::Status::Pending,
            });
            let machines = all().map(|nth| NewMachine {
                number: machine(nth),
                name: "A press".to_owned(),
                location: "Hall 1".to_owned(),
                department: "Forming".to_owned(),
                spot: None,
            });
            let part = |number: &str| Component {
                number: number.to_owned(),
                name: "A part".to_owned(),
                quantity: 1_000_000,
                unit_cost: 1_000_000,
            };
            let boms = all().map(|nth| NewBom {
                number: bom(nth),
                product: "A product".to_owned(),
                components: vec![part("BRG-6"), part("SEAL-12")],
            });
            orders::add(tx, &orders.collect::<Vec<_>>()).await?;
            machines::add(tx, &machines.collect::<Vec<_>>()).await?;
            boms::add(tx, &boms.collect::<Vec<_>>()).await
        })
    });
    assert_eq!(stocked.await.expect("the records load"), MOST);
    app
}

fn order(nth: usize) -> String {
    format!("ORD-{}", 50_000 + nth)
}

fn machine(nth: usize) -> String {
    format!("MACH-{}", 50_000 + nth)
}

fn bom(nth: usize) -> String {
    format!("BOM-{}", 50_000 + nth)
}

/// What the n-th person writes to fill a form in, one text a set. All are done with the last.
fn form(nth: usize) -> [String; 5] {
    match nth % KINDS {
        0 => ["1".to_owned(), order(nth), "1".to_owned(), "3".to_owned(), "Scratched".to_owned()],
        1 => ["hi".to_owned(), "3".to_owned(), machine(nth), "1".to_owned(), "3".to_owned()],
        _ => ["6".to_owned(), bom(nth), "1".to_owned(), "quantity 5".to_owned(), "Worn out".to_owned()],
    }
}

/// What the n-th person writes that fills no form in: records shown, a mistyped one, words that hold everywhere.
fn aside(nth: usize) -> String {
    match nth % 8 {
        0 => order(nth),
        1 => "MAINT-555".to_owned(),
        2 => "SOP-999".to_owned(),
        3 => format!("ORD-{}", 70_000 + nth),
        4 => "stop".to_owned(),
        5 => "start".to_owned(),
        6 => "help".to_owned(),
        _ => "what is this?".to_owned(),
    }
}

/// One message from the n-th of so many people.
fn message(size: usize, nth: usize, text: String) -> Inbound {
    let from = 900_000 + SIZES.iter().take_while(|smaller| **smaller < size).sum::<usize>() + nth;
    Inbound {
        channel: "twilio",
        provider_id: format!("SM{}", andon::kit::token::fresh()),
        medium: Medium::Whatsapp,
        from: number(&format!("+447700{from}")).into(),
        to: None,
        text,
        kind: "text".to_owned(),
        media: Vec::new(),
        tapped: None,
        reply_to: None,
        profile_name: Some(format!("Person {nth}")),
        user_id: None,
        place: None,
        sent_at: None,
    }
}

/// Takes messages in as one set and counts its statements.
async fn take(app: &TestApp, statements: &Statements, messages: Vec<Inbound>) -> usize {
    let (count, taken) = statements.of(app.server.door.take_messages(messages)).await;
    assert!(taken.iter().all(|taken| matches!(taken, Ok(Taken::New))), "every message is new");
    count
}

/// What each size cost, which must be the same but for the first: one message is of one kind alone.
fn are_level(what: &str, costs: &[usize], bound: usize) {
    assert!(costs.iter().all(|cost| (1..=bound).contains(cost)), "{what}: {costs:?}, and {bound} at most");
    assert!(costs[1..].iter().all(|cost| *cost == costs[1]), "{what}: {costs:?} statements, the smallest set first");
}

async fn messages(backend: Backend, statements: Statements) {
    let app = plant(backend).await;
    let mut costs = vec![Vec::new(); 7];
    for size in SIZES {
        let everybody = |text: &dyn Fn(usize) -> String| -> Vec<Inbound> {
            (0..size).map(|nth| message(size, nth, text(nth))).collect()
        };
        costs[0].push(take(&app, &statements, everybody(&|_| "hi".to_owned())).await);
        for step in 0..5 {
            costs[1 + step].push(take(&app, &statements, everybody(&|nth| form(nth)[step].clone())).await);
        }
        costs[6].push(take(&app, &statements, everybody(&aside)).await);
    }
    let reported = SIZES.iter().sum::<usize>() - SIZES.len();
    assert!(app.count("tickets").await + app.count("bom_revisions").await > reported as i64, "the forms were finished");
    for (step, costs) in costs.iter().enumerate() {
        are_level(&format!("step {step} on {backend}"), costs, A_SET + A_KIND * KINDS);
    }
    app.end().await;
}

async fn two_rounds(backend: Backend, statements: Statements) {
    let app = plant(backend).await;
    let mut costs = Vec::new();
    for people in [1, 8, 64, MOST / 2] {
        for step in 0..4 {
            take(&app, &statements, (0..people).map(|nth| message(people, nth, form(nth)[step].clone())).collect())
                .await;
        }
        // Half of them finish their form in the first round, the others, who ask for help first, in the second.
        let both = (0..people).flat_map(|nth| {
            let [.., last] = form(nth);
            let texts =
                if (nth / KINDS).is_multiple_of(2) { [last, "hi".to_owned()] } else { ["help".to_owned(), last] };
            texts.map(|text| message(people, nth, text))
        });
        costs.push(take(&app, &statements, both.collect()).await);
    }
    are_level(&format!("two rounds on {backend}"), &costs, A_SET + A_KIND * 2 * KINDS);
    app.end().await;
}

async fn deliveries(backend: Backend, statements: Statements) {
    let app = plant(backend).await;
    let db = &app.server.app.db;
    let mut costs = [const { Vec::new() }; 3];
    for size in SIZES {
        let hellos = (0..size).map(|nth| message(size, nth, "hi".to_owned())).collect();
        take(&app, &statements, hellos).await;
        let twilio = app.server.app.channel("twilio").expect("it is listed").clone();
        let leasing = db.write(move |tx| {
            let lease = Lease { process: "this one".to_owned(), round: size as i64 };
            let carriers = [Carrier { channel: twilio.clone(), sender: None, out_until: None }];
            let way = (Medium::Whatsapp, Lane::Replies);
            Box::pin(async move { store::lease(tx, &lease, way, &carriers, &Turn::free(size)).await })
        });
        let (cost, leased) = statements.of(leasing).await;
        let leased = leased.expect("a lease").leased;
        assert_eq!(leased.len(), size);
        costs[0].push(cost);

        let ended: Vec<Outcome> = leased.iter().enumerate().map(|(nth, leased)| outcome(&app, nth, leased)).collect();
        let settle = db.write(move |tx| {
            let ended = ended.clone();
            Box::pin(async move { store::settle(tx, &ended, |_| unreachable!("nobody was asked")).await })
        });
        let (cost, settled) = statements.of(settle).await;
        settled.expect("the outcomes are recorded");
        costs[1].push(cost);

        let news = leased.iter().enumerate().map(|(nth, leased)| Signal::Receipt(receipt(nth, leased)));
        let (cost, taken) = statements.of(app.server.door.take(news.collect())).await;
        taken.expect("the receipts are taken in");
        costs[2].push(cost);
    }
    are_level(&format!("leases on {backend}"), &costs[0], A_SET);
    are_level(&format!("outcomes on {backend}"), &costs[1], A_SET + 2 * ENDS);
    are_level(&format!("receipts on {backend}"), &costs[2], A_SET + 2 * ENDS + A_FAILURE);
    app.end().await;
}

/// Every end that an attempt can have.
fn outcome(app: &TestApp, nth: usize, leased: &Leased) -> Outcome {
    let refused = |code: i32, retry: Retry| SendError {
        name: "refused",
        code: Some(code),
        retry,
        in_doubt: code == 20500,
        is_outage: code == 20500,
        advice: format!("What to do about {code}."),
    };
    let answer = match nth % ENDS {
        0 => Ok(Accepted { provider_id: provider_id(leased), status: Status::Queued }),
        1 => Err(refused(21211, Retry::Never)),
        2 => Err(refused(63016, Retry::Never)),
        3 => Err(refused(20500, Retry::Later(None))),
        _ => Err(refused(20003, Retry::StopChannel)),
    };
    let came = Came::Sent(answer);
    Outcome {
        leased: leased.clone(),
        channel: "twilio",
        started_at: app.clock.now(),
        came,
        is_opt_out: false,
        is_billed: true,
        shut: None,
        goes_elsewhere: false,
        chance: 0.5,
    }
}

/// Every piece of news there is of a message, found by its token or by the provider's id.
fn receipt(nth: usize, leased: &Leased) -> Receipt {
    let (status, error_code) = match nth % ENDS {
        0 => (Status::Sent, None),
        1 => (Status::Delivered, None),
        2 => (Status::Read, None),
        3 => (Status::Failed, Some(63016)),
        _ => (Status::Failed, Some(30008)),
    };
    Receipt {
        channel: "twilio",
        provider_id: provider_id(leased),
        token: (error_code.is_some() || status != Status::Sent).then(|| leased.token.clone()),
        from: None,
        status,
        error_code,
        error_text: None,
        category: None,
    }
}

fn provider_id(leased: &Leased) -> String {
    format!("SM{}", leased.token)
}
