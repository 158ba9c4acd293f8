//! Forms that change something as it was when they were opened: each says how its fields were, so that only what its
//! sender changed counts, and whatever others changed meanwhile stays. See docs/adr/0042.

use super::form::{Field, FormShown};
use super::posted::Typed;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The field that says how the others were.
pub(super) const WAS: &str = "was";
/// So many bytes of a hash tell one value of a field from another.
const BYTES: usize = 12;

impl FormShown {
    /// With all fields as they are at this moment; what is sent is asked by [`Typed::is_changed`].
    pub(super) fn remembering(self) -> Self {
        let mut were = form_urlencoded::Serializer::new(String::new());
        for field in &self.fields {
            were.append_pair(field.name, &mark(&as_sent(field)));
        }
        let were = were.finish();
        self.hidden(WAS, were)
    }

    /// After it was sent and refused: what its sender changed is remembered as it was when they opened it. Answers with the
    /// fields that they left alone; those are as they are at this moment.
    pub(super) fn recall(&mut self, typed: &Typed) -> Vec<String> {
        let (mut left_alone, sent) = (Vec::new(), typed.get(WAS));
        for (_, were) in self.hidden.iter_mut().filter(|(name, _)| *name == WAS && !sent.is_empty()) {
            let mut recalled = form_urlencoded::Serializer::new(String::new());
            for (name, now) in form_urlencoded::parse(were.as_bytes()) {
                if typed.is_changed(&name) {
                    let then = form_urlencoded::parse(sent.as_bytes()).find(|(known, _)| *known == name);
                    recalled.extend_pairs(then);
                } else {
                    recalled.append_pair(&name, &now);
                    left_alone.push(name.into_owned());
                }
            }
            *were = recalled.finish();
        }
        left_alone
    }
}

impl Typed {
    /// Whether its sender changed a field. One of which nothing is said was blank.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        let was = form_urlencoded::parse(self.get(WAS).as_bytes()).find(|(known, _)| known == name);
        let now = self.all(name);
        was.map_or(!now.is_empty(), |(_, was)| was != mark(&now))
    }
}

/// A field's value as a browser sends it that changes nothing: of choices those that are chosen, in their order, and what
/// has room for one line in one.
fn as_sent(field: &Field) -> String {
    match field.kind {
        "checks" => {
            let chosen = field.choices.iter().filter(|choice| choice.is_chosen);
            chosen.map(|choice| choice.value.as_str()).collect::<Vec<_>>().join(",")
        }
        "textarea" => field.value.replace("\r\n", "\n").replace('\r', "\n"),
        _ => field.value.replace(['\r', '\n'], ""),
    }
}

/// What is remembered of a value: the form is not twice as long by it.
fn mark(value: &str) -> String {
    let hash = Sha256::digest(value.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..BYTES).unwrap_or(&hash))
}
