//! `andon person`: register numbers and see who is registered.

use super::migrated;
use crate::config::Settings;
use crate::kit::{E164, Error, Result};
use crate::people::Role;
use crate::people::store::{self, NewPerson, Registered};
use clap::Subcommand;

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
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// List the registered people.
    List {
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

fn number(typed: &str) -> Result<E164, String> {
    E164::parse(typed.trim_start_matches("whatsapp:")).map_err(|wrong| wrong.to_string())
}

pub(super) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add { number, role, name, department, settings } => {
            let db = migrated(&settings).await?;
            let fallback =
                store::registered(db.read()).await?.iter().filter(|known| known.role() == Some(role)).count();
            let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| format!("{} {}", title(role), fallback + 1));
            let person = NewPerson { name: name.clone(), role, department, whatsapp: number.clone() };
            let outcome = db
                .write(move |tx| {
                    let person = person.clone();
                    Box::pin(async move { store::register(tx, &[person]).await })
                })
                .await?;
            match outcome.into_iter().next() {
                Some(Registered::Already(known)) => Err(Error::bad_request(format!(
                    "{number} is registered already: {}, {}.",
                    known.name.unwrap_or_default(),
                    known.role.unwrap_or_default()
                ))),
                _ => {
                    println!("{number} is registered: {name}, {}. They can write `hi` now.", role.as_str());
                    Ok(())
                }
            }
        }
        Command::List { settings } => {
            let db = migrated(&settings).await?;
            let people = store::registered(db.read()).await?;
            if people.is_empty() {
                println!("Nobody is registered yet. Add somebody: andon person add +… --role OPERATOR");
            }
            for known in people {
                let state = if known.is_active { "" } else { "  (deactivated)" };
                println!(
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

fn title(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Support => "Support",
        Role::Client => "Client",
        Role::Operator => "Operator",
        Role::Supervisor => "Supervisor",
    }
}
