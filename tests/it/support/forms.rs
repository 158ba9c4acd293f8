//! Forms as a browser reads them: what it sends where nobody touches anything.

use super::window::{Seen, Window};

/// What is sent of a form: names and values, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    action: String,
    fields: Vec<(String, String)>,
}

impl Seen {
    /// The form of this page that is sent there, as it stands.
    pub(crate) fn form(&self, action: &str) -> Filled {
        let here = format!("method=\"post\" action=\"{action}\"");
        let form = self.html.split("<form ").find(|form| form.split('>').next().is_some_and(|tag| tag.contains(&here)));
        let form = form.and_then(|form| form.split("</form>").next()).expect("such a form in the page");
        let mut fields = Vec::new();
        for rest in form.split('<').skip(1) {
            let (tag, text) = rest.split_once('>').unwrap_or((rest, ""));
            let (name, value) = (attribute(tag, "name"), attribute(tag, "value").unwrap_or_default());
            let is_unset = tag.contains("type=\"checkbox\"") && !tag.ends_with(" checked");
            match tag.split(' ').next().unwrap_or_default() {
                "input" if !is_unset => fields.extend(name.map(|name| (name, value))),
                "textarea" => fields.extend(name.map(|name| (name, plain(text.strip_prefix('\n').unwrap_or(text))))),
                "select" => fields.extend(name.map(|name| (name, String::new()))),
                "option" if tag.ends_with(" selected") => {
                    if let Some(select) = fields.last_mut() {
                        select.1 = value;
                    }
                }
                _ => {}
            }
        }
        Filled { action: action.to_owned(), fields }
    }
}

impl Filled {
    /// With another value of a field, in place of all that it had.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What stands in the other fields, by name.
    pub(crate) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| !names.contains(&name.as_str()));
        fields.sort();
        fields
    }
}

impl Window {
    /// Sends a form that was read in a page, with the token that stood there.
    pub(crate) async fn sends_form(&self, form: &Filled) -> Seen {
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post_just(&form.action, &fields).await
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(plain(value))
}

/// The text that these characters stand for.
fn plain(written: &str) -> String {
    let pairs = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    pairs.into_iter().fold(written.to_owned(), |text, (code, sign)| text.replace(code, sign))
}
