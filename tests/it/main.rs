//! Integration trials: one a fact and backend, and at the end one line that says which backends were there.

mod support;

use libtest_mimic::Arguments;
use std::process::ExitCode;
use support::{browser, databases};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let found = runtime.block_on(databases::probe());
    let chromium = browser::available();
    let lacking = databases::required().map_or_else(Some, |wanted| databases::missing(&wanted, &found, &chromium));
    if let Some(lacking) = lacking {
        eprintln!("{lacking}");
        return ExitCode::FAILURE;
    }
    let mut trials = databases::trials(&found);
    trials.extend(browser::trials(&chromium));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        println!("{}", databases::summary_line(&found, &chromium));
    }
    conclusion.exit_code()
}
