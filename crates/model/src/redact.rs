//! Keeps secrets out of texts.

use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// What stands in the place of a secret.
pub const MASK: &str = "********";

/// Secrets with fewer characters are not masked: `a` or `42` are everywhere, and a text full of
/// masks would say where they are not.
pub const SHORTEST: usize = 4;

/// Knows the secrets of a run, and masks them in texts. May be used from several threads.
#[derive(Default)]
pub struct Redactor {
    secrets: RwLock<Vec<String>>,
}

impl Redactor {
    /// One that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a secret. A secret of fewer than [`SHORTEST`] characters is ignored.
    ///
    /// It is recognised as it is, and as it looks inside JSON text or a Python `repr`, where quotes,
    /// backslashes and line ends are escaped.
    pub fn add(&self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        for quotes in ["", "\"", "'", "\"'"] {
            let form = escaped(secret, quotes);
            if !secrets.contains(&form) {
                secrets.push(form);
            }
        }
        if !secrets.iter().any(|known| known == secret) {
            secrets.push(secret.to_owned());
        }
    }

    /// The text with every secret in it replaced by [`MASK`]; where secrets overlap, one mask covers
    /// them all.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut hidden: Vec<(usize, usize)> = secrets.iter().flat_map(|s| occurrences(text, s)).collect();
        drop(secrets);
        if hidden.is_empty() {
            return Cow::Borrowed(text);
        }
        hidden.sort_unstable();
        let mut masked = String::with_capacity(text.len());
        // End of what has been dealt with.
        let mut done = 0;
        for (start, end) in hidden {
            if start >= done {
                masked.push_str(&text[done..start]);
                masked.push_str(MASK);
            }
            done = done.max(end);
        }
        masked.push_str(&text[done..]);
        Cow::Owned(masked)
    }
}

impl fmt::Debug for Redactor {
    /// Tells how many forms are known, never which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.secrets.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Redactor").field("forms", &known).finish()
    }
}

/// Where `secret` stands in `text`, overlapping places included.
fn occurrences<'a>(text: &'a str, secret: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let step = secret.chars().next().map_or(1, char::len_utf8);
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(secret)?;
        from = start + step;
        Some((start, start + secret.len()))
    })
}

/// `text` as it is written between quotes: backslashes, control characters and `quotes` escaped.
fn escaped(text: &str, quotes: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => form.push_str("\\n"),
            '\r' => form.push_str("\\r"),
            '\t' => form.push_str("\\t"),
            c if c == '\\' || quotes.contains(c) => {
                form.push('\\');
                form.push(c);
            }
            c => form.push(c),
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn knowing(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::new();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    #[test]
    fn masks_every_occurrence_and_borrows_when_there_is_none() {
        let redactor = knowing(&["hunter22"]);
        assert_eq!(redactor.mask("hunter22 and hunter22!"), "******** and ********!");
        assert!(matches!(redactor.mask("nothing here"), Cow::Borrowed("nothing here")));
    }

    #[test]
    fn short_secrets_are_left_alone() {
        assert_eq!(knowing(&["abc", ""]).mask("abcabc"), "abcabc");
        assert_eq!(knowing(&["äöü"]).mask("äöü"), "äöü", "characters count, not bytes");
        assert_eq!(knowing(&["abcd"]).mask("abcd"), MASK);
    }

    #[test]
    fn the_longest_and_overlapping_ones_leave_no_rest() {
        assert_eq!(knowing(&["pass", "password"]).mask("my password"), "my ********");
        assert_eq!(knowing(&["abcdef", "defghi"]).mask("<abcdefghi>"), "<********>");
        assert_eq!(knowing(&["aaaa"]).mask("aaaaaaab"), "********b");
    }

    #[test]
    fn escaped_forms_are_recognised() {
        let redactor = knowing(&["to\"k'e\\n\nx"]);
        for shown in [r#"to\"k'e\\n\nx"#, r#"to"k\'e\\n\nx"#, r#"to\"k\'e\\n\nx"#, "to\"k'e\\n\nx"] {
            assert_eq!(redactor.mask(&format!("[{shown}]")), "[********]", "{shown}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        assert!(!format!("{:?}", knowing(&["hunter22"])).contains("hunter22"));
    }

    proptest! {
        #[test]
        fn no_secret_survives(secrets in prop::collection::vec("[a-cä\n\"]{4,7}", 1..5), text in "[a-cä\n\"]{0,60}") {
            let redactor = Redactor::new();
            secrets.iter().for_each(|secret| redactor.add(secret));
            let masked = redactor.mask(&text).into_owned();
            for secret in &secrets {
                prop_assert!(!masked.contains(secret.as_str()), "{secret:?} in {masked:?}");
            }
        }
    }
}
