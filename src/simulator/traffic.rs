//! What becomes of a message: a phone's message is told to Andon, Andon's message is sent, delivered, read.
//!
//! Each message's callbacks keep their order (unless a fault turns it round), messages do not wait for each
//! other. Everything under way is counted, so that [`Simulator::settle`] knows when it is quiet.

use super::faults::PostFault;
use super::state::Message;
use super::wire::{self, Body, Post};
use super::{Incoming, Pace, Provider, Sent, Side, Simulator, meta_wire, rules, sid};
use crate::channels::{Medium, Status};
use crate::kit::E164;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a human-paced message takes until it is sent.
const UNTIL_SENT: Duration = Duration::from_millis(150);
/// How long it takes from there until it is delivered.
const UNTIL_DELIVERED: Duration = Duration::from_millis(250);
/// How long a held webhook waits for another one to overtake it.
const MAX_HELD: Duration = Duration::from_secs(5);

/// Counts what is under way.
#[derive(Default)]
pub(super) struct InFlight {
    count: AtomicUsize,
    quiet: Notify,
}

impl InFlight {
    /// Waits until nothing is under way.
    pub(super) async fn settled(&self) {
        loop {
            let quiet = self.quiet.notified();
            if self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            quiet.await;
        }
    }
}

/// One thing under way, from its making to its drop.
struct UnderWay(Simulator);

impl UnderWay {
    fn new(simulator: &Simulator) -> Self {
        simulator.inner.in_flight.count.fetch_add(1, Ordering::SeqCst);
        Self(simulator.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let in_flight = &self.0.inner.in_flight;
        if in_flight.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            in_flight.quiet.notify_waiters();
        }
    }
}

impl Simulator {
    /// Keeps what a phone wrote and tells Andon, by a signed webhook. Returns when Andon has answered.
    ///
    /// The message is in Twilio's list whether or not its webhook arrives.
    pub async fn send(&self, incoming: Incoming) -> Sent {
        let (sid, post) = self.take_in(&incoming);
        let under_way = UnderWay::new(self);
        let simulator = self.clone();
        let told = sid.clone();
        // A task of its own: a caller that goes away must not stop the webhook half way.
        let task = tokio::spawn(async move {
            let _under_way = under_way;
            simulator.tell_andon(&told, post).await
        });
        let webhook = task.await.ok().flatten();
        Sent { sid, webhook }
    }

    fn take_in(&self, incoming: &Incoming) -> (String, Post) {
        let prefix = if incoming.media.is_empty() { "SM" } else { "MM" };
        let meta = self.meta_for(incoming);
        let mut message = Message::new(
            sid(if meta.is_some() { "wamid." } else { prefix }),
            incoming.from.clone(),
            Side::Out,
            incoming.medium,
            incoming.text.clone(),
            self.now(),
        );
        message.media = incoming.media.iter().map(|file| self.attachment(&message.sid, file)).collect();
        message.place.clone_from(&incoming.place);
        message.quoted.clone_from(&incoming.quoted);
        let sid = message.sid.clone();
        let mut book = self.book();
        let name = incoming.profile_name.clone().unwrap_or_else(|| book.phone(&incoming.from).name.clone());
        let sender = self.sender_on(incoming.medium);
        let (url, body) = if let Some(meta) = meta {
            message.provider = Provider::Meta;
            let body = meta_wire::inbound(&message, incoming, &name, meta, sender);
            (meta.webhook_url.clone(), Body::Json(body))
        } else {
            let form = wire::inbound(&message, incoming, &name, self.account_sid(), sender);
            (self.inner.setup.webhook_url.clone(), Body::Form(form))
        };
        book.keep(message);
        drop(book);
        self.announce(&sid);
        (sid, Post { url, body, token: crate::kit::token::fresh() })
    }

    async fn tell_andon(&self, sid: &str, post: Post) -> Option<u16> {
        let fault = self.book().faults.take_webhook();
        if fault.is_some() {
            self.announce_faults();
        }
        match fault {
            Some(PostFault::Drop) => {
                self.note(sid, "Lost on the way: Andon was not told.");
                None
            }
            Some(PostFault::Reorder) if self.hold(sid, &post) => None,
            Some(PostFault::Repeat { times }) => {
                let answered = self.knock(sid, &post).await;
                for _ in 0..times {
                    self.knock(sid, &post).await;
                }
                self.release_held().await;
                answered
            }
            _ => {
                let answered = self.knock(sid, &post).await;
                self.release_held().await;
                answered
            }
        }
    }

    /// Posts the webhook and notes on the message what came of it.
    async fn knock(&self, sid: &str, post: &Post) -> Option<u16> {
        let answer = self.inner.wire.post(post).await;
        match &answer {
            Some(answer) if (200..300).contains(&answer.status) => {
                self.advance(sid, Status::Delivered, None);
                for text in wire::twiml_messages(&answer.body) {
                    self.take_twiml_reply(sid, text);
                }
            }
            Some(answer) => self.note(sid, &format!("Not delivered: Andon answered {}.", answer.status)),
            None => self.note(sid, "Not delivered: Andon did not answer."),
        }
        answer.map(|answer| answer.status)
    }

    /// Holds the webhook until another has gone; `false` when one is held already.
    fn hold(&self, sid: &str, post: &Post) -> bool {
        {
            let mut book = self.book();
            if book.held.is_some() {
                return false;
            }
            book.held = Some((sid.to_owned(), post.clone()));
        }
        self.note(sid, "Held back until one more message has gone.");
        let (simulator, held) = (self.clone(), sid.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(MAX_HELD).await;
            let still_held = simulator.book().held.as_ref().is_some_and(|(sid, _)| *sid == held);
            if still_held {
                simulator.release_held().await;
            }
        });
        true
    }

    /// Sends the webhook that was held, if any.
    pub(super) async fn release_held(&self) {
        let held = self.book().held.take();
        if let Some((sid, post)) = held {
            let _under_way = UnderWay::new(self);
            self.clear_note(&sid);
            self.knock(&sid, &post).await;
        }
    }

    fn take_twiml_reply(&self, to: &str, text: String) {
        let mut message = {
            let book = self.book();
            let Some(asked) = book.message(to) else { return };
            Message::new(sid("SM"), asked.phone.clone(), Side::In, asked.medium, text, self.now())
        };
        message.is_twiml_reply = true;
        let sid = message.sid.clone();
        self.book().keep(message);
        self.start_life(&sid, None);
    }

    /// Lets a message of Andon's be sent and delivered, or fail with `fails_with` after it was taken.
    pub(super) fn start_life(&self, sid: &str, fails_with: Option<i32>) {
        self.announce(sid);
        let under_way = UnderWay::new(self);
        let (simulator, sid) = (self.clone(), sid.to_owned());
        tokio::spawn(async move {
            let _under_way = under_way;
            simulator.live(&sid, fails_with).await;
        });
    }

    async fn live(&self, sid: &str, fails_with: Option<i32>) {
        let (turn, backwards) = {
            let book = self.book();
            let Some(message) = book.message(sid) else { return };
            (message.turn.clone(), message.callback_fault == Some(PostFault::Reorder))
        };
        let _turn = turn.lock().await;
        let fails_with = if fails_with.is_none() { self.fetch_files(sid).await } else { fails_with };
        // A carrier's code (3xxxx) comes after the message has left; a channel's (63xxx) instead of it.
        let steps: &[(Duration, Status)] = match fails_with {
            None if backwards => {
                &[(UNTIL_SENT, Status::Sent), (UNTIL_DELIVERED, Status::Delivered), (Duration::ZERO, Status::Read)]
            }
            None => &[(UNTIL_SENT, Status::Sent), (UNTIL_DELIVERED, Status::Delivered)],
            Some(30_000..40_000) => &[(UNTIL_SENT, Status::Sent), (UNTIL_DELIVERED, Status::Failed)],
            Some(_) => &[(UNTIL_SENT, Status::Failed)],
        };
        for (wait, status) in steps {
            self.pause(*wait).await;
            self.advance(sid, *status, fails_with.filter(|_| *status == Status::Failed));
            if !backwards {
                self.call_back(sid, *status).await;
            }
        }
        if backwards {
            for (_, status) in steps.iter().rev() {
                self.call_back(sid, *status).await;
            }
        }
    }

    /// Marks everything delivered to this phone as read, as a person who opens the chat does.
    pub fn read(&self, phone: &E164) {
        let unread: Vec<_> = {
            let book = self.book();
            let delivered = |message: &&Message| {
                message.side == Side::In && message.status == Status::Delivered && message.medium == Medium::Whatsapp
            };
            book.of_phone(phone).filter(delivered).map(|message| (message.sid.clone(), message.turn.clone())).collect()
        };
        for (sid, turn) in unread {
            let under_way = UnderWay::new(self);
            let simulator = self.clone();
            self.advance(&sid, Status::Read, None);
            tokio::spawn(async move {
                let _under_way = under_way;
                let _turn = turn.lock().await;
                simulator.call_back(&sid, Status::Read).await;
            });
        }
    }

    /// Shows a phone that its message was read.
    pub(super) fn was_read(&self, sid: &str) {
        let is_a_phones = self.book().message(sid).is_some_and(|message| message.side == Side::Out);
        if is_a_phones {
            self.advance(sid, Status::Read, None);
        }
    }

    /// Sends the status callback, as often as the message's fault says.
    async fn call_back(&self, sid: &str, status: Status) {
        let (post, copies) = {
            let book = self.book();
            let Some(message) = book.message(sid) else { return };
            let sender = self.sender_on(message.medium);
            let (url, body) = match (&self.inner.setup.meta, message.provider, &message.callback) {
                (Some(meta), Provider::Meta, _) => {
                    (meta.webhook_url.clone(), Body::Json(meta_wire::status(message, status, meta, sender)))
                }
                (_, Provider::Twilio, Some(url)) => {
                    (url.clone(), Body::Form(wire::callback(message, status, self.account_sid(), sender)))
                }
                _ => return,
            };
            let copies = match message.callback_fault {
                Some(PostFault::Drop) => 0,
                Some(PostFault::Repeat { times }) => times + 1,
                _ => 1,
            };
            (Post { url, body, token: crate::kit::token::fresh() }, copies)
        };
        for _ in 0..copies {
            self.inner.wire.post(&post).await;
        }
    }

    fn advance(&self, sid: &str, status: Status, fails_with: Option<i32>) {
        let now = self.now();
        if let Some(message) = self.book().message_mut(sid) {
            if status.rank() <= message.status.rank() {
                return;
            }
            message.status = status;
            message.error = fails_with.map(|code| (code, rules::failure_text(code).to_owned()));
            message.note = None;
            message.sent_at = message.sent_at.or(Some(now));
            message.updated_at = now;
        }
        self.announce(sid);
    }

    /// Notes on a phone's own message why it did not arrive; one that did arrive keeps its ticks.
    fn note(&self, sid: &str, why: &str) {
        if let Some(message) = self.book().message_mut(sid)
            && message.status == Status::Sent
        {
            message.note = Some(why.to_owned());
        }
        self.announce(sid);
    }

    fn clear_note(&self, sid: &str) {
        if let Some(message) = self.book().message_mut(sid) {
            message.note = None;
        }
    }

    /// Waits, unless the pace is instant.
    pub(super) async fn pause(&self, wait: Duration) {
        if self.inner.setup.pace == Pace::Human {
            tokio::time::sleep(wait).await;
        }
    }
}
