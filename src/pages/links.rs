//! Links beside a list: filters of which one holds, and addresses that keep what else is asked for.

/// Links of which one holds.
pub(super) struct Group {
    pub(super) label: String,
    pub(super) links: Vec<Link>,
}

/// One of several links.
pub(super) struct Link {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) is_on: bool,
}

/// What is asked of a list at `here`: those of its parameters that an address keeps, what is blank left out.
pub(super) struct Asking {
    here: &'static str,
    pub(super) kept: Vec<(String, String)>,
}

impl Asking {
    pub(super) fn of(here: &'static str, known: &[&str], query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let kept = pairs.filter(|(name, value)| known.contains(&name.as_str()) && !value.trim().is_empty()).collect();
        Self { here, kept }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.kept.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The address with another value of one parameter; none takes it away.
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> String {
        self.written(&[name], value.map(|value| (name, value)))
    }

    /// The address without these parameters.
    pub(super) fn without(&self, names: &[&str]) -> String {
        self.written(names, None)
    }

    fn written(&self, but_for: &[&str], with: Option<(&str, &str)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.kept.iter().filter(|(known, _)| !but_for.contains(&known.as_str())));
        query.extend_pairs(with);
        match query.finish() {
            query if query.is_empty() => self.here.to_owned(),
            query => format!("{}?{query}", self.here),
        }
    }
}
