//! The settings of where attachments are kept: a folder, or a bucket at a store that speaks S3.
//!
//! Half of a bucket's settings is a mistake: who gave a key does not mean the folder.

use super::given::Attachments;
use super::read::{Problems, optional, secret, web_address};
use secrecy::SecretString;
use url::Url;

/// The mend for a bucket's address.
const LIKE: &str = "write it like s3://bucket or s3://bucket/prefix";

/// A bucket at a store that speaks S3, and the key to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all files in it begin with, `andon/plant-2`; may be empty.
    pub prefix: String,
    /// Where its store answers; none for Amazon's.
    pub endpoint: Option<Url>,
    /// Its region.
    pub region: String,
    /// The id of the access key.
    pub key_id: String,
    /// The access key.
    pub secret: SecretString,
}

impl Bucket {
    /// In words, for a person: `the bucket plant at http://127.0.0.1:9000`.
    pub fn words(&self) -> String {
        let endpoint = self.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        let at = endpoint.unwrap_or_else(|| format!("Amazon S3 in {}", self.region));
        format!("the bucket {} at {at}", self.name)
    }
}

/// The bucket that was meant, if one was; none where something is wrong with it, which is noted.
pub(super) fn bucket(given: Attachments, wrong: &mut Problems) -> Option<Bucket> {
    let place = wrong.note("ANDON_FILES_URL", optional(given.files_url, place));
    let endpoint = wrong.note("ANDON_FILES_ENDPOINT", optional(given.files_endpoint, endpoint));
    let region = wrong.note("ANDON_FILES_REGION", region(given.files_region));
    let key_id = wrong.note("ANDON_FILES_KEY_ID", optional(given.files_key_id, key_id));
    let key = secret("ANDON_FILES_SECRET", given.files_secret, given.files_secret_file);
    let key = wrong.note("ANDON_FILES_SECRET", key);
    let (place, endpoint, region, key_id, key) = (place?, endpoint?, region?, key_id?, key?);
    let Some((name, prefix)) = place else {
        let others = [
            ("ANDON_FILES_ENDPOINT", endpoint.is_some()),
            ("ANDON_FILES_KEY_ID", key_id.is_some()),
            ("ANDON_FILES_SECRET", key.is_some()),
        ];
        let (other, _) = others.into_iter().find(|(_, is_given)| *is_given)?;
        let why = format!("is missing, although {other} is given; {LIKE}, or take {other} away");
        wrong.add("ANDON_FILES_URL", &why);
        return None;
    };
    let needed = |name: &str| format!("is missing, although ANDON_FILES_URL is given; it takes the {name} of a key");
    if key_id.is_none() {
        wrong.add("ANDON_FILES_KEY_ID", &needed("id"));
    }
    if key.is_none() {
        wrong.add("ANDON_FILES_SECRET", &needed("secret"));
    }
    Some(Bucket { name, prefix, endpoint, region, key_id: key_id?, secret: key? })
}

/// Name and prefix. **Source**: Amazon S3, "General purpose bucket naming rules", read in 2026.
fn place(text: &str) -> Result<(String, String), String> {
    let rest = text.strip_prefix("s3://").ok_or_else(|| format!("{text:?} does not begin with s3://; {LIKE}"))?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name = (3..=63).contains(&name.len())
        && name.chars().all(|c| is_plain(c) || matches!(c, '.' | '-'))
        && name.starts_with(is_plain)
        && name.ends_with(is_plain);
    if !is_name {
        return Err(format!(
            "{name:?} is no bucket's name (3 to 63 lower-case letters, digits, dots and hyphens); {LIKE}"
        ));
    }
    let prefix = prefix.trim_end_matches('/');
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        return Err(format!("{prefix:?} is no prefix of letters, digits, dots, hyphens, underscores and /; {LIKE}"));
    }
    Ok((name.to_owned(), prefix.to_owned()))
}

fn endpoint(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or a fragment; take them out".to_owned());
    }
    Ok(url)
}

fn region(text: String) -> Result<String, String> {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return Ok(text);
    }
    Err(format!("{text:?} is no region; write it like eu-central-1, or auto where the store knows none"))
}

fn key_id(text: &str) -> Result<String, String> {
    // It goes into a header, between a sign of equality and a slash.
    if text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b',')) {
        return Ok(text.to_owned());
    }
    Err("is no id of an access key: it has no blanks, commas and slashes (the value is not shown)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use secrecy::ExposeSecret as _;

    const KEY: [(&str, &str); 2] = [("ANDON_FILES_KEY_ID", "key-1"), ("ANDON_FILES_SECRET", "hush-hush")];

    fn read(given: &[(&str, &str)]) -> Result<Option<Bucket>, String> {
        let settings = Settings::from_variables(given.iter().copied());
        settings.map(|settings| settings.bucket).map_err(|error| error.public().to_owned())
    }

    #[test]
    fn a_bucket_is_read_and_its_secret_never_shown() {
        assert!(read(&[]).expect("no mistake").is_none(), "the folder is the default");
        for (url, name, prefix) in [
            ("s3://plant-files", "plant-files", ""),
            ("s3://plant-files/", "plant-files", ""),
            ("s3://plant.files/andon/line_2/", "plant.files", "andon/line_2"),
        ] {
            let all = [KEY[0], KEY[1], ("ANDON_FILES_URL", url), ("ANDON_FILES_ENDPOINT", "http://127.0.0.1:9000/")];
            let bucket = read(&all).expect("no mistake").expect("a bucket");
            assert_eq!((&*bucket.name, &*bucket.prefix, &*bucket.region), (name, prefix, "us-east-1"));
            assert_eq!((&*bucket.key_id, bucket.secret.expose_secret()), ("key-1", "hush-hush"));
            assert_eq!(bucket.words(), format!("the bucket {name} at http://127.0.0.1:9000"));
            assert!(!format!("{bucket:?}").contains("hush"), "{bucket:?}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_mend() {
        let url = ("ANDON_FILES_URL", "s3://plant");
        for (given, told) in [
            (&[KEY[0], KEY[1], ("ANDON_FILES_URL", "https://plant")][..], "does not begin with s3://; write it like"),
            (&[KEY[0], KEY[1], ("ANDON_FILES_URL", "s3://Plant")], "\"Plant\" is no bucket's name"),
            (&[KEY[0], KEY[1], ("ANDON_FILES_URL", "s3://-ab")], "\"-ab\" is no bucket's name"),
            (&[KEY[0], KEY[1], ("ANDON_FILES_URL", "s3://plant/../x")], "\"../x\" is no prefix"),
            (&[KEY[0], KEY[1], ("ANDON_FILES_URL", "s3://plant/a//b")], "\"a//b\" is no prefix"),
            (&[KEY[0], KEY[1], url, ("ANDON_FILES_ENDPOINT", "minio:9000")], "ANDON_FILES_ENDPOINT: is no web address"),
            (&[KEY[0], KEY[1], url, ("ANDON_FILES_ENDPOINT", "http://h/?a=b")], "must not hold a query"),
            (&[KEY[0], KEY[1], url, ("ANDON_FILES_REGION", "eu central")], "ANDON_FILES_REGION: \"eu central\" is no"),
            (&[KEY[1], url, ("ANDON_FILES_KEY_ID", "a b")], "ANDON_FILES_KEY_ID: is no id of an access key"),
            (&[KEY[0], url], "ANDON_FILES_SECRET: is missing, although ANDON_FILES_URL is given"),
            (&[KEY[1], url], "ANDON_FILES_KEY_ID: is missing, although ANDON_FILES_URL is given"),
            (&[KEY[0], KEY[1]], "ANDON_FILES_URL: is missing, although ANDON_FILES_KEY_ID is given; write it like"),
            (&[("ANDON_FILES_ENDPOINT", "http://h")], "ANDON_FILES_URL: is missing, although ANDON_FILES_ENDPOINT"),
        ] {
            let refused = read(given).expect_err(told);
            assert!(refused.contains(told) && !refused.contains("hush"), "{refused}");
        }
    }
}
