//! As much XML as request bodies are made of, so that two bodies with the same meaning compare equal.

use crate::json::{Json, Members};

/// A document as `{"Name": ...}`: text, or the list of an element's children. Nothing where it is not XML.
pub(super) fn read(text: &str) -> Option<Json> {
    let mut rest = text.trim_start();
    if rest.starts_with("<?") {
        rest = rest.split_once("?>")?.1.trim_start();
    }
    let (root, rest) = element(rest)?;
    rest.trim().is_empty().then_some(root)
}

fn element(text: &str) -> Option<(Json, &str)> {
    let (tag, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let empty = tag.ends_with('/');
    let tag = tag.trim_end_matches('/');
    let name = tag.split_whitespace().next().filter(|name| !name.starts_with(['/', '!']))?;
    let mut children = Vec::new();
    let attributes = tag[name.len()..].trim();
    if !attributes.is_empty() {
        children.push(member("@", Json::text(attributes)));
    }
    let mut content = String::new();
    if !empty {
        loop {
            let at = rest.find('<')?;
            content.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(end) = rest.strip_prefix("</") {
                let (closed, after) = end.split_once('>')?;
                (closed.trim() == name).then_some(())?;
                rest = after;
                break;
            }
            let (child, after) = element(rest)?;
            children.push(child);
            rest = after;
        }
    }
    let value = if children.is_empty() { Json::text(plain(&content)) } else { Json::Array(children) };
    Some((member(name, value), rest))
}

fn member(name: &str, value: Json) -> Json {
    Json::Object(Members::from([(name.to_owned(), value)]))
}

fn plain(text: &str) -> String {
    let known =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#xD;", "\r"), ("&amp;", "&")];
    known.iter().fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_meaning_reads_the_same() {
        let one = read("<?xml version=\"1.0\"?><A xmlns=\"u\"><B>x &amp; y</B><C/></A>").unwrap();
        let other = read("<A xmlns=\"u\"><B>x &amp; y</B><C></C></A>").unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_string(), r#"{"A": [{"@": "xmlns=\"u\""}, {"B": "x & y"}, {"C": ""}]}"#);
        assert_eq!(read("no"), None);
        assert_eq!(read("<A><B></A>"), None);
    }
}
