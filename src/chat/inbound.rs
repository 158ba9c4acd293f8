//! The message step: a set of messages becomes states, effects and replies, in one transaction.
//!
//! A crash at any point leaves all or nothing; a message that was here before finds its row and changes nothing.
//! One person's messages are handled in the order they arrived: round *k* takes the *k*-th new message of each
//! person. Statements ≤ a + b × rounds × kinds of action, whatever the number of messages.

use super::Ways;
use super::actions;
use super::asking::{asker, input, offer, spot, viewer, wants};
use super::consent;
use super::enclosing;
use super::engine::{self, Finished, Say};
use super::extras::{Enclosure, Extra};
use super::flow::Flows;
use super::late;
use super::lookups;
use super::numbers;
use super::offers::Offer;
use super::opening::{self, open_chats};
use super::pace::Pace;
use super::quoted;
use super::reading::{Answered, Reading};
use super::records::Lookup;
use super::reply::reply;
use super::session::Session;
use super::silence::{self, AtTheDesk};
use super::store::{self, Kept};
use super::went::Forms;
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Inbound, Medium};
use crate::db::{Batch, Change, Door, Tx};
use crate::delivery::{self, NewDelivery};
use crate::files::{self, store::Awaited};
use crate::kit::metrics::Stopwatch;
use crate::kit::{Instant, Result, token};
use crate::people::store::{Caller, Heard, Known};
use crate::people::{self};
use crate::tickets::model::Viewer;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The most messages in one set.
const MOST: usize = 256;

/// What became of a message at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored, handled and answered.
    New,
    /// It was here before; nothing changed.
    Known,
}

/// The queue in front of the message step.
pub fn start(app: &App, ways: &Ways) -> Batch<Inbound, Taken> {
    let (app, ways, reading) = (app.clone(), ways.clone(), Reading::new(app));
    Batch::start(
        MOST,
        || Duration::ZERO,
        move |messages: Arc<Vec<Inbound>>| {
            let (app, ways, reading) = (app.clone(), ways.clone(), reading.clone());
            Box::pin(async move {
                let took = Stopwatch::start();
                let (taken, people, answered) = app
                    .db
                    .through(Door::Chat)
                    .write_with((app.clone(), ways, messages), |tx, (app, ways, messages)| {
                        Box::pin(handle(app, ways, tx, messages))
                    })
                    .await?;
                app.metrics.message_step(taken.len(), took);
                app.tide.brings(taken.len());
                reading.show(answered);
                app.bus.poke(Poke::Dispatch);
                app.bus.tell_desk(people.iter().copied().map(Change::Conversation));
                app.bus.changed(people);
                Ok(taken)
            })
        },
    )
}

/// A message that is new, or whose turn has come, with who wrote it.
pub(super) struct Fresh<'a> {
    pub(super) row: i64,
    pub(super) inbound: &'a Inbound,
    pub(super) known: &'a Known,
}

/// A conversation in the middle of the step.
pub(super) struct Chat {
    pub(super) session: Session,
    pub(super) version: i32,
    pub(super) address_id: i64,
    pub(super) dormant: bool,
    /// When the session began.
    pub(super) created_at: Instant,
    /// How fast the person is answered.
    pub(super) pace: Pace,
    /// What the desk has to do with it.
    pub(super) desk: AtTheDesk,
}

/// A message whose turn has been computed and whose reply is being put together.
struct Turn<'a> {
    fresh: &'a Fresh<'a>,
    say: Vec<Say>,
    finished: Option<Finished>,
    enclosure: Option<Enclosure>,
    forms: Forms,
}

/// Handles a set of messages. Answers in their order, with the people whose new messages they are, and with those that
/// are answered.
async fn handle(
    app: &App,
    ways: &Ways,
    tx: &Tx,
    messages: &[Inbound],
) -> Result<(Vec<Taken>, Vec<i64>, Vec<Answered>)> {
    let messages = &*quoted::understood(tx, messages).await?;
    let people = greet(tx, messages).await?;
    people::store::lock(tx, people.values().map(|known| known.person_id).collect()).await?;
    let mut seen = HashSet::new();
    let mut firsts = Vec::with_capacity(messages.len());
    let mut origin = Vec::with_capacity(messages.len());
    for (index, inbound) in messages.iter().enumerate() {
        let known = people.get(&(inbound.medium, inbound.from.as_str().to_owned()));
        let is_first = seen.insert((inbound.channel, inbound.provider_id.as_str()));
        if let Some(known) = known.filter(|_| is_first) {
            firsts.push((inbound, known));
            origin.push(index);
        }
    }
    let rows = store::insert_new(tx, &token::fresh(), &firsts).await?;
    let mut taken = vec![Taken::Known; messages.len()];
    let mut fresh = Vec::with_capacity(rows.len());
    for (position, (inbound, known)) in firsts.iter().enumerate() {
        if let Some(&row) = rows.get(&position) {
            taken[origin[position]] = Taken::New;
            fresh.push(Fresh { row, inbound, known });
        }
    }
    let sources: HashMap<i64, &Inbound> = fresh.iter().map(|fresh| (fresh.row, fresh.inbound)).collect();
    let mut answered = Vec::new();
    let writers = fresh.iter().map(|fresh| fresh.known.person_id).collect();
    if !fresh.is_empty() {
        hear(tx, &fresh).await?;
        let (texts, chats): (Vec<Fresh<'_>>, Vec<Fresh<'_>>) =
            fresh.into_iter().partition(|fresh| fresh.inbound.medium == Medium::Sms);
        consent::keep(tx, &consent::said_by_text(&texts)).await?;
        let mut replies = answer_texts(app, &texts);
        replies.extend(converse(app, ways, tx, chats).await?);
        let told = replies.iter().filter_map(|reply| sources.get(&reply.message_id?));
        answered = told.map(|inbound| (inbound.channel, inbound.provider_id.clone())).collect();
        delivery::enqueue(tx, replies, app.max_chars()).await?;
    }
    Ok((taken, writers, answered))
}

/// Who wrote, one set a medium; those not known yet are known afterwards.
async fn greet(tx: &Tx, messages: &[Inbound]) -> Result<HashMap<(Medium, String), Known>> {
    let mut people = HashMap::new();
    for medium in [Medium::Whatsapp, Medium::Sms] {
        let callers: Vec<Caller> = messages
            .iter()
            .filter(|message| message.medium == medium)
            .map(|message| Caller {
                medium,
                from: message.from.clone(),
                profile_name: message.profile_name.clone(),
                user_id: message.user_id.clone(),
            })
            .collect();
        if !callers.is_empty() {
            let known = people::store::greet(tx, medium, &callers).await?;
            people.extend(known.into_iter().map(|(value, known)| ((medium, value), known)));
        }
    }
    Ok(people)
}

/// Keeps when each address last wrote. A message that was fetched late was written when the provider says.
async fn hear(tx: &Tx, fresh: &[Fresh<'_>]) -> Result<()> {
    let mut heard: HashMap<i64, Heard<'_>> = HashMap::new();
    for Fresh { inbound, known, .. } in fresh {
        let news = Heard {
            known,
            at: inbound.sent_at.unwrap_or_else(|| tx.now()).min(tx.now()),
            to: inbound.to.as_deref(),
            profile_name: inbound.profile_name.as_deref(),
            user_id: inbound.user_id.as_deref(),
        };
        let so_far = heard.entry(known.address_id).or_insert_with(|| news.clone());
        if news.at >= so_far.at {
            (so_far.at, so_far.to) = (news.at, news.to.or(so_far.to));
        }
        so_far.profile_name = news.profile_name.or(so_far.profile_name);
        so_far.user_id = news.user_id.or(so_far.user_id);
    }
    let mut heard: Vec<Heard<'_>> = heard.into_values().collect();
    heard.sort_unstable_by_key(|heard| heard.known.address_id); // the order in which rows are locked
    delivery::store::windows::open(tx, &heard).await?;
    people::store::hear(tx, heard).await
}

/// Text messages carry no flows: an address is answered once, with the way to WhatsApp, where a channel can. Words that
/// the provider answers by itself are left to it.
fn answer_texts(app: &App, texts: &[Fresh<'_>]) -> Vec<NewDelivery> {
    let mut answered = HashSet::new();
    texts
        .iter()
        .filter(|fresh| app.carrier(Medium::Sms).is_some() && consent::Keyword::of(&fresh.inbound.text).is_none())
        .filter(|fresh| fresh.known.last_inbound_at.is_none() && answered.insert(fresh.known.address_id))
        .filter_map(|fresh| reply(app, fresh, &fresh.known.language, &[Say::plain("chat.sms.whatsapp_only")]))
        .collect()
}

/// Answers the new messages, codes that prove a number first; those of somebody who writes too fast wait, and to whom
/// the desk speaks the bot says nothing.
async fn converse(app: &App, ways: &Ways, tx: &Tx, fresh: Vec<Fresh<'_>>) -> Result<Vec<NewDelivery>> {
    let (mut replies, fresh) = numbers::take(app, tx, fresh).await?;
    if fresh.is_empty() {
        return Ok(replies);
    }
    let mut chats = open_chats(app, tx, &fresh).await?;
    let fresh = silence::keep(app, tx, fresh, &mut chats).await?;
    let admitted = late::admit(app, tx, &fresh, &mut chats).await?;
    replies.extend(answer(app, ways, tx, &admitted.now, chats).await?);
    replies.extend(admitted.notices);
    Ok(replies)
}

/// Takes messages through the engine, round by round, keeps what came of it, and answers with the replies.
pub(super) async fn answer(
    app: &App,
    ways: &Ways,
    tx: &Tx,
    fresh: &[&Fresh<'_>],
    mut chats: HashMap<i64, Chat>,
) -> Result<Vec<NewDelivery>> {
    let mut replies = Vec::with_capacity(fresh.len());
    let mut consents: HashMap<i64, bool> = HashMap::new();
    let (mut joined, mut went) = (Vec::new(), Vec::new());
    for round in rounds(fresh) {
        let mut turns = Vec::with_capacity(round.len());
        let wants: Vec<Vec<Lookup>> = round.iter().map(|fresh| wants(app, &ways.flows, fresh, &chats)).collect();
        let records = lookups::look_up(app, tx, wants.iter().flatten()).await?;
        let offers: Vec<Option<Offer>> = round.iter().map(|fresh| offer(app, &ways.flows, fresh, &chats)).collect();
        let choosers = round.iter().zip(&offers);
        let choosers = choosers.filter_map(|(fresh, offer)| Some((viewer(app, fresh.known), (*offer)?)));
        let mut offered = lookups::offered(tx, choosers.collect()).await?;
        let spots = round.iter().filter_map(|one| Some((one.known.person_id, spot(app, &ways.flows, one, &chats)?)));
        let mut machines = lookups::machines_near(tx, spots.collect()).await?;
        for (fresh, wants) in round.iter().zip(&wants) {
            let Some(chat) = chats.get_mut(&fresh.known.person_id) else { continue };
            let session = std::mem::take(&mut chat.session);
            let (before, forms) = (opening::Aside::of(&session), Forms::of(&session, &ways.flows));
            let (input, asker) = (input(fresh.inbound), asker(app, fresh.known));
            let mut facts = records.for_viewer(&viewer(app, fresh.known), wants);
            facts.offer(offered.remove(&fresh.known.person_id).unwrap_or_default());
            facts.offer_machines(machines.remove(&fresh.known.person_id).unwrap_or_default());
            let step = engine::step(
                &ways.flows,
                &app.wording(),
                session,
                &input,
                &facts,
                asker,
                chat.dormant,
                &app.settings.company,
            );
            chat.session = step.session;
            before.note_since(&mut chat.session, tx.now());
            chat.dormant = false;
            chat.address_id = fresh.known.address_id;
            if let Some(wanted) = step.consent {
                consents.insert(fresh.known.address_id, wanted);
            }
            joined.extend(step.joins.map(|joins| Awaited {
                ticket_id: joins.ticket_id,
                sent_by: Some(fresh.known.person_id),
                media: joins.media,
            }));
            turns.push(Turn { fresh, say: step.say, finished: step.finished, enclosure: step.enclosure, forms });
        }
        finish(app, ways, tx, &mut turns, &mut chats).await?;
        went.extend(turns.iter_mut().flat_map(|turn| {
            let (forms, chat) = (std::mem::take(&mut turn.forms), chats.get(&turn.fresh.known.person_id));
            let went = chat.map(|chat| forms.went(&chat.session, &ways.flows, &turn.say, turn.finished.as_ref()));
            went.unwrap_or_default()
        }));
        replies.extend(turns.iter().filter_map(|turn| {
            let chat = chats.get(&turn.fresh.known.person_id);
            let language = chat.map_or(turn.fresh.known.language.as_str(), |chat| chat.session.language.as_str());
            let reply = reply(app, turn.fresh, language, &turn.say)?;
            Some(enclosing::with_enclosure(app, reply, turn.enclosure.as_ref(), language, tx.now()))
        }));
    }
    files::store::await_media(tx, &joined).await?;
    consent::keep(tx, &consents).await?;
    store::turn::note(tx, &went).await?;
    keep_languages(tx, fresh, &chats).await?;
    store::keep(tx, kept(&ways.flows, chats)).await?;
    Ok(replies)
}

/// A language that was chosen, or heard in a greeting, is the person's, beyond this session.
async fn keep_languages(tx: &Tx, fresh: &[&Fresh<'_>], chats: &HashMap<i64, Chat>) -> Result<()> {
    let mut spoken: BTreeMap<(&str, bool), Vec<i64>> = BTreeMap::new();
    for Fresh { known, .. } in fresh {
        let Some(session) = chats.get(&known.person_id).map(|chat| &chat.session) else { continue };
        if (&session.language, session.has_chosen_language) != (&known.language, known.has_chosen_language) {
            let speaks = (session.language.as_str(), session.has_chosen_language);
            spoken.entry(speaks).or_default().push(known.person_id);
        }
    }
    for ((language, is_chosen), people) in spoken {
        people::store::speak(tx, language, is_chosen, people).await?;
    }
    Ok(())
}

/// Round k: the k-th message of each person, in the order of arrival.
fn rounds<'a>(fresh: &[&'a Fresh<'a>]) -> Vec<Vec<&'a Fresh<'a>>> {
    let mut rounds: Vec<Vec<&Fresh<'_>>> = Vec::new();
    let mut count: HashMap<i64, usize> = HashMap::new();
    for &one in fresh {
        let nth = count.entry(one.known.person_id).or_default();
        if rounds.len() <= *nth {
            rounds.push(Vec::new());
        }
        rounds[*nth].push(one);
        *nth += 1;
    }
    rounds
}

/// Carries out the finished forms, one set a kind of action, and adds what came of it to the replies.
async fn finish(app: &App, ways: &Ways, tx: &Tx, turns: &mut [Turn<'_>], chats: &mut HashMap<i64, Chat>) -> Result<()> {
    let forms: Vec<(Viewer, Finished)> =
        turns.iter().filter_map(|turn| Some((viewer(app, turn.fresh.known), turn.finished.clone()?))).collect();
    if forms.is_empty() {
        return Ok(());
    }
    let mut outcomes = actions::carry_out(app, ways.followers, tx, &forms).await?.into_iter();
    for turn in turns.iter_mut() {
        let Some(finished) = &turn.finished else { continue };
        match outcomes.next() {
            Some(Ok(vars)) => {
                let extra = enclosing::made(finished, &vars);
                if let Some(chat) = chats.get_mut(&turn.fresh.known.person_id) {
                    chat.session.made = opening::made(finished, &vars, tx.now());
                    chat.session.shown.clone_from(&extra);
                }
                turn.say.push(engine::done(finished, vars).with(extra.as_ref().map(Extra::tappable)));
            }
            Some(Err(refused)) => {
                let Some(chat) = chats.get_mut(&turn.fresh.known.person_id) else { continue };
                let session = std::mem::take(&mut chat.session);
                let (session, say) =
                    engine::refused(&ways.flows, session, finished, refused.question, refused.key, refused.vars);
                chat.session = session;
                turn.say.extend(say);
            }
            None => turn.say.push(Say::plain("chat.refused.failed")),
        }
    }
    Ok(())
}

fn kept(flows: &Flows, chats: HashMap<i64, Chat>) -> Vec<Kept> {
    let mut kept: Vec<Kept> = chats
        .into_iter()
        .map(|(person_id, chat)| Kept {
            person_id,
            address_id: chat.address_id,
            state: chat.session.state(flows),
            session: serde_json::to_string(&chat.session).unwrap_or_default(),
            version: chat.version + 1,
            created_at: chat.created_at,
            pace: chat.pace,
            last_at: chat.desk.last_at,
            unread: chat.desk.unread,
        })
        .collect();
    kept.sort_unstable_by_key(|kept| kept.person_id); // the order in which rows are locked
    kept
}
