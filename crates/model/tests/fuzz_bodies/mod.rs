//! What the fuzz targets do with one input: each function takes any bytes, and panics only where the
//! product breaks a law. The corpus is replayed through the same functions by an ordinary test.

use squall_model::document::{Document, Format, Part, Pointer};
use squall_model::expr::substitute::substitute;
use squall_model::expr::{JsonPath, Regex, Scope, Used, references, substitute_masked, substitute_noting};
use squall_model::expr::{describe, within};
use squall_model::json::{self, NonFinite, Style};
use squall_model::{Value, python};

/// One input, taken by a function of this module.
pub type Body = fn(&[u8]);

/// All bodies, by the name of their target.
pub const BODIES: [(&str, Body); 4] = [
    ("document", document),
    ("substitution", substitution),
    ("jsonpath", jsonpath),
    ("tolerance", tolerance),
];

/// A document in either language. JSON that is written and read again is the same.
pub fn document(data: &[u8]) {
    for format in [Format::Json, Format::Yaml] {
        let Ok(document) = Document::parse("fuzz", data, format) else { continue };
        assert!(document.locate(&Pointer::root(), Part::Value).is_some(), "a document has a place");
        if format == Format::Json {
            let style = Style { non_finite: NonFinite::Bare, ..Style::COMPACT };
            let text = json::write(&document.value, &style);
            let again = json::parse(&text).expect("what is written can be read");
            assert!(again.identical(&document.value), "written as {text}");
        }
    }
}

/// Three lines or more: the configuration and the secrets as JSON, then a template.
pub fn substitution(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let configuration = json::parse(next()).unwrap_or_default();
    let secrets = json::parse(next()).unwrap_or_default();
    let template = Value::from(next());
    let scope = Scope::new(configuration.as_map(), secrets.as_map());
    let mut used = Used::default();
    let result = substitute_noting(&template, &scope, &mut used);
    let masked = substitute_masked(&template, &scope);
    assert_eq!(result.is_ok(), masked.is_ok(), "masking changes no error");
    let (Ok(result), Ok(masked)) = (result, masked) else { return };
    let template = template.as_str().unwrap_or_default();
    if !template.contains('$') {
        assert!(result.identical(&Value::from(template)), "nothing to substitute");
    }
    if used.secrets.is_empty() {
        assert!(result.identical(&masked), "nothing to mask");
    }
    let names = references(template);
    for name in &used.unknown {
        assert!(names.contains(&name.as_str()), "{name} is not in the template");
        assert_eq!(scope.lookup(name), Ok(None), "{name} is known");
    }
    // Results are data as well as any.
    let again = substitute(&result, &scope);
    assert!(again.is_err() || !python::repr(&result).is_empty());
}

/// A path on the first line, a JSON document after it.
pub fn jsonpath(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (path, document) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(parsed) = JsonPath::parse(path) else { return };
    // Every wildcard may multiply the matches.
    if path.len() > 100
        || document.len() > 300
        || path.matches(['*', ':']).count() + path.matches("..").count() > 4
    {
        return;
    }
    let document = json::parse(document).unwrap_or_default();
    if let Ok(matches) = parsed.matches(&document) {
        assert!(path.contains(['(', '[']) || !document.is_null() || matches.len() <= 1);
    }
}

/// A tolerance as JSON on the first line, a value as JSON or text after it; and both as a pattern and a
/// text.
pub fn tolerance(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if first.len() > 150 || rest.len() > 200 || first.matches(['*', ':']).count() > 12 {
        return;
    }
    if let Ok(pattern) = Regex::new(first) {
        // Only that it ends is of interest.
        let _ = pattern.search(rest);
    }
    let Ok(tolerance) = json::parse(first) else { return };
    let value = json::parse(rest).unwrap_or_else(|_| Value::from(rest));
    let verdict = within(&tolerance, &value, &Scope::default());
    assert_eq!(verdict, within(&tolerance, &value, &Scope::default()), "the same twice");
    assert!(!describe(&tolerance, &value).is_empty());
}
