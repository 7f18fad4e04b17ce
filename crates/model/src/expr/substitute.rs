//! Substitution of `${name}` and `$name`, with the rules of Python's `string.Template` as the reference
//! refines them.
//!
//! A name is `[_A-Za-z][_A-Za-z0-9]*`; `$$` stands for `$`; everything else with a `$` stays as it is. A
//! text that is nothing but `${name}` becomes the value itself, in its type; elsewhere a value is put in
//! as Python's `str()` shows it. Results are not substituted again.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::{DEEPEST, Raised, c_type_name};
use crate::python;
use crate::redact::MASK;
use crate::value::{Key, Map, Value};

/// Where names are looked up: first the configuration, then each scope of the secrets in order.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    configuration: Option<Map>,
    secrets: Option<Map>,
}

/// Which names a substitution met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Names whose values came from the secrets, each once, in the order they were met.
    pub secrets: Vec<String>,
    /// Names found nowhere, left as they are in the text.
    pub unknown: Vec<String>,
}

/// A value, and whether it is from the secrets.
struct Found {
    value: Value,
    secret: bool,
}

impl Scope {
    /// A scope over the resolved configuration and secrets. The handles stay live: later changes of
    /// these mappings are seen.
    pub fn new(configuration: Option<&Map>, secrets: Option<&Map>) -> Self {
        Scope { configuration: configuration.cloned(), secrets: secrets.cloned() }
    }

    /// Whether there is neither configuration nor secrets: the reference then skips the substitution of
    /// arguments altogether, so `$$` stays `$$`.
    pub fn is_empty(&self) -> bool {
        self.configuration.as_ref().is_none_or(Map::is_empty)
            && self.secrets.as_ref().is_none_or(Map::is_empty)
    }

    /// The value of a name, if it is known.
    ///
    /// # Errors
    ///
    /// `TypeError` when the search comes to a secret that stands directly under `secrets`, where a scope
    /// (a mapping) should be.
    pub fn lookup(&self, name: &str) -> Result<Option<Value>, Raised> {
        Ok(self.find(&Key::from(name))?.map(|found| found.value))
    }

    fn find(&self, key: &Key) -> Result<Option<Found>, Raised> {
        if let Some(value) = self.configuration.as_ref().and_then(|map| map.get_key(key)) {
            return Ok(Some(Found { value, secret: false }));
        }
        let Some(secrets) = &self.secrets else { return Ok(None) };
        for scope in secrets.values() {
            match scope {
                Value::Map(scope) => {
                    if let Some(value) = scope.get_key(key) {
                        return Ok(Some(Found { value, secret: true }));
                    }
                }
                flat => return Err(not_a_scope(&flat, key)),
            }
        }
        Ok(None)
    }
}

fn not_a_scope(value: &Value, key: &Key) -> Raised {
    let key = c_type_name(key.value());
    Raised::type_error(match value.type_name() {
        "str" => format!("string indices must be integers, not '{key}'"),
        "list" => format!("list indices must be integers or slices, not {key}"),
        "bytes" => format!("byte indices must be integers or slices, not {key}"),
        _ => format!("'{}' object is not subscriptable", c_type_name(value)),
    })
}

/// Substitutes in `data`: a text, or all texts in a mapping's values or a list's items, at any depth.
/// Mapping keys are never touched. The result is made of new containers; `data` is not changed.
///
/// # Errors
///
/// As [`Scope::lookup`]; `RecursionError` for data nested hundreds of levels deep.
pub fn substitute(data: &Value, scope: &Scope) -> Result<Value, Raised> {
    substitute_noting(data, scope, &mut Used::default())
}

/// As [`substitute`], and adds to `used` which names were met.
///
/// # Errors
///
/// As [`substitute`].
pub fn substitute_noting(data: &Value, scope: &Scope, used: &mut Used) -> Result<Value, Raised> {
    Substitution { scope, used, mask: false }.value(data, 0)
}

/// As [`substitute`], with `********` in place of every value that comes from the secrets: for titles and
/// log lines.
///
/// # Errors
///
/// As [`substitute`].
pub fn substitute_masked(data: &Value, scope: &Scope) -> Result<Value, Raised> {
    Substitution { scope, used: &mut Used::default(), mask: true }.value(data, 0)
}

/// The names that a text refers to, each once, in order.
pub fn references(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in pieces(text) {
        if let Piece::Name { name, .. } = piece
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

struct Substitution<'a> {
    scope: &'a Scope,
    used: &'a mut Used,
    mask: bool,
}

impl Substitution<'_> {
    fn value(&mut self, data: &Value, depth: usize) -> Result<Value, Raised> {
        if depth > DEEPEST {
            return Err(Raised::too_deep());
        }
        if !data.is_truthy() {
            // Falsy data is returned as it is, an empty container as the same container.
            return Ok(data.clone());
        }
        match data {
            Value::Str(text) => self.text(text),
            Value::List(list) => list
                .to_vec()
                .iter()
                .map(|item| self.value(item, depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::List),
            Value::Map(map) => map
                .entries()
                .into_iter()
                .map(|(key, item)| Ok((key, self.value(&item, depth + 1)?)))
                .collect::<Result<_, _>>()
                .map(Value::Map),
            scalar => Ok(scalar.clone()),
        }
    }

    fn text(&mut self, text: &str) -> Result<Value, Raised> {
        if !text.contains('$') {
            return Ok(Value::from(text));
        }
        let all: Vec<Piece<'_>> = pieces(text).collect();
        match all.as_slice() {
            [Piece::Name { name, braced: true, .. }] => {
                if let Some(found) = self.scope.find(&Key::from(*name))? {
                    return Ok(self.note(name, found));
                }
            }
            [Piece::Name { .. } | Piece::Escaped | Piece::Stray] => {
                // The reference looks up the name in braces of whatever is one placeholder; here there
                // are none, so it looks up Python's None.
                if let Some(found) = self.scope.find(none_key())? {
                    return Ok(self.note("None", found));
                }
            }
            _ => {}
        }
        let mut out = String::with_capacity(text.len());
        for piece in all {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escaped | Piece::Stray => out.push('$'),
                Piece::Name { name, source, .. } => match self.scope.find(&Key::from(name))? {
                    Some(found) => {
                        let value = self.note(name, found);
                        out.push_str(&match value.as_str() {
                            Some(text) => Cow::Borrowed(text),
                            None => Cow::Owned(python::str(&value)),
                        });
                    }
                    None => {
                        note(&mut self.used.unknown, name);
                        out.push_str(source);
                    }
                },
            }
        }
        Ok(Value::from(out))
    }

    fn note(&mut self, name: &str, found: Found) -> Value {
        if !found.secret {
            return found.value;
        }
        note(&mut self.used.secrets, name);
        if self.mask { Value::from(MASK) } else { found.value }
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn none_key() -> &'static Key {
    static NONE: OnceLock<Key> = OnceLock::new();
    NONE.get_or_init(|| Key::new(Value::Null).expect("null is a scalar"))
}

/// A part of a template.
enum Piece<'a> {
    /// Text without a `$`.
    Text(&'a str),
    /// `$$`.
    Escaped,
    /// `$` before something that is not a name.
    Stray,
    /// `$name` or `${name}`, and how it was written.
    Name { name: &'a str, source: &'a str, braced: bool },
}

fn pieces(mut rest: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let piece = match rest.find('$') {
            None if rest.is_empty() => return None,
            None => Piece::Text(std::mem::take(&mut rest)),
            Some(0) => {
                let (piece, length) = placeholder(rest);
                rest = &rest[length..];
                piece
            }
            Some(dollar) => {
                let (text, tail) = rest.split_at(dollar);
                rest = tail;
                Piece::Text(text)
            }
        };
        Some(piece)
    })
}

/// The placeholder at the start of a text that begins with `$`, and its length in bytes.
fn placeholder(text: &str) -> (Piece<'_>, usize) {
    let after = &text[1..];
    if after.starts_with('$') {
        return (Piece::Escaped, 2);
    }
    let braced = after.starts_with('{');
    let body = &after[usize::from(braced)..];
    let end = body.bytes().position(|b| !(b == b'_' || b.is_ascii_alphanumeric())).unwrap_or(body.len());
    let name = &body[..end];
    let valid = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if !valid || (braced && !body[end..].starts_with('}')) {
        return (Piece::Stray, 1);
    }
    let length = 1 + end + 2 * usize::from(braced);
    (Piece::Name { name, source: &text[..length], braced }, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::List;

    fn scope() -> Scope {
        let inner = Value::map([("a", Value::list([Value::from(1_i64), Value::Null]))]);
        let configuration = Value::map([
            ("n", Value::from(3_i64)),
            ("text", Value::from("x$n")),
            ("yes", Value::from(true)),
            ("none", Value::Null),
            ("big", Value::from(1e22)),
            ("inner", inner),
            ("_n1", Value::from("under")),
        ]);
        let first = Value::map([("key", Value::from("S1")), ("n", Value::from("hidden"))]);
        let second = Value::map([("key", Value::from("S2")), ("other", Value::from(7_i64))]);
        let secrets = Value::map([("one", first), ("two", second)]);
        Scope::new(configuration.as_map(), secrets.as_map())
    }

    fn subst(text: &str) -> Value {
        substitute(&Value::from(text), &scope()).unwrap()
    }

    #[test]
    fn texts_follow_the_template_rules() {
        for (template, expected) in [
            ("a ${n} b", "a 3 b"),
            ("$n", "3"),
            ("$n.", "3."),
            ("$nn $N ${zz}", "$nn $N ${zz}"),
            ("${zz}", "${zz}"),
            ("$$n $$$n", "$n $3"),
            ("$$", "$"),
            ("$", "$"),
            ("5$ ${a.b} ${a-b} ${ n} ${} $1", "5$ ${a.b} ${a-b} ${ n} ${} $1"),
            ("${n", "${n"),
            ("${n}\n", "3\n"),
            ("-$yes$none-", "-TrueNone-"),
            ("= $big", "= 1e+22"),
            ("= ${inner}", "= {'a': [1, None]}"),
            ("$text$text", "x$nx$n"),
            ("$_n1é", "underé"),
            ("$né", "3é"),
            ("$ключ", "$ключ"),
            ("$key $other", "S1 7"),
        ] {
            let result = subst(template);
            assert!(
                result.identical(&Value::from(expected)),
                "{template:?} gave {result:?}, not {expected:?}"
            );
        }
    }

    #[test]
    fn a_whole_name_in_braces_keeps_its_type() {
        assert!(subst("${n}").identical(&Value::from(3_i64)));
        assert!(subst("${yes}").identical(&Value::from(true)));
        assert!(subst("${none}").is_null());
        assert!(subst("${other}").identical(&Value::from(7_i64)));
        let inner = scope().lookup("inner").unwrap().unwrap();
        assert!(subst("${inner}").identical(&inner));
    }

    #[test]
    fn containers_are_made_new_and_keys_stay() {
        let list = Value::list([Value::from("$n"), Value::from(5_i64)]);
        let data = Value::map([("$n", list.clone()), ("m", Value::map([("x", Value::from("${n}"))]))]);
        let result = substitute(&data, &scope()).unwrap();
        let expected = Value::map([
            ("$n", Value::list([Value::from("3"), Value::from(5_i64)])),
            ("m", Value::map([("x", Value::from(3_i64))])),
        ]);
        assert!(result.identical(&expected));
        assert!(list.identical(&Value::list([Value::from("$n"), Value::from(5_i64)])));
    }

    #[test]
    fn falsy_data_is_returned_as_it_is() {
        let empty = List::new();
        match substitute(&Value::List(empty.clone()), &scope()).unwrap() {
            Value::List(list) => assert!(list.same(&empty)),
            other => panic!("not a list: {other:?}"),
        }
        assert!(substitute(&Value::from(""), &scope()).unwrap().identical(&Value::from("")));
    }

    #[test]
    fn flat_secrets_raise_only_when_the_search_comes_to_them() {
        let configuration = Value::map([("n", Value::from(3_i64))]);
        for (flat, expected) in [
            (Value::from("abc"), "TypeError: string indices must be integers, not 'str'"),
            (Value::from(5_i64), "TypeError: 'int' object is not subscriptable"),
            (Value::Null, "TypeError: 'NoneType' object is not subscriptable"),
            (Value::list([]), "TypeError: list indices must be integers or slices, not str"),
        ] {
            let secrets = Value::map([("x", flat)]);
            let scope = Scope::new(configuration.as_map(), secrets.as_map());
            assert!(substitute(&Value::from("${n}"), &scope).unwrap().identical(&Value::from(3_i64)));
            assert_eq!(substitute(&Value::from("${x}"), &scope).unwrap_err().to_string(), expected);
            assert_eq!(substitute(&Value::from("a ${x}"), &scope).unwrap_err().to_string(), expected);
        }
        let secrets = Value::map([("x", Value::from("abc"))]);
        let scope = Scope::new(None, secrets.as_map());
        assert_eq!(
            substitute(&Value::from("$x"), &scope).unwrap_err().message,
            "string indices must be integers, not 'NoneType'"
        );
    }

    #[test]
    fn secrets_are_noted_and_masked() {
        let data =
            Value::list([Value::from("k=$key n=$n $zz"), Value::from("${other}"), Value::from("$key")]);
        let mut used = Used::default();
        substitute_noting(&data, &scope(), &mut used).unwrap();
        assert_eq!(used, Used { secrets: vec!["key".into(), "other".into()], unknown: vec!["zz".into()] });
        let masked = substitute_masked(&data, &scope()).unwrap();
        let expected = ["k=******** n=3 $zz", MASK, MASK].map(Value::from);
        assert!(masked.identical(&Value::list(expected)));
    }

    #[test]
    fn references_are_listed_once() {
        assert_eq!(references("$a ${b} $a $$c ${d.e} $"), ["a", "b"]);
    }

    #[test]
    fn data_that_holds_itself_is_an_error() {
        let list = List::new();
        list.push(Value::List(list.clone()));
        assert_eq!(substitute(&Value::List(list.clone()), &scope()).unwrap_err().class, "RecursionError");
        list.replace(Vec::new());
    }

    #[test]
    fn emptiness_of_a_scope() {
        assert!(Scope::default().is_empty());
        let empty = Value::map::<&str>([]);
        assert!(Scope::new(empty.as_map(), empty.as_map()).is_empty());
        assert!(!scope().is_empty());
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_stays(text in "[^$]*") {
            prop_assert!(subst(&text).identical(&Value::from(text)));
        }

        #[test]
        fn unknown_names_stay(text in "([^$]|\\$\\{?unknown[0-9a-z_]*\\}?|\\$[ .0-9])*[a-z]?") {
            // Names of this form are not in the scope, and `$` is never doubled nor ends the text.
            prop_assert!(subst(&text).identical(&Value::from(text)));
        }

        #[test]
        fn doubled_dollars_protect_any_text(text in any::<String>()) {
            let doubled = text.replace('$', "$$");
            prop_assert!(subst(&doubled).identical(&Value::from(text)));
        }

        #[test]
        fn a_whole_name_gives_the_value_itself(name in "[_A-Za-z][_A-Za-z0-9]{0,8}", number in any::<i64>()) {
            let configuration = Value::map([(name.as_str(), Value::from(number))]);
            let scope = Scope::new(configuration.as_map(), None);
            let whole = substitute(&Value::from(format!("${{{name}}}")), &scope).unwrap();
            prop_assert!(whole.identical(&Value::from(number)));
            let text = substitute(&Value::from(format!("${name}")), &scope).unwrap();
            prop_assert!(text.identical(&Value::from(number.to_string())));
        }
    }
}
