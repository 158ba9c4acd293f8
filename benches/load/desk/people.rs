//! Who is at the desk: an admin, a supervisor, clients and support people, each signed in through the public door.

use crate::drive::staff::{self, PASSWORD, User};
use crate::drive::wire::Wire;
use andon::db::Db;
use andon::kit::Result;
use andon::people::Role;
use andon::proof::Passwords;
use std::io;
use std::net::SocketAddr;

/// How many there are of each; a connection is one person's.
const CLIENTS: u32 = 32;
const SUPPORT: u32 = 8;

/// People who can sign in, by their rows.
pub(super) struct People {
    pub(super) admin: i64,
    pub(super) clients: Vec<i64>,
    pub(super) support: Vec<i64>,
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
    let admin = staff::hire(db, vec!["admin0".to_owned()], Role::Admin, &hash).await?;
    staff::hire(db, vec!["supervisor0".to_owned()], Role::Supervisor, &hash).await?;
    let clients = staff::hire(db, names("client", CLIENTS).collect(), Role::Client, &hash).await?;
    let support = staff::hire(db, names("support", SUPPORT).collect(), Role::Support, &hash).await?;
    Ok(People { admin: admin[0], clients, support })
}

impl People {
    /// Signs everybody in.
    pub(super) async fn sign_in(&self, address: SocketAddr, past: u32) -> io::Result<Staff> {
        let mut wire = Wire::connect(address).await?;
        let admin = staff::sign_in(&mut wire, address, "admin0", self.admin).await?;
        let (mut clients, mut support) = (Vec::new(), Vec::new());
        for (nth, id) in self.clients.iter().enumerate() {
            clients.push(staff::sign_in(&mut wire, address, &format!("client{nth}"), *id).await?);
        }
        for (nth, id) in self.support.iter().enumerate() {
            support.push(staff::sign_in(&mut wire, address, &format!("support{nth}"), *id).await?);
        }
        Ok(Staff { admin, clients, support, past })
    }
}
