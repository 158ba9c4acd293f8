//! The line to the mail server: opened, kept for the next letters, and closed.
//!
//! Each step is bounded in time, and says in which step something went wrong: only where the letter was on its way and
//! the answer did not come is it in doubt whether the server has it.

use super::errors::{self, Step};
use super::letter::Letter;
use crate::channels::SendError;
use crate::config::{MailSecurity, MailServer};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use secrecy::ExposeSecret as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout};

/// How many connections may be open at once: more than a handful many servers refuse.
const CONNECTIONS: usize = 5;
/// A connection that rested for this long is not used any more: servers close theirs after some minutes.
const IDLE: Duration = Duration::from_mins(1);
/// How long connecting, signing in and each command may take.
const STEP: Duration = Duration::from_secs(10);
/// How long the server may take to take the letter.
const LETTER: Duration = Duration::from_secs(30);
/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// The line to one mail server.
pub(super) struct Link {
    server: MailServer,
    hello: ClientId,
    tls: OnceCell<TlsParameters>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    places: Semaphore,
}

impl Link {
    /// A line to this server, to which we say `hello`, a domain.
    pub(super) fn to(server: MailServer, hello: &str) -> Self {
        Self {
            server,
            hello: ClientId::Domain(hello.to_owned()),
            tls: OnceCell::new(),
            idle: Mutex::default(),
            places: Semaphore::new(CONNECTIONS),
        }
    }

    /// How many more letters can be on their way.
    pub(super) fn room(&self) -> usize {
        self.places.available_permits()
    }

    /// Connects, signs in, and hangs up.
    pub(super) async fn try_out(&self) -> Result<(), SendError> {
        let line = self.open().await?;
        hang_up(line).await;
        Ok(())
    }

    /// Hands one letter over.
    pub(super) async fn hand_over(&self, letter: &Letter) -> Result<(), SendError> {
        let _place = self.places.acquire().await.map_err(|_| errors::timed_out(Step::Connecting))?;
        let mut line = match self.kept().await {
            Some(line) => line,
            None => self.open().await?,
        };
        match deliver(&mut line, letter).await {
            Ok(()) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((line, Instant::now()));
                Ok(())
            }
            Err(error) => {
                hang_up(line).await;
                Err(error)
            }
        }
    }

    /// A connection that is kept and still there.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut line, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let is_there = since.elapsed() < IDLE && timeout(FAREWELL, line.test_connected()).await.unwrap_or(false);
            if is_there {
                return Some(line);
            }
            hang_up(line).await;
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SendError> {
        let MailServer { host, port, security, login } = &self.server;
        let tls_from_the_start = if *security == MailSecurity::Tls { Some(self.tls().await?) } else { None };
        let place = (host.as_str(), *port);
        let opening = AsyncSmtpConnection::connect_tokio1(place, Some(STEP), &self.hello, tls_from_the_start, None);
        let mut line = bounded(Step::Connecting, STEP, opening).await?;
        let upgrades = match security {
            MailSecurity::StartTls => true,
            MailSecurity::StartTlsIfOffered => line.can_starttls(),
            MailSecurity::Tls | MailSecurity::Plain => false,
        };
        if upgrades {
            if !line.can_starttls() {
                hang_up(line).await;
                return Err(errors::no_starttls());
            }
            let tls = self.tls().await?;
            bounded(Step::Securing, STEP, line.starttls(tls, &self.hello)).await?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            bounded(Step::SigningIn, STEP, line.auth(&mechanisms, &credentials)).await?;
        }
        Ok(line)
    }

    /// What TLS needs, made once: reading the machine's certificates takes a while.
    async fn tls(&self) -> Result<TlsParameters, SendError> {
        let host = self.server.host.clone();
        let made = self.tls.get_or_try_init(async || TlsParameters::new(host)).await;
        made.cloned().map_err(|error| errors::failed(Step::Securing, &error))
    }
}

async fn deliver(line: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), SendError> {
    let mut options = Vec::new();
    if !AsRef::<str>::as_ref(&letter.to).is_ascii() || !AsRef::<str>::as_ref(&letter.from).is_ascii() {
        if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(errors::unsendable(
                "The mail server takes no addresses with letters beyond ASCII. Give the person another address.",
            ));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    let mail = Mail::new(Some(letter.from.clone()), options);
    bounded(Step::Sender, STEP, line.command(mail)).await?;
    bounded(Step::Recipient, STEP, line.command(Rcpt::new(letter.to.clone(), Vec::new()))).await?;
    bounded(Step::Announcing, STEP, line.command(Data)).await?;
    bounded(Step::Letter, LETTER, line.message(&letter.bytes)).await?;
    Ok(())
}

async fn bounded<T>(
    step: Step,
    time: Duration,
    what: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, SendError> {
    match timeout(time, what).await {
        Ok(outcome) => outcome.map_err(|error| errors::failed(step, &error)),
        Err(_) => Err(errors::timed_out(step)),
    }
}

async fn hang_up(mut line: AsyncSmtpConnection) {
    let _whether_it_says_good_bye = timeout(FAREWELL, line.abort()).await;
}
