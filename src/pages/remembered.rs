//! Forms that change something as it was when they were opened: each says how its fields were, so that only what its
//! sender changed counts, and whatever others changed meanwhile stays.

use super::form::{Field, FormShown};
use super::posted::Typed;

/// The field that says how the others were.
pub(super) const WAS: &str = "was";

impl FormShown {
    /// With all fields as they are at this moment; what is sent is asked by [`Typed::is_changed`].
    pub(super) fn remembering(self) -> Self {
        let mut were = form_urlencoded::Serializer::new(String::new());
        for field in &self.fields {
            were.append_pair(field.name, &as_sent(field));
        }
        let were = were.finish();
        self.hidden(WAS, were)
    }

    /// The same as when it was first opened, and not as at this moment, after it was sent and refused.
    pub(super) fn recall(&mut self, typed: &Typed) {
        for (_, were) in self.hidden.iter_mut().filter(|(name, _)| *name == WAS) {
            typed.get(WAS).clone_into(were);
        }
    }
}

impl Typed {
    /// Whether its sender changed a field. One of which nothing is said was blank.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        let in_one_line = |text: &str| text.replace(['\r', '\n'], "");
        let was = form_urlencoded::parse(self.get(WAS).as_bytes()).find(|(known, _)| known == name);
        in_one_line(&was.unwrap_or_default().1) != in_one_line(&self.all(name))
    }
}

/// A field's value as a browser sends it that changes nothing: of choices those that are chosen, in their order.
fn as_sent(field: &Field) -> String {
    if field.kind != "checks" {
        return field.value.clone();
    }
    let chosen = field.choices.iter().filter(|choice| choice.is_chosen);
    chosen.map(|choice| choice.value.as_str()).collect::<Vec<_>>().join(",")
}
