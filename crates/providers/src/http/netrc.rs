//! Credentials from the user's netrc file.

use squall_os::{environment, paths};

/// User and password for a host, from the file that `NETRC` names or from `~/.netrc` or `~/_netrc`. A
/// file that cannot be read or is malformed has none.
pub(super) fn credentials(host: &str) -> Option<(String, String)> {
    let text = match environment::var("NETRC") {
        Some(path) => std::fs::read(paths::expand_user(&path)).ok()?,
        None => {
            ["~/.netrc", "~/_netrc"].iter().find_map(|path| std::fs::read(paths::expand_user(path)).ok())?
        }
    };
    let entries = entries(&String::from_utf8_lossy(&text))?;
    // The last entry of a host counts.
    let named = entries.iter().rev().find(|entry| entry.machine.as_deref() == Some(host));
    let entry = named.or_else(|| entries.iter().rev().find(|entry| entry.machine.is_none()))?;
    let user = if entry.login.is_empty() { &entry.account } else { &entry.login };
    let empty = entry.login.is_empty() && entry.account.is_empty() && entry.password.is_empty();
    (!empty).then(|| (user.clone(), entry.password.clone()))
}

/// One `machine`, or the `default`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    machine: Option<String>,
    login: String,
    account: String,
    password: String,
}

/// All entries; `None` for a malformed file.
fn entries(text: &str) -> Option<Vec<Entry>> {
    let mut tokens = Tokens { rest: text };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "machine" => entries.push(Entry { machine: Some(tokens.next()?), ..Entry::default() }),
            "default" => entries.push(Entry::default()),
            "macdef" => {
                tokens.next()?;
                tokens.skip_macro();
            }
            "login" | "user" => entries.last_mut()?.login = tokens.next()?,
            "account" => entries.last_mut()?.account = tokens.next()?,
            "password" => entries.last_mut()?.password = tokens.next()?,
            comment if comment.starts_with('#') => tokens.skip_line(),
            _ => return None,
        }
    }
    Some(entries)
}

/// Words, which may be in double quotes; a backslash takes the next character as it is.
struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn next(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start_matches(['\n', '\t', '\r', ' ']);
        let quoted = self.rest.starts_with('"');
        let mut characters = self.rest.char_indices().skip(usize::from(quoted));
        let mut token = String::new();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' if quoted => {
                    end = at + 1;
                    break;
                }
                '\n' | '\t' | '\r' | ' ' if !quoted => {
                    end = at;
                    break;
                }
                '\\' => token.extend(characters.next().map(|(_, character)| character)),
                character => token.push(character),
            }
        }
        if self.rest.is_empty() {
            return None;
        }
        self.rest = &self.rest[end..];
        Some(token)
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read() {
        let text = "# a comment\nmachine one login me password \"a b\\\"c\"\nmacdef init\n cd /x\n\n\
                    machine two\n  account acc\n  password p\\ q\ndefault user any password 1 # two\n";
        let entries = entries(text).unwrap();
        let shown: Vec<String> = entries
            .iter()
            .map(|e| format!("{:?} {}/{}/{}", e.machine.as_deref(), e.login, e.account, e.password))
            .collect();
        assert_eq!(shown, ["Some(\"one\") me//a b\"c", "Some(\"two\") /acc/p q", "None any//1"],);
    }

    #[test]
    fn a_malformed_file_has_none() {
        assert_eq!(entries("machine"), None);
        assert_eq!(entries("login me"), None);
        assert_eq!(entries("machine h nonsense x"), None);
        assert_eq!(entries(""), Some(Vec::new()));
    }
}
