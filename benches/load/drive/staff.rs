//! People of the desk, who sign in through the public door, and people who are known by their numbers and told by
//! WhatsApp; and what those who are signed in ask for.

use super::twilio::number;
use super::wire::Wire;
use andon::db::Db;
use andon::kit::{E164, Error, Result};
use andon::people::store::users::NewUser;
use andon::people::store::{NewPerson, Registered, register as register_people};
use andon::people::{Role, users};
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;

/// What everybody signs in with.
pub(crate) const PASSWORD: &str = "a password of the load driver";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) access: String,
}

/// What supervisors answer for.
const DEPARTMENT: &str = "Machining";

/// Makes users who have no number; answers with their rows.
pub(crate) async fn hire(db: &Db, names: Vec<String>, role: Role, hash: &str) -> Result<Vec<i64>> {
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
                    department: (role == Role::Supervisor).then(|| DEPARTMENT.to_owned()),
                    language: None,
                };
                ids.push(users::create(tx, &new, Some(&hash), None).await?);
            }
            Ok(ids)
        })
    })
    .await
}

/// Registers the numbers with these indices, whose people do not sign in; answers with their rows.
pub(crate) async fn register(db: &Db, indices: Range<u32>, role: Role) -> Result<Vec<i64>> {
    let person = |index| {
        let whatsapp = E164::parse(&number(index)).map_err(Error::internal)?;
        Ok(NewPerson { name: format!("Person {index}"), role, department: None, language: None, whatsapp })
    };
    let people: Vec<NewPerson> = indices.map(person).collect::<Result<_>>()?;
    let registered = db.write_with(people, |tx, people| {
        Box::pin(async move {
            tx.hush();
            register_people(tx, people).await
        })
    });
    let id = |registered| match registered {
        Registered::New(id) => id,
        Registered::Already(known) => known.person_id,
    };
    Ok(registered.await?.into_iter().map(id).collect())
}

/// Signs somebody in.
pub(crate) async fn sign_in(wire: &mut Wire, address: SocketAddr, username: &str, id: i64) -> io::Result<User> {
    wire.send(&login(address, username)).await?;
    let answer = wire.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body: Value = serde_json::from_slice(answer.body)?;
    let access = body["access"].as_str().ok_or_else(|| io::Error::other(format!("no sign-in: {body}")))?;
    Ok(User { id, username: username.to_owned(), access: access.to_owned() })
}

/// The request with which somebody signs in.
pub(crate) fn login(address: SocketAddr, username: &str) -> Vec<u8> {
    post(address, "/api/auth/login/", None, &json!({"username": username, "password": PASSWORD}))
}

/// The request that raises an incident with this title.
pub(crate) fn raise(address: SocketAddr, user: &User, title: &str) -> Vec<u8> {
    let body = json!({
        "project_name": "Web shop", "title": title, "priority": "HIGH", "category": "BUG",
        "description": "The checkout shows an error after the address was entered. It happens with every browser that \
                        we tried, since this morning, and customers call us about it.",
    });
    post(address, "/api/tickets/", Some(&user.access), &body)
}

/// A GET of somebody who is signed in.
pub(crate) fn get(address: SocketAddr, path: &str, access: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {access}\r\nAccept: application/json\r\n\r\n"
    )
    .into_bytes()
}

/// A POST of JSON.
pub(crate) fn post(address: SocketAddr, path: &str, access: Option<&str>, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let bearer = access.map_or(String::new(), |access| format!("Authorization: Bearer {access}\r\n"));
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{bearer}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
