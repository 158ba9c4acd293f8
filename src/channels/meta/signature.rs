//! Meta's webhook signature: hex(HMAC-SHA256(app secret, body)) over the bytes as they came.
//!
//! Meta escapes what is not ASCII, and slashes, so JSON that was read and written again does not verify. The older
//! SHA-1 header that comes along is not looked at. Comparison takes constant time.
//!
//! **Source**: Meta's page "Create a webhook endpoint", read in November 2026; the HMAC itself RFC 2104 and RFC 4231.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &str = "sha256=";

/// The header's value for this body.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let made = keyed(app_secret).chain_update(body).finalize().into_bytes();
    made.iter().fold(PREFIX.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether the secret made `given` over this body.
pub fn verify(app_secret: &str, body: &[u8], given: &str) -> bool {
    let Some(made) = given.strip_prefix(PREFIX).and_then(unhex) else { return false };
    !app_secret.is_empty() && keyed(app_secret).chain_update(body).verify_slice(&made).is_ok()
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

fn keyed(app_secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(app_secret.as_bytes()).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_of_rfc_4231() {
        let (secret, body) = ("Jefe", b"what do ya want for nothing?");
        let made = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign(secret, body), made);
        assert!(verify(secret, body, made) && verify(secret, body, &made.to_uppercase().replace("SHA", "sha")));
    }

    #[test]
    fn every_byte_counts() {
        let body = br#"{"text":"\u00fc\/\ud83d\ude00"}"#;
        let made = sign("secret", body);
        assert!(verify("secret", body, &made));
        let read_and_written = serde_json::from_slice::<serde_json::Value>(body).expect("JSON").to_string();
        for (secret, body, given) in [
            ("secret", read_and_written.as_bytes(), made.as_str()),
            ("other", body, &made),
            ("", body, &sign("", body)),
            ("secret", &body[1..], &made),
            ("secret", body, made.trim_start_matches("sha256=")),
            ("secret", body, &made[..made.len() - 2]),
            ("secret", body, "sha256="),
            ("secret", body, "sha256=zz"),
            ("secret", body, ""),
        ] {
            assert!(!verify(secret, body, given), "{given}");
        }
    }
}
