//! `andon chat`: the simulator's phone in a terminal.
//!
//! It talks to the simulator as its page does. On a terminal people write and read as they like; with lines from a
//! pipe each waits for the answer to the one before, so that a script reads like a conversation.

use super::out::say;
use crate::kit::{E164, Error, Result, http};
use clap::Args;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;
use tokio::sync::mpsc;
use url::Url;

/// A script waits this long for an answer; not every message gets one.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer in several messages is over when nothing came for this time.
const QUIET: Duration = Duration::from_millis(600);
/// The news are listened to for as long as anybody chats.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);
/// How much of an earlier conversation is shown.
const EARLIER: usize = 6;

#[derive(Debug, Args)]
pub(super) struct Chat {
    /// The phone's number, for example +12025550123.
    #[arg(long = "as", value_name = "NUMBER", value_parser = super::person::number, allow_hyphen_values = true)]
    number: E164,
    /// Where Andon answers: `andon demo`, or `andon serve` with the simulator on.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: Url,
    /// The name its owner goes by.
    #[arg(long, default_value = "")]
    name: String,
}

pub(super) async fn run(asked: Chat) -> Result<()> {
    let api = format!("{}/simulator/api", asked.url.as_str().trim_end_matches('/'));
    let phone = Phone { http: http::client()?, origin: asked.url.to_string(), api, number: asked.number };
    let plant = phone.ask(Method::GET, "/phones", None).await?;
    phone.ask(Method::POST, "/phones", Some(json!({"number": phone.number.as_str(), "name": asked.name}))).await?;
    let is_script = !std::io::stdin().is_terminal();
    let mut screen = Screen { phone, shown: HashSet::new(), untaken: 0 };
    screen.open(if is_script { 0 } else { EARLIER }).await?;
    if !is_script {
        let company = plant["company"].as_str().unwrap_or_default();
        say!("You are {}, writing to {company}. Ctrl-D ends it.", screen.phone.number);
    }
    let (mut news, mut lines) = (screen.phone.news().await?, typed_lines());
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { break };
                screen.say(&line, is_script).await?;
                if is_script {
                    screen.hear_out(&mut news).await?;
                }
            }
            event = news.recv() => {
                screen.hear(&event.ok_or_else(gone)?).await?;
            }
        }
    }
    match screen.untaken {
        0 => Ok(()),
        count => Err(Error::unavailable(format!("Andon did not take {count} of these messages; see above."))),
    }
}

/// What is typed or piped in, line by line, without the blank ones.
fn typed_lines() -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel(1);
    // Reading a terminal cannot be broken off, so it has a thread that nobody waits for.
    std::thread::spawn(move || {
        let typed = std::io::stdin().lock().lines().map_while(std::result::Result::ok);
        for line in typed.filter(|line| !line.trim().is_empty()) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn gone() -> Error {
    Error::unavailable("The simulator went away.")
}

/// The way to the simulator.
struct Phone {
    http: reqwest::Client,
    origin: String,
    api: String,
    number: E164,
}

impl Phone {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = self.answered(request).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        response.json().await.map_err(|e| self.no_simulator().because(e))
    }

    /// The answer where it is the simulator's and a success.
    async fn answered(&self, request: reqwest::RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|e| {
            let says =
                format!("Nothing answers at {}. Start `andon demo`, or name the address with --url.", self.origin);
            Error::unavailable(says).because(e)
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        match problem["detail"].as_str() {
            Some(detail) if status != StatusCode::NOT_FOUND => Err(Error::bad_request(detail.to_owned())),
            _ => Err(self.no_simulator()),
        }
    }

    fn no_simulator(&self) -> Error {
        Error::unavailable(format!(
            "There is no simulator at {}. It is in `andon demo`, and in `andon serve` with ANDON_SIMULATOR=true; name \
             the address with --url.",
            self.origin
        ))
    }

    /// This phone's bubbles, new and changed ones, as they come; everything once more where some were missed.
    async fn news(&self) -> Result<mpsc::Receiver<Value>> {
        let request = self.http.get(format!("{}/events", self.api)).timeout(FOR_EVER);
        let mut response = self.answered(request).await?;
        let (tell, news) = mpsc::channel(64);
        let number = self.number.to_string();
        tokio::spawn(async move {
            let mut read = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                read.extend_from_slice(&chunk);
                while let Some(end) = read.iter().position(|&byte| byte == b'\n') {
                    let line: Vec<u8> = read.drain(..=end).collect();
                    let Some(event) = event(&line) else { continue };
                    let is_ours = event["type"] == "resync" || event["phone"] == number.as_str();
                    if is_ours && tell.send(event).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(news)
    }
}

/// The event in a line of the stream.
fn event(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line.strip_prefix(b"data:")?).ok()
}

/// What was shown so far.
struct Screen {
    phone: Phone,
    shown: HashSet<String>,
    untaken: usize,
}

impl Screen {
    /// Shows the end of the conversation so far.
    async fn open(&mut self, most: usize) -> Result<()> {
        let bubbles = self.bubbles().await?;
        let skipped = bubbles.len().saturating_sub(most);
        for (nth, bubble) in bubbles.iter().enumerate() {
            self.shown.insert(text(bubble, "sid"));
            if nth >= skipped {
                say!("{}", told(bubble));
            }
        }
        Ok(())
    }

    async fn bubbles(&self) -> Result<Vec<Value>> {
        let path = format!("/phones/{}/messages", self.phone.number);
        let mut answer = self.phone.ask(Method::GET, &path, None).await?;
        Ok(answer["messages"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Writes a message; a script's is shown as a phone shows it, a person has just seen it.
    async fn say(&mut self, line: &str, is_script: bool) -> Result<()> {
        let path = format!("/phones/{}/messages", self.phone.number);
        let sent = self.phone.ask(Method::POST, &path, Some(json!({"text": line}))).await?;
        let bubble = &sent["bubble"];
        let is_taken = sent["webhook"].as_u64().is_some_and(|status| status < 300);
        self.untaken += usize::from(!is_taken);
        if is_script || !is_taken {
            say!("{}", told(bubble));
        } else {
            say!("  {}", ticks(bubble));
        }
        Ok(())
    }

    /// Shows what is new, and that it was read. Answers whether there was anything.
    async fn hear(&mut self, event: &Value) -> Result<bool> {
        let bubbles = if event["type"] == "resync" { self.bubbles().await? } else { vec![event["bubble"].clone()] };
        let mut is_new = false;
        for bubble in bubbles {
            let has_arrived = matches!(bubble["status"].as_str(), Some("DELIVERED" | "READ" | "FAILED"));
            if bubble["side"] == "in" && has_arrived && self.shown.insert(text(&bubble, "sid")) {
                say!("{}", told(&bubble));
                is_new = true;
            }
        }
        if is_new {
            let path = format!("/phones/{}/read", self.phone.number);
            self.phone.ask(Method::POST, &path, Some(json!({}))).await?;
        }
        Ok(is_new)
    }

    /// Waits for an answer, and until it is over.
    async fn hear_out(&mut self, news: &mut mpsc::Receiver<Value>) -> Result<()> {
        let mut patience = PATIENCE;
        while let Ok(event) = tokio::time::timeout(patience, news.recv()).await {
            if self.hear(&event.ok_or_else(gone)?).await? {
                patience = QUIET;
            }
        }
        Ok(())
    }
}

/// A bubble as lines: `> hi ✓✓` from the phone, `< …` from the plant.
fn told(bubble: &Value) -> String {
    let words = harmless(&text(bubble, "text"));
    let words = words.trim_end().replace('\n', "\n  ");
    let failure = match (bubble["status"].as_str(), bubble["note"].as_str()) {
        (Some("FAILED"), _) => format!("\n  ({} {})", bubble["error_code"], harmless(&text(bubble, "error_text"))),
        (_, Some(note)) => format!("\n  ({})", harmless(note)),
        _ => String::new(),
    };
    if bubble["side"] == "out" {
        format!("> {words}  {}{failure}", ticks(bubble))
    } else {
        format!("< {words}{}{failure}", options(bubble))
    }
}

/// What may be tapped under it, a line each; here it is written instead.
fn options(bubble: &Value) -> String {
    let options = bubble["choices"]["options"].as_array().into_iter().flatten();
    let line = |option: &Value| {
        let under = option["description"].as_str().map(|under| format!("  {}", harmless(under))).unwrap_or_default();
        format!("\n  [{}]{under}", harmless(&text(option, "title")))
    };
    options.map(line).collect()
}

fn ticks(bubble: &Value) -> &'static str {
    match bubble["status"].as_str() {
        Some("DELIVERED" | "READ") => "✓✓",
        Some("FAILED") => "✗",
        _ => "✓",
    }
}

fn text(bubble: &Value, name: &str) -> String {
    bubble[name].as_str().unwrap_or_default().to_owned()
}

/// Without what would move a terminal's cursor or change its colours.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bubble_is_told_with_its_ticks_and_no_escapes() {
        for (bubble, expected) in [
            (json!({"side": "out", "text": "hi", "status": "DELIVERED"}), "> hi  ✓✓"),
            (json!({"side": "out", "text": "hi", "status": "SENT", "note": "503"}), "> hi  ✓\n  (503)"),
            (json!({"side": "in", "text": "one\ntwo", "status": "READ"}), "< one\n  two"),
            (json!({"side": "in", "text": "\u{1b}[31mred", "status": "DELIVERED"}), "< \u{fffd}[31mred"),
            (
                json!({"side": "in", "text": "x", "status": "FAILED", "error_code": 63016, "error_text": "shut"}),
                "< x\n  (63016 shut)",
            ),
        ] {
            assert_eq!(told(&bubble), expected);
        }
    }

    #[test]
    fn only_lines_with_data_are_events() {
        assert_eq!(event(b"data: {\"type\":\"resync\"}\n"), Some(json!({"type": "resync"})));
        for line in [&b"\n"[..], b": ping\n", b"data: broken\n"] {
            assert_eq!(event(line), None);
        }
    }
}
