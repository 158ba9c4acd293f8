//! Who is at the desk: an admin, clients and support people, each signed in through the public door.

use crate::drive::wire::Wire;
use andon::db::Db;
use andon::kit::Result;
use andon::people::store::users::NewUser;
use andon::people::{Role, users};
use andon::proof::Passwords;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;

/// How many there are of each; a connection is one person's.
const CLIENTS: u32 = 32;
const SUPPORT: u32 = 8;
/// What everybody signs in with.
pub(super) const PASSWORD: &str = "a password of the load driver";

/// People who can sign in, by their rows.
pub(super) struct People {
    pub(super) admin: i64,
    pub(super) clients: Vec<i64>,
    pub(super) support: Vec<i64>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) username: String,
    pub(super) access: String,
}

/// Everybody who is signed in.
pub(super) struct Staff {
    pub(super) admin: User,
    pub(super) clients: Vec<User>,
    pub(super) support: Vec<User>,
    /// How many tickets there were before.
    pub(super) past: u32,
}

/// Makes them users. The plant's own admin, of the demo's records, has a WhatsApp number; this one has the desk.
pub(super) async fn hire(db: &Db) -> Result<People> {
    let hash = Passwords::new().hash(PASSWORD).await?;
    let names = |role: &'static str, count: u32| (0..count).map(move |nth| format!("{role}{nth}"));
    let admin = add(db, vec!["admin0".to_owned()], Role::Admin, &hash).await?;
    let clients = add(db, names("client", CLIENTS).collect(), Role::Client, &hash).await?;
    let support = add(db, names("support", SUPPORT).collect(), Role::Support, &hash).await?;
    Ok(People { admin: admin[0], clients, support })
}

async fn add(db: &Db, names: Vec<String>, role: Role, hash: &str) -> Result<Vec<i64>> {
    let hash = hash.to_owned();
    db.write(move |tx| {
        let (names, hash) = (names.clone(), hash.clone());
        Box::pin(async move {
            tx.hush();
            let mut ids = Vec::new();
            for username in names {
                let new = NewUser {
                    email: Some(format!("{username}@example.com")),
                    first_name: Some("Person".to_owned()),
                    last_name: Some(username.clone()),
                    username,
                    role,
                    phone_number: None,
                    whatsapp_number: None,
                    department: None,
                    language: "en".to_owned(),
                };
                ids.push(users::create(tx, &new, Some(&hash), None).await?);
            }
            Ok(ids)
        })
    })
    .await
}

impl People {
    /// Signs everybody in.
    pub(super) async fn sign_in(&self, address: SocketAddr, past: u32) -> io::Result<Staff> {
        let mut wire = Wire::connect(address).await?;
        let admin = enter(&mut wire, address, "admin0", self.admin).await?;
        let (mut clients, mut support) = (Vec::new(), Vec::new());
        for (nth, id) in self.clients.iter().enumerate() {
            clients.push(enter(&mut wire, address, &format!("client{nth}"), *id).await?);
        }
        for (nth, id) in self.support.iter().enumerate() {
            support.push(enter(&mut wire, address, &format!("support{nth}"), *id).await?);
        }
        Ok(Staff { admin, clients, support, past })
    }
}

async fn enter(wire: &mut Wire, address: SocketAddr, username: &str, id: i64) -> io::Result<User> {
    wire.send(&login(address, username)).await?;
    let answer = wire.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body: Value = serde_json::from_slice(answer.body)?;
    let access = body["access"].as_str().ok_or_else(|| io::Error::other(format!("no sign-in: {body}")))?;
    Ok(User { id, username: username.to_owned(), access: access.to_owned() })
}

/// The request with which somebody signs in.
pub(super) fn login(address: SocketAddr, username: &str) -> Vec<u8> {
    post(address, "/api/auth/login/", None, &json!({"username": username, "password": PASSWORD}))
}

/// A GET of somebody who is signed in.
pub(super) fn get(address: SocketAddr, path: &str, access: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {access}\r\nAccept: application/json\r\n\r\n"
    )
    .into_bytes()
}

/// A POST of JSON.
pub(super) fn post(address: SocketAddr, path: &str, access: Option<&str>, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let bearer = access.map_or(String::new(), |access| format!("Authorization: Bearer {access}\r\n"));
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{bearer}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
