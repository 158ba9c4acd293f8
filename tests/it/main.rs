//! Journeys through the public door: one trial a fact and database, and at the end one line that says which
//! databases were there, and whether Redis, a browser, a mail server and npm's judges of pages were.

// Journeys are deep: each is a future within futures, all of which are laid out as one.
#![recursion_limit = "256"]

mod admin;
mod admission;
mod at_once;
mod attachments;
mod backups;
mod browsing;
mod contract;
mod conversations;
mod costs;
mod database;
mod deadlines;
mod deliveries;
mod desk_chat;
mod doubt;
mod enclosures;
mod events_api;
mod floods;
mod housekeeping;
mod imports;
mod inbox;
mod languages;
mod live;
mod media;
mod meta;
mod meta_costs;
mod notifications;
mod numbers;
mod odd_input;
mod order_notices;
mod outages;
mod pacing;
mod pages;
mod processes;
mod reach;
mod records;
mod records_api;
mod redelivery;
mod reminders;
mod sent_log;
mod signing_in;
mod slow_lines;
mod statements;
mod storage;
mod summaries;
mod support;
mod taps;
mod ticket_changes;
mod ticket_lists;
mod tickets;
mod users;
mod watching;
mod webhooks;
mod webhooks_out;
mod who_may;
mod with_redis;
mod word_for_word;

use libtest_mimic::{Arguments, Trial};
use std::future::Future;
use std::process::ExitCode;
use support::databases::Backend;
use support::surroundings::{Helper, Surroundings};
use support::transcript::{self, By};
use support::{browser, databases, surroundings};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two servers' worth of work at a time: the machine may be as small as a plant's.
    arguments.test_threads.get_or_insert(4);
    support::statements::notice_all();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let around = runtime.block_on(Surroundings::probe());
    if let Some(lack) = around.lack() {
        eprintln!("{lack}");
        return ExitCode::FAILURE;
    }
    let backends = around.backends();
    let mut trials = Vec::new();
    // The longest first: nobody waits for one at the end.
    if around.has(Helper::Browser) {
        trials.extend(browser::trials());
        trials.extend(browsing::trials());
        trials.extend(pages::walked::trials());
        trials.extend(pages::bom_walked::trials());
        trials.extend(pages::inbox_walked::trials());
        trials.extend(pages::prompt::trials());
        trials.extend(pages::floor_walked::trials());
        trials.extend(pages::walls_walked::trials());
        trials.extend(pages::looked::trials());
    }
    if around.has(Helper::Npm) {
        trials.extend(pages::looked::judged());
    }
    trials.extend(databases::trials(&backends));
    trials.extend(surroundings::trials());
    trials.extend(backups::trials());
    trials.extend(contract::trials());
    let mut facts = every_fact();
    if around.has(Helper::Redis) {
        facts.extend(every_fact_with_redis());
    }
    if around.has(Helper::MailServer) {
        facts.extend(word_for_word::facts());
    }
    for backend in backends {
        trials.extend(facts.iter().map(|(name, fact)| trial(backend, name, *fact)));
        trials.extend(statements::trials(backend));
        for (path, by) in transcript::files().into_iter().flat_map(|path| By::ALL.map(|by| (path.clone(), by))) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("transcript::{stem}::{}::{}", by.key(), backend.key());
            trials.push(Trial::test(name, move || Ok(block_on(transcript::play(backend, &path, by))?)));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime.block_on(support::migrated::drop_originals());
    if !arguments.list {
        println!("{}", around.summary());
    }
    let _never_made = std::fs::remove_dir_all(support::app::data_dir());
    conclusion.exit_code()
}

/// Every fact.
fn every_fact() -> Vec<Fact> {
    [
        webhooks::facts(),
        webhooks_out::facts(),
        webhooks_out::calls::facts(),
        conversations::facts(),
        taps::facts(),
        deliveries::facts(),
        doubt::facts(),
        pacing::facts(),
        pages::counted::facts(),
        pages::door::facts(),
        pages::factor::facts(),
        pages::floor::facts(),
        pages::floor_files::facts(),
        pages::floor_boms::facts(),
        pages::floor_calendar::facts(),
        pages::floor_sops::facts(),
        pages::forged::facts(),
        pages::frame::facts(),
        pages::harmless::facts(),
        pages::labels::facts(),
        pages::walls::facts(),
        pages::lists::facts(),
        pages::hooks::facts(),
        pages::inbox::facts(),
        pages::inbox_beside::facts(),
        pages::inbox_foes::facts(),
        pages::log::facts(),
        pages::meanwhile::facts(),
        pages::mended::facts(),
        pages::messages::facts(),
        pages::own::facts(),
        pages::people::facts(),
        pages::plotted::facts(),
        pages::reports::facts(),
        pages::rules::facts(),
        pages::seen_by::facts(),
        pages::settings::facts(),
        pages::ticket::facts(),
        pages::undone::facts(),
        processes::facts(),
        watching::facts(),
        floods::facts(),
        housekeeping::facts(),
        notifications::facts(),
        media::facts(),
        meta::facts(),
        reach::facts(),
        order_notices::facts(),
        deadlines::facts(),
        inbox::facts(),
        sent_log::facts(),
        costs::facts(),
        meta_costs::facts(),
        redelivery::facts(),
        languages::facts(),
        live::facts(),
        live::changes::facts(),
        admin::facts(),
        outages::facts(),
        database::facts(),
        records::facts(),
        imports::facts(),
        records_api::facts(),
        reminders::facts(),
        events_api::facts(),
        attachments::facts(),
        enclosures::facts(),
        slow_lines::facts(),
        storage::facts(),
        summaries::facts(),
        tickets::facts(),
        ticket_lists::facts(),
        ticket_changes::facts(),
        desk_chat::facts(),
        who_may::facts(),
        odd_input::facts(),
        signing_in::facts(),
        users::facts(),
        numbers::facts(),
        admission::facts(),
        at_once::facts(),
    ]
    .concat()
}

/// Those that need Redis.
fn every_fact_with_redis() -> Vec<Fact> {
    [with_redis::facts(), live::facts_with_redis(), live::changes::facts_with_redis()].concat()
}

/// A fact that holds on every database.
pub(crate) type Fact = (&'static str, fn(Backend) -> futures_util::future::LocalBoxFuture<'static, ()>);

fn trial(
    backend: Backend,
    name: &str,
    fact: fn(Backend) -> futures_util::future::LocalBoxFuture<'static, ()>,
) -> Trial {
    Trial::test(format!("{name}::{}", backend.key()), move || {
        block_on(fact(backend));
        Ok(())
    })
}

/// Runs one test on threads of its own, bounded in time.
pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(std::time::Duration::from_mins(5), test).await.expect("a test ends within five minutes")
    })
}

/// Lists facts with their names: `facts![module: a, b]`.
macro_rules! facts {
    ($module:literal: $($fact:ident),+ $(,)?) => {
        pub(crate) fn facts() -> Vec<crate::Fact> {
            vec![$((concat!($module, "::", stringify!($fact)), |backend| Box::pin($fact(backend)))),+]
        }
    };
}
pub(crate) use facts;
