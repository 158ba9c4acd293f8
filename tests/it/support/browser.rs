//! A headless Chromium for one test, driven through chromedriver on a port that the driver picks itself.
//!
//! Both end with the test: [`Browser::stop`] asks them to, and so does dropping it. The browser keeps to a
//! profile of its own in a temporary folder and makes no connections that a page did not ask for.

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use libtest_mimic::Trial;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Names under which the driver looks for a browser.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// How long the driver, and then the browser, may take to start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// How long the driver may take to end its browser before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// No sandbox, because CI runs as root; no shared memory, because containers have little of it.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--lang=en-US",
    "--window-size=1280,900",
];

/// Whether a browser and its driver are on the `PATH`; else what is missing.
pub(crate) fn available() -> Result<(), String> {
    if on_path(&["chromedriver"]).is_none() {
        return Err("chromedriver is not on the PATH".to_owned());
    }
    on_path(&BROWSERS).map(|_| ()).ok_or_else(|| "Chromium is not on the PATH".to_owned())
}

/// A running browser.
pub(crate) struct Browser {
    client: Client,
    driver: Driver,
}

impl Browser {
    /// Starts the driver and, through it, the browser.
    ///
    /// # Errors
    /// What could not be started, in one sentence; nothing is left running then.
    pub(crate) async fn start() -> Result<Self, String> {
        available()?;
        let driver = tokio::task::spawn_blocking(Driver::start).await.map_err(|e| e.to_string())??;
        let profile = format!("--user-data-dir={}", driver.profile.path().display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
        let mut wishes = serde_json::Map::new();
        wishes.insert("browserName".to_owned(), json!("chrome"));
        wishes.insert("goog:chromeOptions".to_owned(), json!({ "args": flags }));
        let address = format!("http://127.0.0.1:{}", driver.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let session = builder.capabilities(wishes).connect(&address);
        let client = tokio::time::timeout(START_TIMEOUT, session)
            .await
            .map_err(|_| format!("Chromium did not start within {} s", START_TIMEOUT.as_secs()))?
            .map_err(|e| format!("Chromium did not start: {e}"))?;
        Ok(Self { client, driver })
    }

    /// What pages are driven with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Writes what the window shows as a PNG file.
    ///
    /// # Errors
    /// When the browser or the file refuses.
    pub(crate) async fn screenshot(&self, path: &Path) -> Result<(), String> {
        let picture = self.client.screenshot().await.map_err(|e| e.to_string())?;
        std::fs::write(path, picture).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Closes the browser, then ends the driver.
    pub(crate) async fn stop(self) {
        let Self { client, driver } = self;
        // A browser that is gone already is as closed as one can be; the driver sees to the rest.
        let closed = client.close().await;
        if let Err(e) = closed {
            eprintln!("Chromium did not close by itself: {e}");
        }
        drop(tokio::task::spawn_blocking(move || drop(driver)).await);
    }
}

/// chromedriver as a child process; dropping it ends its browsers and itself.
struct Driver {
    child: Child,
    port: u16,
    profile: TempDir,
}

impl Driver {
    fn start() -> Result<Self, String> {
        let profile = TempDir::with_prefix("andon_browser_").map_err(|e| format!("no folder for a profile: {e}"))?;
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("chromedriver did not start: {e}"))?;
        let output = child.stdout.take().expect("standard output was piped");
        // Owned from here on, so that every way out ends the child.
        let mut driver = Self { child, port: 0, profile };
        driver.port = announced_port(output)?;
        Ok(driver)
    }

    /// Asks the driver to end its browsers and itself: a killed driver would leave them running.
    fn ask_to_end(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(STOP_TIMEOUT))?;
        connection.set_write_timeout(Some(STOP_TIMEOUT))?;
        let request = format!("GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
        connection.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).map(|_| ())
    }

    fn ends_by_itself(&mut self) -> bool {
        let patience = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < patience {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let asked = self.port != 0 && self.ask_to_end().is_ok();
        if !(asked && self.ends_by_itself()) && self.child.kill().is_ok() {
            // Reaped, so that no zombie outlives the test; how it ended no longer matters.
            drop(self.child.wait());
        }
    }
}

/// What this file promises, as trials of the `it` binary.
pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("support::a_page_can_be_driven_and_nothing_stays_behind", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(a_page_can_be_driven_and_nothing_stays_behind()).map_err(Into::into)
    })]
}

/// The port in `ChromeDriver was started successfully on port 39131.`; what follows is read and forgotten, since
/// a driver whose output nobody reads comes to a halt.
fn announced_port(output: ChildStdout) -> Result<u16, String> {
    let (announce, announced) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let port = line.split("successfully on port ").nth(1);
            if let Some(port) = port.and_then(|port| port.trim_end_matches('.').parse::<u16>().ok()) {
                // Nobody listens any more once the first port was taken or waiting was given up.
                announce.send(port).ok();
            }
        }
    });
    announced.recv_timeout(START_TIMEOUT).map_err(|_| "chromedriver named no port".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "where programs are is no setting of Andon")]
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut candidates =
        std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    candidates.find(|candidate| candidate.is_file())
}

async fn a_page_can_be_driven_and_nothing_stays_behind() -> Result<(), String> {
    let browser = Browser::start().await?;
    let (port, profile) = (browser.driver.port, browser.driver.profile.path().to_owned());
    let page = "data:text/html,<title>Andon</title><h1 id=a>Hello</h1>";
    browser.client().goto(page).await.map_err(|e| e.to_string())?;
    assert_eq!(browser.client().title().await.map_err(|e| e.to_string())?, "Andon");
    let picture = profile.with_extension("png");
    browser.screenshot(&picture).await?;
    let bytes = std::fs::read(&picture).map_err(|e| e.to_string())?;
    std::fs::remove_file(&picture).map_err(|e| e.to_string())?;
    assert!(bytes.starts_with(b"\x89PNG"), "the screenshot is no PNG");
    browser.stop().await;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "the driver still answers");
    assert!(!profile.exists(), "the profile is still there");

    let dropped = Browser::start().await?;
    let port = dropped.driver.port;
    drop(dropped);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "the driver still answers");
    Ok(())
}
