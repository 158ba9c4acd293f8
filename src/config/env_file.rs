//! The `.env` file and the names in the environment.
//!
//! Only the working folder's own `.env` is read, never a parent's. What the environment already has stays. A
//! line that cannot be read is named by number and key; its value is never shown.

use crate::kit::{Error, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Loads `.env` of the working folder into the environment; returns its path, or `None` where there is none.
///
/// Call it first in `main`, before other threads run: it changes the environment of the process.
///
/// # Errors
/// When the file is there but cannot be read; the text names the line and the key, never the value.
pub fn load_env_file() -> Result<Option<PathBuf>> {
    let path = Path::new(".env");
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::setting(format!(".env: cannot be read: {e}"))),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    check(text).map_err(Error::setting)?;
    dotenvy::from_read(text.as_bytes()).map_err(|_| Error::setting(".env: cannot be loaded"))?;
    Ok(Some(path.to_path_buf()))
}

/// The names of all variables in the environment, for [`super::unknown_variables`].
pub fn variable_names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// Reads `text` as a `.env` file without loading it; dotenvy's own message would show the value, so it is not used.
fn check(text: &str) -> Result<(), String> {
    for (nth, item) in dotenvy::from_read_iter(text.as_bytes()).enumerate() {
        let rest = match item {
            Ok(_) => continue,
            Err(dotenvy::Error::LineParse(rest, _)) => rest,
            Err(_) => return Err(".env: cannot be read as text".to_owned()),
        };
        // dotenvy hands back the line, or only its value; each of the `nth` settings before it took a line or more.
        let first = rest.lines().next().unwrap_or_default().trim();
        let says_something = |line: &&(usize, &str)| !line.1.trim().is_empty() && !line.1.trim_start().starts_with('#');
        let lines = text.lines().enumerate().filter(|line| says_something(&line));
        let place = lines.skip(nth).find(|(_, line)| line.contains(first)).map(|(at, line)| {
            let is_name = |key: &&str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let key = line.split_once('=').map(|(key, _)| key.trim()).filter(is_name);
            format!(", line {}{}", at + 1, key.map(|key| format!(" ({key})")).unwrap_or_default())
        });
        return Err(format!(
            ".env{}: cannot be read; write NAME=value, and put a value with spaces, quotes, # or $ into single quotes",
            place.unwrap_or_default(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_broken_line_is_named_without_its_value() {
        let text = "# the plant\nANDON_COMPANY=Plant\nTWILIO_AUTH_TOKEN=hush hush\n";
        let told = check(text).expect_err("a value with a space needs quotes");
        assert!(told.starts_with(".env, line 3 (TWILIO_AUTH_TOKEN): "), "{told}");
        assert!(!told.contains("hush"), "{told}");
    }

    #[test]
    fn a_line_without_a_name_is_named_by_its_number() {
        let told = check("\nA=1\n\nwhat is this\n").expect_err("no equals sign");
        assert!(told.starts_with(".env, line 4: "), "{told}");
    }

    #[test]
    fn quotes_comments_and_export_are_understood() {
        for good in ["A=1", "export A=1", "A='x # y $z'", "# only a comment", "A=\"two words\"", ""] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }
}
