//! The names of settings: which there are, which one was probably meant, and the table of them all.
//!
//! The clap command is the only list; everything here is read from it.

use crate::config::Settings;
use clap::{Arg, Args as _, Command};
use std::fmt::Write as _;

/// Variables that begin like this are ours to answer for.
const OUR_PREFIXES: [&str; 3] = ["ANDON_", "TWILIO_", "WHATSAPP_"];
/// How much like a known name a name must be whose beginning is only nearly ours.
const MIN_LIKENESS: f64 = 0.75;
/// Variables of the test suite, which run time settings know nothing about.
const TEST_PREFIX: &str = "ANDON_TEST_";

/// The names of all settings, those of secret files (`…_FILE`) and second names among them.
pub fn known_names() -> Vec<String> {
    command().get_arguments().filter_map(name_of).collect()
}

/// A sentence for each of `names` that begins like a setting of ours and is none, with the nearest known name. A
/// slip in the beginning itself (`TWILLIO_AUTH_TOKEN`) counts where the rest is like a setting too.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = known_names();
    let is_ours = |name: &String| {
        let upper = name.to_ascii_uppercase();
        let begins_like_ours = OUR_PREFIXES.iter().any(|prefix| upper.starts_with(prefix));
        (begins_like_ours && !upper.starts_with(TEST_PREFIX)) || has_a_slip_in_its_prefix(&upper, &known)
    };
    let mut unknown: Vec<String> = names.filter(is_ours).filter(|name| !known.contains(name)).collect();
    unknown.sort();
    let tell = |name: &String| match nearest(name, known.iter().map(String::as_str)) {
        Some((near, _)) => format!("{name} is no setting of Andon and is ignored; the nearest known name is {near}."),
        None => format!("{name} is no setting of Andon and is ignored."),
    };
    unknown.iter().map(tell).collect()
}

/// Whether one slip of the finger makes one of our prefixes of the first word, and a known name of the whole.
fn has_a_slip_in_its_prefix(name: &str, known: &[String]) -> bool {
    let Some((first, rest)) = name.split_once('_') else { return false };
    OUR_PREFIXES.iter().any(|prefix| {
        strsim::damerau_levenshtein(first, prefix.trim_end_matches('_')) == 1
            && nearest(&format!("{prefix}{rest}"), known.iter().map(String::as_str))
                .is_some_and(|(_, likeness)| likeness >= MIN_LIKENESS)
    })
}

/// All settings as a Markdown table (variable, flag, default, what), one bold row above each group.
pub fn settings_table() -> String {
    let mut table = String::from("| Variable | Flag | Default | What |\n|---|---|---|---|\n");
    let mut group = None;
    for arg in command().get_arguments().filter(|arg| !arg.is_hide_set()) {
        let (Some(name), Some(flag)) = (name_of(arg), arg.get_long()) else { continue };
        if group.as_deref() != arg.get_help_heading() {
            group = arg.get_help_heading().map(str::to_owned);
            let _ = writeln!(table, "| **{}** | | | |", group.as_deref().unwrap_or_default());
        }
        let default = default_of(arg).map(|value| format!("`{value}`")).unwrap_or_default();
        let what = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
        let _ = writeln!(table, "| `{name}` | `--{flag}` | {default} | {what} |");
    }
    table
}

/// The flag, without its dashes, of the setting with this name.
pub(super) fn flag_of(name: &str) -> Option<String> {
    let is_it = |arg: &&Arg| name_of(arg).as_deref() == Some(name);
    command().get_arguments().find(is_it).and_then(Arg::get_long).map(str::to_owned)
}

/// The candidate most like `typed`, case aside, and how like it is (0 to 1).
pub(super) fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<(&'a str, f64)> {
    let typed = typed.to_lowercase();
    candidates.map(|known| (known, likeness(&typed, &known.to_lowercase()))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Two measures together: edits catch slips of the finger, shared pairs of letters catch missing words.
fn likeness(left: &str, right: &str) -> f64 {
    f64::midpoint(strsim::normalized_damerau_levenshtein(left, right), strsim::sorensen_dice(left, right))
}

fn command() -> Command {
    Settings::augment_args(Command::new("andon"))
}

fn name_of(arg: &Arg) -> Option<String> {
    arg.get_env().map(|name| name.to_string_lossy().into_owned())
}

fn default_of(arg: &Arg) -> Option<String> {
    arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        for (typed, near) in [
            ("ANDON_BNID", "ANDON_BIND"),
            ("andon_bind", "ANDON_BIND"),
            ("ANDON_TIME_ZONE", "ANDON_TIMEZONE"),
            ("TWILIO_SID", "TWILIO_ACCOUNT_SID"),
            ("TWILIO_TOKEN", "TWILIO_AUTH_TOKEN"),
            ("TWILIO_NUMBER", "TWILIO_SMS_NUMBER"),
            ("TWILIO_SERVICE_SID", "TWILIO_MESSAGING_SERVICE_SID"),
            ("WHATSAPP_NUMBER", "TWILIO_WHATSAPP_NUMBER"),
            ("WHATSAPP_TIMEOUT", "WHATSAPP_SESSION_TIMEOUT"),
            ("TWILLIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
            ("TWLIIO_ACCOUNT_SID", "TWILIO_ACCOUNT_SID"),
            ("twillio_acount_sid", "TWILIO_ACCOUNT_SID"),
            ("ADNON_BIND", "ANDON_BIND"),
            ("ANDO_DATA_DIR", "ANDON_DATA_DIR"),
            ("WHATSAP_WEBHOOK_URL", "WHATSAPP_WEBHOOK_URL"),
        ] {
            let told = unknown_variables([typed.to_owned()].into_iter());
            assert_eq!(told.len(), 1, "{typed}");
            assert!(told[0].ends_with(&format!("the nearest known name is {near}.")), "{told:?}");
        }
    }

    #[test]
    fn known_names_and_names_of_others_are_no_mistake() {
        let names = ["ANDON_BIND", "TWILIO_AUTH_TOKEN_FILE", "TWILIO_WHATSAPP_FROM", "PATH", "ANDON_TEST_POSTGRES"];
        assert_eq!(unknown_variables(names.into_iter().map(str::to_owned)), Vec::<String>::new());
        let of_others = [
            "HOME",
            "PATH",
            "LANG",
            "LC_ALL",
            "TERM",
            "SHELL",
            "USER",
            "PWD",
            "_",
            "",
            "TMPDIR",
            "EDITOR",
            "MAIL",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_PKG_NAME",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "XDG_DATA_DIRS",
            "SSH_AUTH_SOCK",
            "ANDROID_HOME",
            "ANDROID_SDK_ROOT",
            "ANSIBLE_CONFIG",
            "ANON_ID",
            "LANDON_NAME",
            "HTTP_PROXY",
            "NO_PROXY",
            "POSTGRES_PASSWORD",
            "AUTH_TOKEN",
            "LOG_FORMAT",
            "BIND",
        ];
        assert_eq!(unknown_variables(of_others.into_iter().map(str::to_owned)), Vec::<String>::new());
    }
}
