//! What a test run has around it: the databases, Redis, a browser, a mail server, and what npm has for judging pages.
//!
//! A run goes on without what is not there and [`Surroundings::summary`] says why, unless `ANDON_TEST_REQUIRE` names it.

use super::databases::{self, Backend, Found, environment};
use super::{browser, mail_server, npm, redis};
use libtest_mimic::Trial;

/// What is there beside the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    Redis,
    Browser,
    MailServer,
    Npm,
}

impl Helper {
    const ALL: [Self; 4] = [Self::Redis, Self::Browser, Self::MailServer, Self::Npm];

    /// The name in `ANDON_TEST_REQUIRE`.
    fn key(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Browser => "browser",
            Self::MailServer => "smtp",
            Self::Npm => "npm",
        }
    }

    /// What it is, and which one it is when it is there.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Redis => ("Redis", "there"),
            Self::Browser => ("Browser", "Chromium"),
            Self::MailServer => ("Mail server", "aiosmtpd"),
            Self::Npm => ("Judges of pages", "axe-core and html-validate"),
        }
    }
}

/// What a run may be told to insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Required {
    Database(Backend),
    Helper(Helper),
}

/// What a run found; for what is not there, the reason in a few words.
pub(crate) struct Surroundings {
    databases: Vec<Found>,
    helpers: Vec<(Helper, Result<(), String>)>,
}

impl Surroundings {
    /// Looks what is there.
    pub(crate) async fn probe() -> Self {
        let helpers = vec![
            (Helper::Redis, redis::available().await),
            (Helper::Browser, browser::available()),
            (Helper::MailServer, mail_server::available()),
            (Helper::Npm, npm::available()),
        ];
        Self { databases: databases::probe().await, helpers }
    }

    /// The databases that are there.
    pub(crate) fn backends(&self) -> Vec<Backend> {
        self.databases.iter().filter(|(_, answer)| answer.is_ok()).map(|(backend, _)| *backend).collect()
    }

    /// Whether this is there.
    pub(crate) fn has(&self, helper: Helper) -> bool {
        self.helpers.iter().any(|(other, answer)| *other == helper && answer.is_ok())
    }

    /// Everything that `ANDON_TEST_REQUIRE` insists on and that is missing, or a word there that names nothing, in one
    /// line.
    pub(crate) fn lack(&self) -> Option<String> {
        parse_required(&environment("ANDON_TEST_REQUIRE").unwrap_or_default())
            .map_or_else(Some, |required| self.missing(&required))
    }

    fn missing(&self, required: &[Required]) -> Option<String> {
        let reasons: Vec<String> = required
            .iter()
            .filter_map(|required| match required {
                Required::Helper(helper) => {
                    let (_, answer) = self.helpers.iter().find(|(other, _)| other == helper)?;
                    answer.as_ref().err().map(|reason| format!("{} ({reason})", helper.names().0))
                }
                Required::Database(backend) => {
                    let (_, answer) = self.databases.iter().find(|(other, _)| other == backend)?;
                    answer.as_ref().err().map(|reason| format!("{backend} ({reason})"))
                }
            })
            .collect();
        (!reasons.is_empty()).then(|| format!("ANDON_TEST_REQUIRE asks for what is not here: {}.", reasons.join(", ")))
    }

    /// One line that says what the run had and what it did not.
    pub(crate) fn summary(&self) -> String {
        let names: Vec<String> = self.backends().iter().map(Backend::to_string).collect();
        let mut line = format!("Databases: ran on {}", names.join(", "));
        let absent: Vec<String> = self
            .databases
            .iter()
            .filter_map(|(backend, answer)| answer.as_ref().err().map(|reason| format!("{backend} ({reason})")))
            .collect();
        if !absent.is_empty() {
            line.push_str("; not on ");
            line.push_str(&absent.join(", nor on "));
        }
        line.push('.');
        let helpers = self.helpers.iter().map(|(helper, answer)| {
            let (what, which) = helper.names();
            match answer {
                Ok(()) => format!(" {what}: {which}."),
                Err(reason) => format!(" {what}: none ({reason})."),
            }
        });
        line.extend(helpers);
        line
    }
}

/// What this file promises, as trials of the `it` binary.
pub(crate) fn trials() -> Vec<Trial> {
    let facts: [(&str, fn()); 3] = [
        ("the_summary_names_what_ran_and_what_did_not", the_summary_names_what_ran_and_what_did_not),
        ("what_is_required_and_absent_is_named", what_is_required_and_absent_is_named),
        ("a_misspelt_requirement_is_refused", a_misspelt_requirement_is_refused),
    ];
    let trial = |(name, fact): (&str, fn())| {
        Trial::test(format!("support::{name}"), move || {
            fact();
            Ok(())
        })
    };
    facts.into_iter().map(trial).collect()
}

fn parse_required(words: &str) -> Result<Vec<Required>, String> {
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    let database = |word: &str| Backend::ALL.into_iter().find(|backend| backend.key() == word).map(Required::Database);
    let helper = |word: &str| Helper::ALL.into_iter().find(|helper| helper.key() == word).map(Required::Helper);
    words
        .map(|word| {
            database(word).or_else(|| helper(word)).ok_or_else(|| {
                let known = Backend::ALL.map(Backend::key).into_iter().chain(Helper::ALL.map(Helper::key));
                let known: Vec<&str> = known.collect();
                format!("ANDON_TEST_REQUIRE: \"{word}\" is none of {}.", known.join(", "))
            })
        })
        .collect()
}

fn example(postgres: Result<(), &str>, mariadb: Result<(), &str>, helpers: [Result<(), &str>; 4]) -> Surroundings {
    let owned = |answer: Result<(), &str>| answer.map_err(str::to_owned);
    let databases = Backend::ALL.into_iter().zip([Ok(()), owned(postgres), owned(mariadb)]).collect();
    Surroundings { databases, helpers: Helper::ALL.into_iter().zip(helpers.map(owned)).collect() }
}

fn the_summary_names_what_ran_and_what_did_not() {
    let refused = "no server at 127.0.0.1:3306: connection refused";
    assert_eq!(
        example(Ok(()), Err(refused), [Ok(()); 4]).summary(),
        "Databases: ran on SQLite, PostgreSQL; not on MariaDB (no server at 127.0.0.1:3306: connection refused). \
         Redis: there. Browser: Chromium. Mail server: aiosmtpd. Judges of pages: axe-core and html-validate."
    );
    assert_eq!(
        example(Err("x"), Err("y"), [Err("r"), Err("z"), Err("m"), Err("n")]).summary(),
        "Databases: ran on SQLite; not on PostgreSQL (x), nor on MariaDB (y). Redis: none (r). Browser: none (z). \
         Mail server: none (m). Judges of pages: none (n)."
    );
}

fn what_is_required_and_absent_is_named() {
    let here = example(Err("x"), Ok(()), [Err("r"), Err("z"), Err("m"), Err("n")]);
    let wanted = parse_required("sqlite, postgres,redis,browser,smtp,npm").expect("all six are known");
    assert_eq!(
        here.missing(&wanted).as_deref(),
        Some(
            "ANDON_TEST_REQUIRE asks for what is not here: PostgreSQL (x), Redis (r), Browser (z), Mail server (m), \
             Judges of pages (n)."
        )
    );
    assert_eq!(here.missing(&[Required::Database(Backend::Sqlite)]), None);
    assert_eq!(parse_required(""), Ok(vec![]));
}

fn a_misspelt_requirement_is_refused() {
    assert!(parse_required("sqlite,postgers").is_err_and(|says| says.contains("postgers")));
}
