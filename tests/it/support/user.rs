//! Somebody who is signed in, and what they ask for.

use super::app::{TestApp, answer};
use andon::people::store::users::NewUser;
use andon::people::{Role, sign_in, users};
use andon::proof::Passwords;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::OnceCell;

/// The password of everybody in the tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed in.
pub(crate) struct User {
    /// The person's id.
    pub(crate) id: i64,
    /// The access token.
    pub(crate) access: String,
    /// The refresh token.
    pub(crate) refresh: String,
    http: reqwest::Client,
    origin: String,
}

impl User {
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::DELETE, path)).await
    }

    /// A request of theirs, to be completed: with a header, with another body.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.access)
    }
}

impl User {
    /// The same person with another token.
    pub(crate) fn with_token(&self, access: &str) -> Self {
        let (http, origin, refresh) = (self.http.clone(), self.origin.clone(), self.refresh.clone());
        Self { id: self.id, access: access.to_owned(), refresh, http, origin }
    }
}

impl TestApp {
    /// Makes a user with this name and role, no department and no number, and signs them in.
    pub(crate) async fn user(&self, username: &str, role: Role) -> User {
        self.user_of(username, role, None).await
    }

    /// The same in a department.
    pub(crate) async fn user_of(&self, username: &str, role: Role, department: Option<&str>) -> User {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH.get_or_init(async || Passwords::new().hash(PASSWORD).await.expect("a hash")).await;
        let new = NewUser {
            username: username.to_owned(),
            email: Some(format!("{username}@example.com")),
            first_name: None,
            last_name: None,
            role,
            phone_number: None,
            whatsapp_number: None,
            department: department.map(str::to_owned),
            language: None,
        };
        let app = &self.server.app;
        let made = app.db.write(move |tx| {
            let new = new.clone();
            Box::pin(async move { users::create(tx, &new, Some(hash), None).await })
        });
        let id = made.await.expect("a new user");
        let (tokens, _) = sign_in::open(app, id, "127.0.0.1".to_owned()).await.expect("they sign in");
        let (http, origin) = (self.http.clone(), self.url(""));
        User { id, access: tokens.access, refresh: tokens.refresh, http, origin }
    }

    /// The same person, signed in anew: an access token is good for two hours.
    pub(crate) async fn signed_in_again(&self, user: &User) -> User {
        let signing_in = sign_in::open(&self.server.app, user.id, "127.0.0.1".to_owned());
        user.with_token(&signing_in.await.expect("they sign in").0.access)
    }

    /// A request of nobody who is signed in.
    pub(crate) async fn anybody(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.http.request(method, self.url(path));
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }
}
