//! Notices written: for whoever is to be told, on which medium, in which words, and when.

use super::model::{Happened, Wishes, quiet_until};
use super::scene::Scene;
use super::store::{self, Places};
use super::taps;
use super::words::{Telling, Words};
use crate::app::App;
use crate::channels::Medium;
use crate::config::Rules;
use crate::db::Tx;
use crate::delivery::store::{NewNotice, Way, held};
use crate::kit::{Instant, Result};
use crate::outbox::Urgency;
use chrono::TimeDelta;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Somebody is to be told of an event.
pub(super) struct Ask<'a> {
    pub(super) happened: &'a Happened<'a>,
    pub(super) person_id: i64,
    /// The file of the words.
    pub(super) words: &'static str,
    /// The media on which they were told and that is not enough; none where they were not told yet, at the desk either.
    pub(super) tried: Option<&'a BTreeSet<Medium>>,
}

/// The notices that these asks come to. Whoever is not active is not told. A fixed number of statements.
pub(super) async fn notices(app: &App, tx: &Tx, scene: &Scene<'_>, asks: &[Ask<'_>]) -> Result<Vec<NewNotice>> {
    if asks.is_empty() {
        return Ok(Vec::new());
    }
    let rules = app.rules();
    let told: BTreeSet<i64> = asks.iter().map(|ask| ask.person_id).collect();
    let spoken_of: BTreeSet<i64> = told.iter().copied().chain(scene.spoken_of()).collect();
    let people = store::people(tx, &spoken_of.into_iter().collect::<Vec<_>>()).await?;
    let active: Vec<&store::Person> =
        told.iter().filter_map(|id| people.get(id)).filter(|person| person.row.is_active).collect();
    let is_carried = |medium| app.carrier(medium).is_some();
    let places = Places::of(tx, &active, is_carried).await?;
    let own = store::wishes::of(tx.conn(), active.iter().map(|person| person.row.id)).await?;
    let usual = Wishes::usual(rules.quiet_hours);
    let wishes = |person_id: i64| own.get(&person_id).map_or_else(|| usual.clone(), |own| own.wishes(&usual));

    let none = BTreeSet::new();
    let mut chosen: Vec<(&Ask<'_>, &store::Person, Way, Wishes)> = Vec::new();
    for ask in asks {
        let Some(person) = people.get(&ask.person_id).filter(|person| person.row.is_active) else { continue };
        let (wishes, urgency) = (wishes(ask.person_id), ask.urgency(scene));
        let (has, tried) = (|medium| places.has(ask.person_id, medium), ask.tried.unwrap_or(&none));
        let only_by = ask.happened.notice.only_by;
        let next = match only_by {
            Some(medium) => Some(medium).filter(|one| has(*one) && is_carried(*one) && !tried.contains(one)),
            None => wishes.next(urgency, tried, has, is_carried),
        };
        let is_at_desk = only_by.is_none() && ask.tried.is_none() && person.row.username.is_some();
        let (next, desk) = (next.map(Way::Carried), is_at_desk.then_some(Way::Desk));
        chosen.extend([desk, next].into_iter().flatten().map(|way| (ask, person, way, wishes.clone())));
    }
    let ways: BTreeSet<(i64, Way)> = chosen.iter().map(|(ask, _, way, _)| (ask.person_id, *way)).collect();
    let rows = places.rows(tx, &ways).await?;
    let digest = rules.digest;
    let mut diary = Diary { now: tx.now(), digest, places: &places, told: HashSet::new() };

    let day = tx.now().with_timezone(&app.settings.timezone).date_naive();
    let mut words: HashMap<i64, Words> = HashMap::new();
    let wording = app.wording();
    let mut made = Vec::with_capacity(chosen.len());
    for (ask, person, way, wishes) in chosen {
        let one = ask.happened;
        let Some(address_id) = rows.get(&(ask.person_id, way)).copied() else { continue };
        let ticket = scene.ticket(one);
        let words = words.entry(one.event_id).or_insert_with(|| Words::of(app, one, ticket, scene.facts(one), &people));
        let vars = words.for_person(&wording, person);
        let language = &person.row.language;
        let telling = Telling { wording: &wording, language, file: ask.words, vars: &vars };
        let urgency = ask.urgency(scene);
        let quiet = quiet_until(wishes.quiet_hours, tx.now(), app.settings.timezone);
        // What goes by one medium only was asked for at its hour; together with others it would be a line.
        let is_never_held = way == Way::Desk || one.notice.only_by.is_some();
        let held_until = if is_never_held { None } else { diary.hold((ask.person_id, way), urgency, quiet) };
        made.push(NewNotice {
            event_id: one.event_id,
            ticket_id: one.ticket_id,
            person_id: ask.person_id,
            address_id,
            way,
            words: ask.words,
            urgency,
            template: (way == Way::Carried(Medium::Whatsapp))
                .then(|| telling.template(&app.settings.notices.templates))
                .flatten(),
            held_until,
            fallback_at: fallback_at(app, &rules, way, urgency, held_until.unwrap_or(tx.now())),
            subject: telling.subject(),
            body: telling.body(way, app.max_chars()),
            rich: ticket
                .filter(|_| way == Way::Carried(Medium::Whatsapp) && app.settings.has_taps)
                .and_then(|ticket| taps::under(&wording, language, ask.words, &ticket.row.reference)),
            day,
        });
    }
    let told: Vec<i64> = diary.told.iter().filter_map(|whom| rows.get(whom)).copied().collect();
    held::note_low(tx, &told).await?;
    Ok(made)
}

impl Ask<'_> {
    fn urgency(&self, scene: &Scene<'_>) -> Urgency {
        self.happened.urgency(scene.ticket(self.happened))
    }
}

/// When the next medium is thought of where this one does not say that the notice arrived; none where it never says.
fn fallback_at(app: &App, rules: &Rules, way: Way, urgency: Urgency, from: Instant) -> Option<Instant> {
    let Way::Carried(medium) = way else { return None };
    let patience = match urgency {
        Urgency::Urgent => rules.patience_urgent,
        Urgency::Normal => rules.patience_normal,
        Urgency::Low => None,
    };
    let tells = app.carriers(medium).iter().any(|channel| channel.tells_arrival(medium));
    patience.filter(|_| tells).map(|patience| from + patience)
}

/// Since when what is low waits for company, by whom it is told and how.
struct Diary<'a> {
    now: Instant,
    digest: Option<TimeDelta>,
    places: &'a Places,
    /// Those who are told something low in this set.
    told: HashSet<(i64, Way)>,
}

impl Diary<'_> {
    /// Until when a notice is held: through the person's quiet hours, and what is low for company.
    fn hold(&mut self, whom: (i64, Way), urgency: Urgency, quiet_until: Option<Instant>) -> Option<Instant> {
        if urgency == Urgency::Urgent {
            return None;
        }
        let company = self.digest.filter(|_| urgency == Urgency::Low).and_then(|digest| {
            let last = if self.told.contains(&whom) { Some(self.now) } else { self.places.told_low_at(whom.0, whom.1) };
            last.map(|last| last + digest).filter(|until| *until > self.now)
        });
        let until = quiet_until.max(company);
        if urgency == Urgency::Low && until.is_none() {
            self.told.insert(whom);
        }
        until
    }
}
