//! What Twilio billed for a message: asked afterwards, for its answer to a send does not know it.
//!
//! A question changes nothing, so nothing is in doubt after one that failed.
//!
//! **Source**: Twilio's OpenAPI, `FetchMessage`: `price` is a decimal in a string, negative for what we pay, and null
//! until it is known; `price_unit` is the currency.

use super::listing::read;
use super::outbound::{ask, encoded, messages_url};
use super::{Twilio, errors};
use crate::channels::{Price, Retry, SendError};
use crate::kit::decimal::{NotDecimal, millionths};
use crate::kit::{Currency, Money};
use serde::Deserialize;
use serde_json::Value;

/// How many decimals a millionth has.
const DECIMALS: usize = 6;

/// A message, as far as it is read for its price.
#[derive(Deserialize)]
struct Billed {
    #[serde(default)]
    price: Value,
    #[serde(default)]
    price_unit: Value,
}

/// Asks for the price; see [`crate::channels::Channel::price_of`].
pub(super) async fn price_of(twilio: &Twilio, sid: &str) -> Result<Price, SendError> {
    let url = format!("{}/{}.json", messages_url(twilio)?.trim_end_matches(".json"), encoded(sid));
    match read::<Billed>(ask(twilio, || twilio.http.get(&url)).await) {
        // Of the account it would be the same code; but a message that was taken has one.
        Err(error) if error.code == Some(errors::NOT_FOUND) => Err(SendError {
            name: "message_gone",
            retry: Retry::Never,
            advice: "Twilio no longer has the message, so what it cost stays unknown.".into(),
            ..error
        }),
        billed => billed.map(|billed| cost(&billed).map_or(Price::NotYet, Price::Billed)),
    }
}

fn cost(billed: &Billed) -> Option<Money> {
    let price = match &billed.price {
        Value::String(text) => charged(text)?,
        Value::Number(number) => charged(&number.to_string())?,
        _ => return None,
    };
    Some(Money { micros: price, currency: Currency::read(billed.price_unit.as_str()?)? })
}

/// What is paid, in millionths: a finer price is rounded up, so that no cost is lost.
fn charged(price: &str) -> Option<i64> {
    let micros = match millionths(price) {
        Err(NotDecimal::TooFine) => {
            let end = price.find('.')? + 1 + DECIMALS;
            let cut = millionths(price.get(..end)?).ok()?;
            if price.trim_start().starts_with('-') { cut.checked_sub(1)? } else { cut }
        }
        read => read.ok()?,
    };
    micros.checked_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::twilio::canned::*;

    #[test]
    fn a_price_is_what_we_pay_and_never_less() {
        for (price, micros) in [
            ("-0.00750", Some(7_500)),
            ("-12.5", Some(12_500_000)),
            ("0", Some(0)),
            ("0.00500", Some(-5_000)),
            ("-0.00000051", Some(1)),
            ("", None),
            ("free", None),
        ] {
            assert_eq!(charged(price), micros, "{price}");
        }
    }

    #[tokio::test]
    async fn a_price_comes_when_twilio_has_it() {
        let message = |price: &str| (200, None, format!(r#"{{"sid":"SM1","status":"delivered",{price}}}"#));
        let (server, base) = Canned::serving([
            message(r#""price":null,"price_unit":null"#),
            message(r#""price":null,"price_unit":"USD""#),
            message(r#""price":"-0.00750","price_unit":"usd""#),
            message(r#""price":-0.0079,"price_unit":"EUR""#),
            message(r#""price":"soon","price_unit":"USD""#),
            (404, None, r#"{"code":20404,"message":"not found","status":404}"#.to_owned()),
            (503, None, String::new()),
        ])
        .await;
        let twilio = channel(base, None);
        let billed = |sum| Price::Billed(Money::read(sum).expect("a sum"));
        for expected in [Price::NotYet, Price::NotYet, billed("0.0075 USD"), billed("0.0079 EUR"), Price::NotYet] {
            assert_eq!(price_of(&twilio, "SM1").await.expect("an answer"), expected);
        }
        let gone = price_of(&twilio, "SM1").await.expect_err("it was deleted");
        assert_eq!((gone.name, gone.retry), ("message_gone", Retry::Never));
        let down = price_of(&twilio, "SM1").await.expect_err("Twilio is down");
        assert_eq!((down.retry, down.in_doubt), (Retry::Later(None), false));
        assert_eq!(server.asked()[0].line, format!("GET {}", MESSAGES.replace(".json", "/SM1.json")));
    }
}
