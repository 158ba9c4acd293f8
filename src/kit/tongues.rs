//! Which language the people of a country read, as far as its numbers tell: only where one of those that Andon speaks
//! is the main one. Belgium, Canada, Cameroon, Switzerland and other countries of several languages tell nothing.
//!
//! The list is ours, by the language that a country's offices and schools write in. It only has the first word: a greeting
//! or a choice is stronger.

use super::{E164, Handle};
use phonenumber::metadata::DATABASE;

/// Languages, and the regions (ISO 3166) where they are the main one.
const MAIN: [(&str, &[&str]); 5] = [
    (
        "ar",
        &[
            "AE", "BH", "DZ", "EG", "IQ", "JO", "KW", "LB", "LY", "MA", "MR", "OM", "PS", "QA", "SA", "SD", "SY", "TN",
            "YE",
        ],
    ),
    ("en", &["AU", "GB", "GG", "GH", "GI", "IE", "IM", "JE", "JM", "NG", "NZ", "TT", "US"]),
    (
        "es",
        &[
            "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY",
            "SV", "UY", "VE",
        ],
    ),
    (
        "fr",
        &[
            "BF", "BJ", "BL", "CD", "CG", "CI", "FR", "GA", "GF", "GN", "GP", "MC", "MF", "ML", "MQ", "NC", "NE", "PF",
            "PM", "RE", "SN", "TG", "WF", "YT",
        ],
    ),
    ("pt", &["AO", "BR", "CV", "GW", "MZ", "PT", "ST"]),
];

impl E164 {
    /// The language of the country that the number belongs to, where it has one main language that Andon speaks.
    pub fn language(&self) -> Option<&'static str> {
        main_language(&self.region()?)
    }

    /// The region by libphonenumber, `MX`; of a number that no numbering plan has, the main region of its calling code.
    pub fn region(&self) -> Option<String> {
        if let Some(id) = phonenumber::parse(None, self.as_str()).ok().and_then(|number| number.country().id()) {
            return Some(id.as_ref().to_owned());
        }
        let digits = self.as_str().trim_start_matches('+');
        let code = (1..=3).find_map(|length| {
            let code: u16 = digits.get(..length)?.parse().ok()?;
            DATABASE.region(&code).map(|regions| regions.first().map(|region| (*region).to_owned()))
        });
        code.flatten()
    }
}

impl Handle {
    /// The main language of the writer's region, where it is one that Andon speaks.
    pub fn language(&self) -> Option<&'static str> {
        main_language(&self.region()?)
    }

    /// The writer's region, `MX`; Meta's ids begin with it.
    pub fn region(&self) -> Option<String> {
        match self {
            Self::Number(number) => number.region(),
            Self::UserId(id) => id.as_str().split('.').next().map(str::to_owned),
        }
    }
}

fn main_language(region: &str) -> Option<&'static str> {
    MAIN.iter().find(|(_, regions)| regions.contains(&region)).map(|(language, _)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_the_language_of_its_country() {
        // Numbers kept for fiction, and numbers that no plan has.
        for (number, language) in [
            ("+12025550142", Some("en")),
            ("+18095550142", Some("es")),
            ("+447700900123", Some("en")),
            ("+33639980001", Some("fr")),
            ("+34000000001", Some("es")),
            ("+520000000001", Some("es")),
            ("+550000000001", Some("pt")),
            ("+351000000001", Some("pt")),
            ("+200000000001", Some("ar")),
            ("+966000000001", Some("ar")),
            ("+41000000001", None),
            ("+32000000001", None),
            ("+49000000001", None),
            ("+9990000000", None),
        ] {
            assert_eq!(E164::parse(number).expect("well formed").language(), language, "{number}");
        }
    }

    #[test]
    fn no_region_is_named_twice() {
        let mut all: Vec<&str> = MAIN.iter().flat_map(|(_, regions)| regions.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
