//! Places: somebody shares where they stand. At the menu that begins the report of a broken machine, in its form it goes
//! with the report; the machines near it are offered by number.

use super::super::ask::keycap;
use super::super::field::Field;
use super::super::flow::{Flow, Question};
use super::super::records::RecordKind;
use super::Turn;
use crate::chat::session::Stood;
use crate::kit::earth::Spot;
use serde_json::{Value, json};

/// The longest name of a place that is kept, in characters.
const MAX_LABEL: usize = 200;

impl<'a> Turn<'a> {
    /// Around which spot machines are to be looked for, for this message.
    pub(in crate::chat) fn wants_machines(&self) -> Option<Spot> {
        let spot = self.shared()?;
        if !self.may_speak() {
            return None;
        }
        match self.session.open(self.flows) {
            Some((flow, question)) => (flow.takes_place() && is_machine(question)).then_some(spot),
            None => self.for_place().map(|(_, spot)| spot),
        }
    }

    /// The flow that a place shared at the menu begins, and the spot.
    pub(super) fn for_place(&self) -> Option<(&'a Flow, Spot)> {
        let spot = self.shared()?;
        let flow = self.options().into_iter().find(|flow| flow.takes_place())?;
        Some((flow, spot))
    }

    /// Keeps the place that was shared with the open form; none where there is none.
    pub(super) fn hear_place(&mut self) -> Option<Spot> {
        let spot = self.shared()?;
        let label = self.input.place.as_ref().and_then(|place| place.label.as_deref()).map(str::trim);
        let label = label.filter(|label| !label.is_empty()).map(|label| label.chars().take(MAX_LABEL).collect());
        self.session.place = Some(Stood { spot, label });
        Some(spot)
    }

    /// A place at the menu: the report begins there.
    pub(super) fn report_from(&mut self, flow: &'a Flow) {
        self.session.close();
        self.begin(flow);
        self.hear_place();
        if let Some((flow, question)) = self.session.open(self.flows) {
            self.ask_near(flow, question);
        }
    }

    /// Asks the open question, once a place was kept: for a machine, with those near it.
    pub(super) fn ask_near(&mut self, flow: &Flow, question: &Question) {
        self.session.misses = 0;
        if is_machine(question) {
            self.session.offered = self.records.machines().to_vec();
            let numbered = self.session.offered.iter().enumerate().map(|(place, machine)| {
                let mut machine = machine.clone();
                machine["keycap"] = keycap(place + 1).into();
                machine
            });
            let machines: Value = numbered.collect();
            let key = if self.session.offered.is_empty() { "chat.place.none_near" } else { "chat.place.near" };
            self.tell_with(key, json!({"machines": machines}));
        } else {
            self.tell("chat.place.kept");
        }
        self.ask(flow, question);
    }

    fn shared(&self) -> Option<Spot> {
        self.input.place.as_ref().and_then(|place| Spot::at(place.latitude, place.longitude))
    }
}

fn is_machine(question: &Question) -> bool {
    question.field == Field::Record(RecordKind::Machine)
}
