//! Webhooks made by hand, signed or not, for what the simulator would never send.

use super::app::{ACCOUNT, PLANT, TOKEN, TestApp};
use andon::channels::twilio::signature;
use reqwest::{Response, StatusCode};

/// A webhook about to be posted.
pub(crate) struct Form {
    pub(crate) params: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
}

impl Form {
    /// A WhatsApp text as Twilio sends it.
    pub(crate) fn message(sid: &str, from: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut form =
            Self { params: Vec::new(), path: "/api/whatsapp/webhook".to_owned(), token: Some(TOKEN.to_owned()) };
        for (name, value) in [
            ("SmsMessageSid", sid),
            ("NumMedia", "0"),
            ("MessageType", "text"),
            ("SmsSid", sid),
            ("WaId", from.trim_start_matches('+')),
            ("SmsStatus", "received"),
            ("To", &format!("whatsapp:{PLANT}")),
            ("NumSegments", "1"),
            ("MessageSid", sid),
            ("AccountSid", ACCOUNT),
            ("From", &format!("whatsapp:{from}")),
            ("ApiVersion", "2010-04-01"),
            ("SomethingNewIn2027", "yes"),
        ] {
            form = form.with(name, value);
        }
        form.params.push((b"Body".to_vec(), body.into()));
        form
    }

    /// A status callback for the delivery with this token.
    pub(crate) fn status(sid: &str, delivery: &str, status: &str) -> Self {
        let form = Self {
            params: Vec::new(),
            path: format!("/api/whatsapp/status?d={delivery}"),
            token: Some(TOKEN.to_owned()),
        };
        form.with("MessageSid", sid).with("SmsSid", sid).with("MessageStatus", status).with("AccountSid", ACCOUNT)
    }

    /// One more field, in place of one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.params.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name.as_bytes());
        self
    }

    pub(crate) fn signed_with(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn unsigned(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) async fn post(&self, app: &TestApp) -> Response {
        let url = app.url(&self.path);
        let mut request = app
            .http
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(self.encoded());
        if let Some(token) = &self.token {
            request = request.header(signature::HEADER, signature::sign(token, &url, &self.params));
        }
        request.send().await.expect("the server answers")
    }

    pub(crate) async fn post_for_status(&self, app: &TestApp) -> StatusCode {
        self.post(app).await.status()
    }

    /// Posts it to another process; signed over that process's public URL, which is the first one's.
    pub(crate) async fn post_to(&self, app: &TestApp, address: std::net::SocketAddr) -> StatusCode {
        let token = self.token.as_deref().unwrap_or_default();
        let signed = signature::sign(token, &app.url(&self.path), &self.params);
        let request = app
            .http
            .post(format!("http://{address}{}", self.path))
            .header("content-type", "application/x-www-form-urlencoded")
            .header(signature::HEADER, signed)
            .body(self.encoded());
        request.send().await.expect("the server answers").status()
    }

    pub(crate) async fn get(&self, app: &TestApp) -> Response {
        let url = app.url(&format!("{}?{}", self.path, self.encoded()));
        let mut request = app.http.get(&url);
        if let Some(token) = &self.token {
            request = request.header(signature::HEADER, signature::sign(token, &url, &[]));
        }
        request.send().await.expect("the server answers")
    }

    fn encoded(&self) -> String {
        let bytes = |bytes: &[u8]| form_urlencoded::byte_serialize(bytes).collect::<String>();
        let pairs: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{}={}", bytes(name), bytes(value))).collect();
        pairs.join("&")
    }
}
