//! `andon user`: who signs in. A password comes from a prompt or from standard input, never from the command line, where
//! every other user of the machine could read it.

use super::migrated;
use super::out::say;
use super::person::number;
use crate::config::Settings;
use crate::db::{Db, Door};
use crate::kit::error::Fields;
use crate::kit::{E164, Error, Result};
use crate::people::model::Sight;
use crate::people::store::users::{self as store, NewUser, User};
use crate::people::{Role, second_factor, users};
use crate::proof::Passwords;
use crate::web::read::{self, Raw};
use crate::wording::Wording;
use clap::{Args, Subcommand};
use std::io::{IsTerminal as _, Read as _};

/// The longest input that is taken for a password.
const MAX_INPUT: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a user. The password is asked for, or read from standard input.
    Create(Box<Create>),
    /// List the users.
    List {
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Give a user another password. Every sign-in of theirs ends.
    SetPassword {
        /// The name they sign in with.
        username: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Take a user's second factor off: for who lost their phone and their recovery codes.
    RemoveSecondFactor {
        /// The name they sign in with.
        username: String,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Let a user use Andon no longer. Every sign-in and token of theirs ends.
    Deactivate {
        /// The name they sign in with.
        username: String,
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The name to sign in with: letters, digits and @.+-_
    #[arg(value_parser = username)]
    username: String,
    /// What the user is here for.
    #[arg(long, ignore_case = true)]
    role: Role,
    /// Their e-mail address.
    #[arg(long, value_parser = email)]
    email: Option<String>,
    /// The number they write WhatsApp messages from, in E.164 form.
    #[arg(long, value_parser = number, allow_hyphen_values = true)]
    whatsapp: Option<E164>,
    /// The number to call them at, in E.164 form.
    #[arg(long, value_parser = number, allow_hyphen_values = true)]
    phone: Option<E164>,
    /// Their first name.
    #[arg(long, value_parser = name)]
    first_name: Option<String>,
    /// Their last name.
    #[arg(long, value_parser = name)]
    last_name: Option<String>,
    /// Their department.
    #[arg(long, value_parser = name)]
    department: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    settings: Box<Settings>,
}

fn username(typed: &str) -> Result<String, String> {
    read::username(Raw::Text(typed)).map_err(|why| format!("a username {why}"))
}

fn email(typed: &str) -> Result<String, String> {
    read::email(Raw::Text(typed)).map_err(|why| format!("it {why}"))
}

fn name(typed: &str) -> Result<String, String> {
    read::line(0..=100)(Raw::Text(typed)).map_err(|why| format!("it {why}"))
}

pub(super) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Create(asked) => create(*asked).await,
        Command::List { settings } => list(&migrated(&settings).await?).await,
        Command::SetPassword { username, password_stdin, settings } => {
            let db = migrated(&settings).await?;
            let user = named(&db, &username).await?;
            let hash = hashed(password_stdin, &username, user.email.as_deref()).await?;
            let id = user.id;
            db.through(Door::Cli)
                .write_with(hash, move |tx, hash| Box::pin(users::change_password(tx, id, hash, None, None)))
                .await?;
            say!("{username} has a new password; every sign-in of theirs has ended.");
            Ok(())
        }
        Command::RemoveSecondFactor { username, settings } => {
            let db = migrated(&settings).await?;
            let id = named(&db, &username).await?.id;
            let db = db.through(Door::Cli);
            let taking = db.write(move |tx| Box::pin(async move { second_factor::take_off(tx, id, None).await }));
            if taking.await? {
                say!("{username} has no second factor any more, and signs in with the password alone.");
            } else {
                say!("{username} had no second factor.");
            }
            Ok(())
        }
        Command::Deactivate { username, settings } => {
            let db = migrated(&settings).await?;
            let id = named(&db, &username).await?.id;
            let db = db.through(Door::Cli);
            let deactivated = db.write(move |tx| Box::pin(async move { users::set_active(tx, id, false, None).await }));
            deactivated.await.map_err(mistaken)?;
            say!("{username} is deactivated; every sign-in of theirs has ended.");
            Ok(())
        }
    }
}

async fn create(asked: Create) -> Result<()> {
    let Create { username, role, email, whatsapp, phone, first_name, last_name, department, password_stdin, settings } =
        asked;
    let db = migrated(&settings).await?;
    let wording = Wording::load(None).map_err(|_| Error::internal("the built-in words are sound"))?;
    let numbers = [("--phone", phone.as_ref().map(E164::as_str)), ("--whatsapp", whatsapp.as_ref().map(E164::as_str))];
    told(&users::unknown_values(&settings, &wording, &numbers, None))?;
    let wanted =
        store::Wanted { username: Some(&username), email: email.as_deref(), whatsapp_number: whatsapp.as_ref() };
    told(&store::taken(db.read(), wanted, None).await?)?;
    let hash = hashed(password_stdin, &username, email.as_deref()).await?;
    let new = NewUser {
        username: username.clone(),
        email,
        first_name,
        last_name,
        role,
        phone_number: phone,
        whatsapp_number: whatsapp,
        department,
        language: None,
    };
    let db = db.through(Door::Cli);
    let made = db.write_with((new, hash), move |tx, (new, hash)| Box::pin(users::create(tx, new, Some(hash), None)));
    made.await.map_err(mistaken)?;
    say!("{username} can sign in now, as {}.", role.as_str());
    Ok(())
}

async fn list(db: &Db) -> Result<()> {
    let all = store::Stretch { from: None, is_rising: true, most: None };
    let users = store::list(db.read(), &Sight::Everybody, &store::Filter::default(), all).await?;
    let users: Vec<&User> = users.iter().filter(|user| user.username.is_some()).collect();
    if users.is_empty() {
        say!("Nobody can sign in yet. Make somebody an admin: andon user create NAME --role ADMIN");
    }
    for user in users {
        let state = if user.is_active { "" } else { "  (deactivated)" };
        say!(
            "{:<20} {:<11} {:<28} {:<16}{state}",
            user.username.as_deref().unwrap_or_default(),
            user.role.as_str(),
            user.email.as_deref().unwrap_or_default(),
            user.whatsapp_number.as_deref().unwrap_or_default()
        );
    }
    Ok(())
}

async fn named(db: &Db, username: &str) -> Result<User> {
    let found = store::by_username(db.read(), &username.trim().to_lowercase()).await?;
    found.ok_or_else(|| Error::bad_request(format!("Nobody signs in as {username}. See: andon user list")))
}

/// The hash of the password that somebody types or sends in.
async fn hashed(from_stdin: bool, username: &str, email: Option<&str>) -> Result<String> {
    let password = if from_stdin { sent_in()? } else { typed(username)? };
    if let Some(why) = crate::proof::unfit(&password, &[username, email.unwrap_or_default()]) {
        return Err(Error::bad_request(format!("The password {why}.")));
    }
    Passwords::new().hash(&password).await
}

/// Standard input, without the line break at its end.
fn sent_in() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_INPUT).read_to_string(&mut text);
    read.map_err(|e| Error::bad_request(format!("The password could not be read from standard input: {e}.")))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}

fn typed(username: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let says = "There is no terminal to ask for the password at. Send it to standard input, with --password-stdin.";
        return Err(Error::bad_request(says));
    }
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map_err(|e| Error::bad_request(format!("The password could not be read: {e}.")))
    };
    let password = ask(format!("Password for {username}: "))?;
    if password != ask("The same again: ".to_owned())? {
        return Err(Error::bad_request("The two are not the same. Nothing was changed."));
    }
    Ok(password)
}

/// What is wrong with the arguments, one line each.
fn told(wrong: &Fields) -> Result<()> {
    if wrong.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        wrong.iter().flat_map(|(name, why)| why.iter().map(move |why| format!("{name} {why}"))).collect();
    Err(Error::bad_request(lines.join("\n")))
}

/// A refusal as the command line tells it: the fields' own words, and code 2.
fn mistaken(error: Error) -> Error {
    match error.details() {
        Some(details) if !details.fields.is_empty() => told(&details.fields).err().unwrap_or(error),
        _ => error,
    }
}
