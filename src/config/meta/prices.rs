//! What Meta bills: its statuses name a category and no amount, so the operator's own table of its rate card says how
//! much that is.

use crate::kit::decimal::millionths;
use crate::kit::{Currency, Money};
use serde::Deserialize;
use std::collections::HashMap;

/// Begins every mistake in a table that is no such table.
const LIKE: &str = "it begins with currency = \"USD\", and each price is a [[price]] with category, country (or none, for \
                    all others) and price = \"0.0080\"";
/// More of a category that cost nothing is a slip.
const MOST_FREE: u64 = 1_000_000_000;

/// A rate card: what a message of a category costs in a country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaPrices {
    currency: Currency,
    /// In millionths of the currency, by category and, where the country matters, country.
    prices: HashMap<(String, Option<String>), i64>,
    free: HashMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    #[serde(default)]
    price: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    category: String,
    #[serde(default)]
    country: Option<String>,
    price: String,
    /// How many a month cost nothing, whatever the country.
    #[serde(default)]
    free: Option<u64>,
}

impl MetaPrices {
    /// What a message of this category to this country (ISO 3166, `ZA`) costs; none where the table does not say.
    pub fn of(&self, category: &str, country: Option<&str>) -> Option<Money> {
        let key = |country: Option<&str>| (category.to_owned(), country.map(str::to_owned));
        let own = country.and_then(|country| self.prices.get(&key(Some(country))));
        own.or_else(|| self.prices.get(&key(None))).map(|micros| self.money(*micros))
    }

    /// Nothing, in the table's currency.
    pub fn nothing(&self) -> Money {
        self.money(0)
    }

    /// How many messages of this category a month cost nothing.
    pub fn free(&self, category: &str) -> u64 {
        self.free.get(category).copied().unwrap_or(0)
    }

    fn money(&self, micros: i64) -> Money {
        Money { micros, currency: self.currency.clone() }
    }

    fn read(text: &str) -> Result<Self, String> {
        let file: File =
            toml::from_str(text).map_err(|error| format!("cannot be read: {}; {LIKE}", error.message()))?;
        let currency = Currency::read(&file.currency)
            .ok_or_else(|| format!("names {:?} as its currency; write three letters, like USD", file.currency))?;
        let mut table = Self { currency, prices: HashMap::new(), free: HashMap::new() };
        for line in file.price {
            table.add(line)?;
        }
        if table.prices.is_empty() { Err(format!("has no prices; {LIKE}")) } else { Ok(table) }
    }

    fn add(&mut self, line: Line) -> Result<(), String> {
        let Line { category, country, price, free } = line;
        let named = country.as_ref().map_or_else(|| category.clone(), |country| format!("{category} in {country}"));
        if category.is_empty() || !category.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(format!("names {category:?} as a category; Meta's are like utility and marketing"));
        }
        if country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
            return Err(format!("names a country in {named} that is none; write two capital letters, like ZA"));
        }
        let micros = millionths(&price).map_err(|why| format!("has for {named} a price that {why}"))?;
        if micros < 0 {
            return Err(format!("has for {named} a price below nothing"));
        }
        match free {
            Some(_) if country.is_some() => {
                return Err(format!("has free messages for {named}; they count in all countries together"));
            }
            Some(many) if many > MOST_FREE => {
                return Err(format!("has more than {MOST_FREE} free messages of {named}"));
            }
            Some(many) => self.free.insert(category.clone(), many),
            None => None,
        };
        match self.prices.insert((category, country), micros) {
            Some(_) => Err(format!("has {named} twice; keep one")),
            None => Ok(()),
        }
    }
}

/// The table in this file.
pub(super) fn read(path: &str) -> Result<MetaPrices, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path:?} cannot be read: {error}"))?;
    MetaPrices::read(&text).map_err(|why| format!("{path:?} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = r#"
        currency = "usd"
        [[price]]
        category = "utility"
        price = "0.0080"
        [[price]]
        category = "utility"
        country = "ZA"
        price = "0.0076"
        [[price]]
        category = "service"
        price = "0.001"
        free = 1000
    "#;

    #[test]
    fn a_countrys_own_price_goes_before_that_of_all_others() {
        let card = MetaPrices::read(CARD).expect("a good card");
        let price = |category: &str, country| card.of(category, country).map(|money| money.to_string());
        assert_eq!(price("utility", Some("ZA")).as_deref(), Some("0.0076 USD"));
        assert_eq!(price("utility", Some("DE")).as_deref(), Some("0.008 USD"));
        assert_eq!(price("utility", None).as_deref(), Some("0.008 USD"));
        assert_eq!(price("marketing", Some("ZA")), None);
        assert_eq!((card.free("service"), card.free("utility")), (1_000, 0));
    }

    #[test]
    fn a_card_that_is_wrong_is_refused_with_where() {
        for (card, why) in [
            ("currency = \"dollars\"", "names \"dollars\" as its currency; write three letters, like USD"),
            ("currency = \"USD\"", "has no prices; it begins with"),
            ("[[price]]\ncategory = \"utility\"\nprice = \"1\"", "cannot be read: missing field `currency`"),
            ("price = 3", "cannot be read"),
        ] {
            let refused = MetaPrices::read(card).expect_err(card);
            assert!(refused.starts_with(why), "{refused}");
        }
        let line = |line: &str| MetaPrices::read(&format!("currency = \"USD\"\n{line}\n")).expect_err("refused");
        for (given, why) in [
            ("[[price]]\ncategory = \"Utility\"\nprice = \"1\"", "names \"Utility\" as a category"),
            (
                "[[price]]\ncategory = \"utility\"\ncountry = \"South Africa\"\nprice = \"1\"",
                "names a country in utility",
            ),
            ("[[price]]\ncategory = \"utility\"\nprice = \"free\"", "has for utility a price that is no number"),
            ("[[price]]\ncategory = \"utility\"\nprice = \"-1\"", "has for utility a price below nothing"),
            (
                "[[price]]\ncategory = \"service\"\ncountry = \"ZA\"\nprice = \"0\"\nfree = 5",
                "has free messages for service in ZA",
            ),
            (
                "[[price]]\ncategory = \"utility\"\nprice = \"1\"\n[[price]]\ncategory = \"utility\"\nprice = \"2\"",
                "has utility twice; keep one",
            ),
        ] {
            let refused = line(given);
            assert!(refused.starts_with(why), "{refused}");
        }
    }
}
