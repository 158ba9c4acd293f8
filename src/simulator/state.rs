//! What the simulator remembers: phones, their messages, a few files. In memory only, and bounded: the oldest
//! give way.

use super::faults::{Faults, PostFault};
use super::mail::{Letter, MAX_LETTERS};
use super::wire::Post;
use super::{Attachment, Bubble, Provider, Side};
use crate::channels::taps::Shown;
use crate::channels::{Medium, Place, Status};
use crate::kit::{E164, Instant};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// The most phones; beyond, the oldest added one goes.
pub(super) const MAX_PHONES: usize = 10_000;
/// The most messages a phone keeps.
pub(super) const MAX_MESSAGES_PER_PHONE: usize = 2_000;
/// The most messages that all phones keep together.
const MAX_MESSAGES: usize = 100_000;
/// How many bytes of files are kept.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// The phones that are there from the start. The same numbers are the demo's people.
const KNOWN: [(&str, &str); 10] = [
    ("+12025550101", "Operator"),
    ("+12025550102", "Supervisor"),
    ("+12025550103", "Admin"),
    ("+12025550104", "Support"),
    ("+12025550105", "Client"),
    ("+12025550111", "Operario español"),
    ("+12025550112", "Opérateur français"),
    ("+12025550113", "Operador português"),
    ("+12025550114", "عامل الإنتاج"),
    ("+12025550199", "A stranger"),
];

/// A phone that can write and be written to.
pub(super) struct Phone {
    pub(super) number: E164,
    pub(super) name: String,
    added: u64,
    stays: bool,
    messages: VecDeque<u64>,
    /// When it last wrote to the plant.
    pub(super) wrote_at: Option<Instant>,
}

/// One message, as Twilio would keep it and as the phone shows it.
pub(super) struct Message {
    pub(super) sid: String,
    pub(super) phone: E164,
    pub(super) side: Side,
    pub(super) medium: Medium,
    /// Whose it is.
    pub(super) provider: Provider,
    /// What comes back with Meta's statuses.
    pub(super) opaque: Option<String>,
    /// Whether it went by a template.
    pub(super) is_template: bool,
    /// An answer given as `TwiML` rather than by the API.
    pub(super) is_twiml_reply: bool,
    pub(super) text: String,
    pub(super) media: Vec<Attachment>,
    pub(super) place: Option<Place>,
    pub(super) quoted: Option<String>,
    pub(super) status: Status,
    pub(super) error: Option<(i32, String)>,
    pub(super) note: Option<String>,
    pub(super) choices: Option<Shown>,
    pub(super) created_at: Instant,
    pub(super) sent_at: Option<Instant>,
    pub(super) updated_at: Instant,
    pub(super) callback: Option<String>,
    pub(super) callback_fault: Option<PostFault>,
    pub(super) messaging_service: Option<String>,
    /// Held while the message's callbacks are sent, so that they keep their order.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

impl Message {
    /// A message of now with nothing but a text.
    pub(super) fn new(sid: String, phone: E164, side: Side, medium: Medium, text: String, now: Instant) -> Self {
        Self {
            sid,
            phone,
            side,
            medium,
            provider: Provider::Twilio,
            opaque: None,
            is_template: false,
            is_twiml_reply: false,
            text,
            media: Vec::new(),
            place: None,
            quoted: None,
            status: if side == Side::Out { Status::Sent } else { Status::Queued },
            error: None,
            note: None,
            choices: None,
            created_at: now,
            sent_at: (side == Side::Out).then_some(now),
            updated_at: now,
            callback: None,
            callback_fault: None,
            messaging_service: None,
            turn: Arc::default(),
        }
    }

    /// The message as the phone shows it.
    pub(super) fn bubble(&self) -> Bubble {
        Bubble {
            sid: self.sid.clone(),
            side: self.side,
            medium: self.medium,
            provider: self.provider,
            text: self.text.clone(),
            at: self.created_at,
            status: self.status,
            error_code: self.error.as_ref().map(|(code, _)| *code),
            error_text: self.error.as_ref().map(|(_, text)| text.clone()),
            media: self.media.clone(),
            place: self.place.clone(),
            quoted: self.quoted.clone(),
            note: self.note.clone(),
            choices: self.choices.clone(),
        }
    }
}

/// A file that a phone sent.
pub(super) struct File {
    pub(super) sid: String,
    pub(super) content_type: String,
    pub(super) bytes: Arc<[u8]>,
}

/// Everything the simulator remembers.
pub(super) struct Book {
    phones: HashMap<E164, Phone>,
    messages: BTreeMap<u64, Message>,
    by_sid: HashMap<String, u64>,
    files: VecDeque<File>,
    letters: VecDeque<Letter>,
    /// What was made at Twilio's Content API, by its id.
    pub(super) contents: HashMap<String, serde_json::Value>,
    next: u64,
    pub(super) faults: Faults,
    /// A webhook that waits for the next one to overtake it.
    pub(super) held: Option<(String, Post)>,
}

impl Book {
    /// A book with the phones known at start.
    pub(super) fn new() -> Self {
        let mut book = Self {
            phones: HashMap::new(),
            messages: BTreeMap::new(),
            by_sid: HashMap::new(),
            files: VecDeque::new(),
            letters: VecDeque::new(),
            contents: HashMap::new(),
            next: 0,
            faults: Faults::default(),
            held: None,
        };
        for (number, name) in KNOWN {
            let number = E164::parse(number).expect("the numbers known at start are in E.164 form");
            name.clone_into(&mut book.phone(&number).name);
        }
        for phone in book.phones.values_mut() {
            phone.stays = true;
        }
        book
    }

    /// The phone of this number; a new number gets one.
    pub(super) fn phone(&mut self, number: &E164) -> &mut Phone {
        if !self.phones.contains_key(number) && self.phones.len() >= MAX_PHONES {
            self.drop_oldest_phone();
        }
        let next = &mut self.next;
        self.phones.entry(number.clone()).or_insert_with(|| {
            *next += 1;
            Phone {
                number: number.clone(),
                name: String::new(),
                added: *next,
                stays: false,
                messages: VecDeque::new(),
                wrote_at: None,
            }
        })
    }

    /// Whether there is a phone of this number.
    pub(super) fn has_phone(&self, number: &E164) -> bool {
        self.phones.contains_key(number)
    }

    /// All phones, in the order they were added.
    pub(super) fn phones(&self) -> Vec<&Phone> {
        let mut phones: Vec<_> = self.phones.values().collect();
        phones.sort_by_key(|phone| phone.added);
        phones
    }

    /// Keeps a message, at its phone and for the list.
    pub(super) fn keep(&mut self, message: Message) {
        self.next += 1;
        let number = self.next;
        let phone = self.phone(&message.phone);
        phone.messages.push_back(number);
        if message.side == Side::Out {
            phone.wrote_at = Some(message.created_at);
        }
        let too_many = phone.messages.len() > MAX_MESSAGES_PER_PHONE;
        let oldest_there = phone.messages.front().copied();
        self.by_sid.insert(message.sid.clone(), number);
        self.messages.insert(number, message);
        if let Some(oldest) = oldest_there.filter(|_| too_many) {
            self.drop_message(oldest);
        }
        let full = self.messages.len() > MAX_MESSAGES;
        if let Some(oldest) = self.messages.keys().next().copied().filter(|_| full) {
            self.drop_message(oldest);
        }
    }

    /// The message with this id.
    pub(super) fn message(&self, sid: &str) -> Option<&Message> {
        self.by_sid.get(sid).and_then(|number| self.messages.get(number))
    }

    /// The message with this id, to change.
    pub(super) fn message_mut(&mut self, sid: &str) -> Option<&mut Message> {
        self.by_sid.get(sid).and_then(|number| self.messages.get_mut(number))
    }

    /// A phone's messages, oldest first.
    pub(super) fn of_phone(&self, number: &E164) -> impl DoubleEndedIterator<Item = &Message> {
        let numbers = self.phones.get(number).map(|phone| &phone.messages).into_iter().flatten();
        numbers.filter_map(|number| self.messages.get(number))
    }

    /// All messages numbered below `before`, newest first, each with its number.
    pub(super) fn newest_first(&self, before: Option<u64>) -> impl Iterator<Item = (u64, &Message)> {
        self.messages.range(..before.unwrap_or(u64::MAX)).rev().map(|(number, message)| (*number, message))
    }

    /// Keeps a file; the oldest files give way.
    pub(super) fn keep_file(&mut self, file: File) {
        self.files.push_back(file);
        while self.files.iter().map(|file| file.bytes.len()).sum::<usize>() > MAX_FILE_BYTES {
            self.files.pop_front();
        }
    }

    /// The file with this id.
    pub(super) fn file(&self, sid: &str) -> Option<&File> {
        self.files.iter().find(|file| file.sid == sid)
    }

    /// Keeps an e-mail under the next number; the oldest gives way.
    pub(super) fn keep_letter(&mut self, letter: Letter) -> Letter {
        self.next += 1;
        let letter = Letter { number: self.next, ..letter };
        self.letters.push_back(letter.clone());
        if self.letters.len() > MAX_LETTERS {
            self.letters.pop_front();
        }
        letter
    }

    /// The e-mails, oldest first.
    pub(super) fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.iter()
    }

    fn drop_message(&mut self, number: u64) {
        if let Some(message) = self.messages.remove(&number) {
            self.by_sid.remove(&message.sid);
            if let Some(phone) = self.phones.get_mut(&message.phone) {
                phone.messages.retain(|kept| *kept != number);
            }
        }
    }

    fn drop_oldest_phone(&mut self) {
        let oldest = self.phones.values().filter(|phone| !phone.stays).min_by_key(|phone| phone.added);
        let Some(number) = oldest.map(|phone| phone.number.clone()) else { return };
        for message in self.phones.remove(&number).map(|phone| phone.messages).unwrap_or_default() {
            self.drop_message(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    fn number(nth: usize) -> E164 {
        E164::parse(&format!("+4477009{nth:05}")).expect("well formed")
    }

    fn incoming(nth: usize, phone: &E164) -> Message {
        Message::new(
            format!("SM{nth}"),
            phone.clone(),
            Side::In,
            Medium::Whatsapp,
            nth.to_string(),
            Clock::System.now(),
        )
    }

    #[test]
    fn a_phone_keeps_its_newest_2000_messages() {
        let (mut book, phone) = (Book::new(), number(1));
        for nth in 0..MAX_MESSAGES_PER_PHONE + 3 {
            book.keep(incoming(nth, &phone));
        }
        assert_eq!(book.of_phone(&phone).count(), MAX_MESSAGES_PER_PHONE);
        assert_eq!(book.of_phone(&phone).next().map(|message| message.text.as_str()), Some("3"));
        assert!(book.message("SM2").is_none());
        assert_eq!(book.messages.len(), book.by_sid.len());
    }

    #[test]
    fn the_oldest_phone_gives_way_but_the_known_ones_stay() {
        let mut book = Book::new();
        book.keep(incoming(1, &number(0)));
        for nth in 0..MAX_PHONES {
            book.phone(&number(nth));
        }
        assert_eq!(book.phones.len(), MAX_PHONES);
        assert!(!book.has_phone(&number(0)));
        assert!(book.message("SM1").is_none());
        assert_eq!(book.phones()[0].name, "Operator");
    }
}
