//! A browser without a screen: it keeps cookies, sends forms as they stand in a page, and follows nothing by itself.

use super::app::TestApp;
use super::user::{PASSWORD, User};
use reqwest::header::{ACCEPT, HeaderMap, ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A window of a browser.
pub(crate) struct Window {
    http: reqwest::Client,
    origin: String,
    cookies: Mutex<BTreeMap<String, String>>,
    token: Mutex<String>,
}

/// A page that was answered with.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Seen {
    /// Where it leads, if anywhere.
    pub(crate) fn leads_to(&self) -> &str {
        self.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default()
    }

    /// What a person reads of it: the text between the tags.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut is_tag = false;
        for c in self.html.chars() {
            match c {
                '<' => {
                    is_tag = true;
                    text.push(' ');
                }
                '>' => is_tag = false,
                c if !is_tag => text.push(c),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of a field, of what the page is about before what stands at its top.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (top, main) = self.html.split_once("<main").unwrap_or((&self.html, ""));
        [main, top].into_iter().find_map(|part| value(part, name))
    }
}

fn value<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let field = html.split(&format!("name=\"{name}\"")).nth(1)?;
    field.split('>').next()?.split("value=\"").nth(1)?.split('"').next()
}

impl Window {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { http: app.http.clone(), origin: app.url(""), cookies: Mutex::default(), token: Mutex::default() }
    }

    /// A window in which somebody has signed in.
    pub(crate) async fn of(app: &TestApp, username: &str) -> Self {
        let window = Self::new(app);
        let seen = window.signs_in(username, PASSWORD).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{username} signs in: {}", seen.text());
        window.get("/profile").await; // the token of their forms
        window
    }

    /// Opens the page of signing in and fills it in.
    pub(crate) async fn signs_in(&self, username: &str, password: &str) -> Seen {
        self.get("/sign-in").await;
        self.post("/sign-in", &[("username", username), ("password", password)]).await
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        let request = self.http.get(format!("{}{path}", self.origin)).header(ACCEPT, "text/html");
        self.send(request).await
    }

    /// Sends a form with the token of the page that was seen last.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let token = self.token();
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        self.post_just(path, &all).await
    }

    /// Sends these fields and nothing else.
    pub(crate) async fn post_just(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request = self.request(Method::POST, path).form(&fields);
        self.send(request).await
    }

    /// A request as the browser would send it, but for the cookies, which [`Self::send`] adds.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        request.header(ACCEPT, "text/html").header(ORIGIN, &self.origin)
    }

    /// Sends it with the cookies; the answer as it came.
    pub(crate) async fn sends(&self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        request.send().await.expect("the server answers")
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Seen {
        let response = self.sends(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            let pair = line.to_str().expect("a cookie").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if value.is_empty() {
                self.jar().remove(name);
            } else {
                self.jar().insert(name.to_owned(), value.to_owned());
            }
        }
        let html = response.text().await.expect("a body");
        let seen = Seen { status, headers, html };
        if let Some(token) = seen.value("token") {
            token.clone_into(&mut self.token.lock().expect("no panic"));
        }
        seen
    }

    /// The token of the page that was seen last.
    pub(crate) fn token(&self) -> String {
        self.token.lock().expect("no panic").clone()
    }

    /// The cookies by name.
    pub(crate) fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().expect("no panic")
    }
}

impl TestApp {
    /// Somebody with a window of their own.
    pub(crate) async fn at_a_window(&self, username: &str, role: andon::people::Role) -> (User, Window) {
        let user = self.user(username, role).await;
        (user, Window::of(self, username).await)
    }
}
