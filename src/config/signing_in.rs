//! The settings of signing in.

use secrecy::{ExposeSecret as _, SecretString};

/// Shortest key that signs tokens.
const MIN_KEY_CHARS: usize = 32;

/// A key that cannot be guessed by trying. **Source**: RFC 7518, 3.2: as long as the hash, 256 bits.
pub(super) fn long_enough(key: Option<SecretString>) -> Result<Option<SecretString>, String> {
    let chars = key.as_ref().map(|key| key.expose_secret().chars().count());
    if chars.is_some_and(|chars| chars < MIN_KEY_CHARS) {
        return Err(format!("is shorter than {MIN_KEY_CHARS} characters; `openssl rand -hex 32` makes a good one"));
    }
    Ok(key)
}

/// Beginnings of phone numbers, each a plus and digits.
pub(super) fn beginnings(text: &str) -> Result<Vec<String>, String> {
    let read = |item: &str| {
        let digits = item.strip_prefix('+').unwrap_or_default();
        let is_one = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if is_one {
            Ok(item.to_owned())
        } else {
            Err(format!("{item:?} begins no phone number; write it like +1555000"))
        }
    };
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect()
}
