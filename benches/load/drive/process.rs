//! The built program in a process of its own, and what it costs.

use super::meta::{ACCESS_TOKEN, APP_SECRET, NUMBER_ID};
use super::twilio::{ACCOUNT, PLANT, TOKEN};
use super::wire::Wire;
use std::fs::{File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// How long an orderly stop may take; Andon itself takes at most fifteen seconds.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether the process is up, or gone.
const LOOK: Duration = Duration::from_millis(2);
/// The kernel's unit of CPU time in `/proc`: hundredths of a second on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// How a process is started, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) database_url: String,
    /// The folder it runs in; its log goes there too.
    pub(crate) folder: PathBuf,
    pub(crate) address: SocketAddr,
    /// Where the world reaches it: what is signed.
    pub(crate) public_url: String,
    /// Whose API it sends by, and where that answers.
    pub(crate) by: Provider,
    pub(crate) provider: SocketAddr,
}

/// Whose API messages go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Provider {
    #[default]
    Twilio,
    Meta,
}

impl Start {
    /// The settings of its provider.
    fn account(&self) -> Vec<(&'static str, String)> {
        let base = format!("http://{}", self.provider);
        let given = match self.by {
            Provider::Twilio => [
                ("TWILIO_ACCOUNT_SID", ACCOUNT),
                ("TWILIO_AUTH_TOKEN", TOKEN),
                ("TWILIO_WHATSAPP_NUMBER", PLANT),
                ("TWILIO_API_BASE", &base),
            ],
            Provider::Meta => [
                ("WHATSAPP_ACCESS_TOKEN", ACCESS_TOKEN),
                ("WHATSAPP_PHONE_NUMBER_ID", NUMBER_ID),
                ("WHATSAPP_APP_SECRET", APP_SECRET),
                ("META_API_BASE", &base),
            ],
        };
        given.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }
}

/// A running Andon; killed when dropped.
pub(crate) struct Andon {
    child: Child,
    log: PathBuf,
    /// From its start to its first answer.
    pub(crate) start_up: Duration,
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

impl Andon {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When it ends, or does not answer in time; with what it said last.
    pub(crate) async fn start(start: &Start) -> io::Result<Self> {
        let began = Instant::now();
        let mut andon = Self::spawn(start)?;
        while !is_up(start.address).await {
            if andon.child.try_wait()?.is_some() {
                return Err(io::Error::other(format!("andon ended at its start: {}", andon.last_words())));
            }
            if began.elapsed() > START_PATIENCE {
                return Err(io::Error::other(format!("andon does not answer: {}", andon.last_words())));
            }
            tokio::time::sleep(LOOK).await;
        }
        andon.start_up = began.elapsed();
        Ok(andon)
    }

    /// Starts it and does not wait.
    pub(crate) fn spawn(start: &Start) -> io::Result<Self> {
        let log = start.folder.join(format!("andon-{}.log", start.address.port()));
        let said: File = OpenOptions::new().create(true).append(true).open(&log)?;
        let child = Command::new(env!("CARGO_BIN_EXE_andon"))
            .arg("serve")
            .env_clear()
            .env("ANDON_BIND", start.address.to_string())
            .env("ANDON_PUBLIC_URL", &start.public_url)
            .env("ANDON_DATA_DIR", &start.folder)
            .env("ANDON_CHAT_ACCESS", "open")
            .env("ANDON_SENDER_LIMIT", "0")
            .env("ANDON_REQUEST_LIMIT", "0")
            .env("ANDON_WHATSAPP_RATE", "0")
            .env("ANDON_LOG", "warn")
            .env("DATABASE_URL", &start.database_url)
            .envs(start.account())
            .current_dir(&start.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()?;
        Ok(Self { child, log, start_up: Duration::ZERO })
    }

    /// SIGKILL: no farewell, no flush.
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// SIGTERM, and the end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) async fn stop(mut self) -> io::Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > STOP_PATIENCE {
                return Err(io::Error::other(format!("andon does not stop: {}", self.last_words())));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory since its start.
    pub(crate) fn most_resident(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    }

    /// CPU seconds so far.
    pub(crate) fn cpu(&self) -> f64 {
        cpu_of(Path::new(&format!("/proc/{}/stat", self.child.id())))
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Andon {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// CPU seconds of this process so far.
pub(crate) fn own_cpu() -> f64 {
    cpu_of(Path::new("/proc/self/stat"))
}

/// User and system time, the 14th and 15th field; the second one, the name, may hold blanks and ends with `)`.
fn cpu_of(stat: &Path) -> f64 {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok());
    ticks.map(f64::from).sum::<f64>() / TICKS_PER_SECOND
}

async fn is_up(address: SocketAddr) -> bool {
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n");
    match Wire::connect(address).await {
        Ok(mut wire) => wire.ask(request.as_bytes()).await.is_ok_and(|status| status == 200),
        Err(_) => false,
    }
}
