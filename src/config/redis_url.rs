//! The address of Redis and the beginning of Andon's names in it.

use redis::IntoConnectionInfo as _;
use secrecy::{ExposeSecret as _, SecretString};

/// Where Redis is when nothing else is said.
pub(super) const HERE: &str = "redis://127.0.0.1:6379";
/// What all names begin with when nothing else is said.
pub(super) const PREFIX: &str = "whatsapp:";
/// The longest beginning of names.
const MAX_PREFIX_CHARS: usize = 100;

/// The address as the driver takes it. The value is never repeated: it may hold a password.
pub(super) fn address(given: SecretString) -> Result<SecretString, String> {
    let text = given.expose_secret();
    let schemes = ["redis://", "rediss://", "redis+unix://"];
    if !schemes.iter().any(|scheme| text.starts_with(scheme)) {
        return Err("must begin with redis://, rediss:// (TLS) or redis+unix:// (the value is not shown, it may hold \
                    a password)"
            .to_owned());
    }
    if text.contains('#') {
        return Err("must not hold #; in a password, write it as %23".to_owned());
    }
    match text.into_connection_info() {
        Ok(_) => Ok(given),
        Err(_) => Err("cannot be read; write it like redis://user:password@host:6379/0, where 0 is the database's \
                       number; in a password, write @ as %40, / as %2F"
            .to_owned()),
    }
}

/// The beginning of names: visible characters, so that people can type it.
pub(super) fn prefix(text: String) -> Result<String, String> {
    let is_typable = text.len() <= MAX_PREFIX_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_typable {
        Ok(text)
    } else {
        Err(format!("must be at most {MAX_PREFIX_CHARS} letters, digits and signs without spaces, like whatsapp:"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_or_refused_without_repeating_it() {
        for good in [
            HERE,
            "redis://host",
            "redis://:s%40cret@host:6380/3",
            "rediss://user:secret@redis.example.com",
            "redis://[::1]:6379",
            "redis+unix:///run/redis/redis.sock",
        ] {
            let taken = address(good.into()).map(|url| url.expose_secret().to_owned());
            assert_eq!(taken.as_deref(), Ok(good));
        }
        for (bad, told) in [
            ("secret", "must begin with redis://"),
            ("http://:secret@host", "must begin with redis://"),
            ("redis://:secret@", "cannot be read"),
            ("redis://:secret@host/first", "cannot be read"),
            ("redis://:secret@host:port", "cannot be read"),
            ("redis://:sec#ret@host", "write it as %23"),
            ("rediss://:secret@host/#insecure", "must not hold #"),
        ] {
            let refused = address(bad.into()).expect_err(bad);
            assert!(refused.contains(told) && !refused.contains("sec"), "{bad}: {refused}");
        }
    }

    #[test]
    fn a_prefix_can_be_typed() {
        for good in [PREFIX, "andon-2:", ""] {
            assert_eq!(prefix(good.to_owned()).as_deref(), Ok(good));
        }
        for bad in ["two words:", "schön:", "a\nb", &"x".repeat(101)] {
            assert!(prefix(bad.to_owned()).is_err_and(|told| told.contains("like whatsapp:")), "{bad}");
        }
    }
}
