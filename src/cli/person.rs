//! `andon person`: register numbers, change who is registered, and see them.

use super::flows::told;
use super::migrated;
use super::out::say;
use crate::config::Settings;
use crate::kit::{E164, Error, Result};
use crate::people::store::{self, Changes, Known, NewPerson, Registered};
use crate::people::{Role, users};
use crate::wording::Wording;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register a WhatsApp number, so that its owner may use the chat.
    Add {
        /// The number in E.164 form: +, country code, number.
        #[arg(value_parser = number, allow_hyphen_values = true)]
        number: E164,
        /// What the person is here for.
        #[arg(long, ignore_case = true)]
        role: Role,
        /// Their name, as others will read it.
        #[arg(long)]
        name: Option<String>,
        /// Their department.
        #[arg(long)]
        department: Option<String>,
        /// Their language, `es`; without one it is that of their number's country or of their greeting.
        #[arg(long)]
        language: Option<String>,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Change the role, name, department or language of somebody registered.
    Set {
        /// The number they are registered with.
        #[arg(value_parser = number, allow_hyphen_values = true)]
        number: E164,
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// List the registered people.
    List {
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

/// What `person set` changes: at least one of the four.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Wanted {
    /// What the person is here for.
    #[arg(long, ignore_case = true)]
    role: Option<Role>,
    /// Their name, as others will read it.
    #[arg(long, value_parser = written)]
    name: Option<String>,
    /// Their department; an empty one takes it away.
    #[arg(long)]
    department: Option<String>,
    /// Their language, `es`.
    #[arg(long)]
    language: Option<String>,
}

/// A language that nobody speaks here is a mistake, told with those that there are.
fn known_language(settings: &Settings, wanted: Option<&str>) -> Result<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let wording = Wording::load(settings.wording_dir.as_deref()).map_err(|problems| told(&problems))?;
    let known = wording.languages();
    if known.contains(&wanted) {
        return Ok(());
    }
    Err(Error::setting(format!("{wanted} is no language here; there are {}.", known.join(", "))))
}

fn written(typed: &str) -> Result<String, &'static str> {
    let name = typed.trim();
    if name.is_empty() { Err("a name needs at least one letter") } else { Ok(name.to_owned()) }
}

pub(super) fn number(typed: &str) -> Result<E164, String> {
    E164::parse(typed.trim_start_matches("whatsapp:")).map_err(|wrong| wrong.to_string())
}

pub(super) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add { number, role, name, department, language, settings } => {
            known_language(&settings, language.as_deref())?;
            let db = migrated(&settings).await?;
            let fallback =
                store::registered(db.read()).await?.iter().filter(|known| known.role() == Some(role)).count();
            let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| format!("{} {}", title(role), fallback + 1));
            let person = NewPerson { name: name.clone(), role, department, language, whatsapp: number.clone() };
            let outcome = db.write_with(person, |tx, person| Box::pin(users::register(tx, person.clone()))).await?;
            if let Some(Registered::Already(known)) = outcome {
                return Err(Error::bad_request(format!(
                    "{number} is registered already: {}. To change that: andon person set {number} --role {}",
                    described(&known),
                    role.as_str()
                )));
            }
            say!("{number} is registered: {name}, {}. They can write `hi` now.", role.as_str());
            Ok(())
        }
        Command::Set { number, wanted, settings } => {
            let db = migrated(&settings).await?;
            let department = wanted.department.map(|department| department.trim().to_owned());
            known_language(&settings, wanted.language.as_deref())?;
            let changes = Changes { name: wanted.name, role: wanted.role, department, language: wanted.language };
            let whatsapp = number.clone();
            let outcome = db
                .write_with((whatsapp, changes), move |tx, (whatsapp, changes)| {
                    Box::pin(users::change_registered(tx, whatsapp, changes))
                })
                .await?;
            let known = outcome.ok_or_else(|| {
                let add = format!("Add somebody: andon person add {number} --role OPERATOR");
                Error::bad_request(format!("{number} is not registered. {add}"))
            })?;
            say!("{number} is now: {}.", described(&known));
            Ok(())
        }
        Command::List { settings } => {
            let db = migrated(&settings).await?;
            let people = store::registered(db.read()).await?;
            if people.is_empty() {
                say!("Nobody is registered yet. Add somebody: andon person add +… --role OPERATOR");
            }
            for known in people {
                let state = if known.is_active { "" } else { "  (deactivated)" };
                say!(
                    "{:<16} {:<11} {}{state}",
                    known.value,
                    known.role.unwrap_or_default(),
                    known.name.unwrap_or_default()
                );
            }
            Ok(())
        }
    }
}

/// `Line 3, OPERATOR, Assembly`.
fn described(known: &Known) -> String {
    let parts = [&known.name, &known.role, &known.department];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn title(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Support => "Support",
        Role::Client => "Client",
        Role::Operator => "Operator",
        Role::Supervisor => "Supervisor",
    }
}
