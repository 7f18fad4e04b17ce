//! Texts with references in braces: `https://{Bucket}.s3.{partition#dnsSuffix}`.

use std::borrow::Cow;

use super::value::Value;

/// A text that was split at its references.
#[derive(Debug, PartialEq)]
pub struct Template<'t> {
    pieces: Vec<Piece<'t>>,
}

#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Literal(Cow<'t, str>),
    /// A variable, and the attributes of it in order.
    Reference(Cow<'t, str>),
}

impl<'t> Template<'t> {
    /// Splits a text; `None` for one without references, which is taken as it is, doubled braces too.
    pub fn parse(text: &Cow<'t, str>) -> Option<Self> {
        if !has_reference(text) {
            return None;
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let next = rest.find(['{', '}']).unwrap_or(rest.len());
            if next > 0 {
                pieces.push(Piece::Literal(slice(text, at, at + next)));
            }
            at += next;
            let rest = &text[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                pieces.push(Piece::Literal(slice(text, at, at + 1)));
                at += 2;
            } else if rest.starts_with('{') {
                let end = rest.find('}').unwrap_or(rest.len());
                pieces.push(Piece::Reference(slice(text, at + 1, at + end)));
                at += end + 1;
            } else {
                // A closing brace alone, which no rule set has.
                at += 1;
            }
        }
        Some(Template { pieces })
    }

    /// The text with what the references stand for; the reference that stands for nothing is the error.
    pub fn resolve<'r>(&self, variable: impl Fn(&str) -> Value<'r>) -> Result<String, &str> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Reference(reference) => {
                    let mut names = reference.split('#');
                    let first = variable(names.next().unwrap_or_default());
                    match names.fold(first, |value, name| value.attribute(name)) {
                        Value::Text(value) => text.push_str(&value),
                        Value::Flag(value) => text.push_str(if value { "True" } else { "False" }),
                        Value::Number(value) => text.push_str(&value.to_string()),
                        _ => return Err(reference),
                    }
                }
            }
        }
        Ok(text)
    }
}

fn slice<'t>(text: &Cow<'t, str>, begin: usize, end: usize) -> Cow<'t, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[begin..end]),
        Cow::Owned(text) => Cow::Owned(text[begin..end].to_owned()),
    }
}

/// Whether a text is a template: braces around letters and `#` only.
fn has_reference(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| match rest.split_once('}') {
        Some((name, _)) => {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'#')
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::rc::Rc;

    use super::Template;
    use crate::endpoint::url::Url;
    use crate::endpoint::value::Value;

    fn resolve(text: &'static str) -> Option<Result<String, String>> {
        let template = Template::parse(&Cow::Borrowed(text))?;
        let url = Rc::new(Url::parse("https://host:8080/path").unwrap());
        let resolved = template.resolve(|name| match name {
            "Region" => Value::text("us-east-1"),
            "Flag" => Value::Flag(true),
            "url" => Value::Url(Rc::clone(&url)),
            _ => Value::None,
        });
        Some(resolved.map_err(str::to_owned))
    }

    #[test]
    fn references_are_replaced_by_what_they_stand_for() {
        assert_eq!(
            resolve("https://s3.{Region}.amazonaws.com"),
            Some(Ok("https://s3.us-east-1.amazonaws.com".into()))
        );
        assert_eq!(
            resolve("{url#scheme}://x.{url#authority}{url#path}"),
            Some(Ok("https://x.host:8080/path".into()))
        );
        assert_eq!(resolve("{{{Region}}}: {Flag}"), Some(Ok("{us-east-1}: True".into())));
        assert_eq!(resolve("{Region}{Region}"), Some(Ok("us-east-1us-east-1".into())));
    }

    #[test]
    fn a_reference_to_nothing_is_told() {
        assert_eq!(resolve("a {Bucket} b"), Some(Err("Bucket".into())));
        assert_eq!(resolve("{url#port}"), Some(Err("url#port".into())));
    }

    #[test]
    fn a_text_without_references_is_no_template() {
        for text in ["", "plain", "{}", "{{", "{a b}", "{1}", "{open"] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
