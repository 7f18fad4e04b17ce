//! Values on the command line, and how they are shown.

use squall_engine::cast::{self, CastError};
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Value, python};

use crate::args::Variable;

/// Reads a number of any notation that Python's `float()` takes.
///
/// # Errors
/// The reference's message, when it is none.
pub fn parse_float(text: &str) -> Result<f64, String> {
    cast::parse_float(text).ok_or_else(|| format!("{} is not a valid float.", quoted(text)))
}

/// Reads `KEY=VALUE` or `KEY:TYPE=VALUE`. The key ends at the first `=`, the type begins after the
/// last `:` before it.
///
/// # Errors
/// The reference's message: there is no `=`, no such type, or the value is not of it.
pub fn parse_variable(text: &str) -> Result<Variable, String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| "not enough values to unpack (expected 2, got 1)".to_owned())?;
    let (key, type_name) = match key.rsplit_once(':') {
        Some((key, type_name)) => (key, Some(type_name)),
        None => (key, None),
    };
    let value = cast::convert_to_type(type_name, &Value::from(value))
        .map_err(|error: CastError| error.to_string())?;
    Ok(Variable { key: key.to_owned(), value })
}

/// A value as `json.dumps(..., indent=indent)` shows it: all outside ASCII escaped.
pub fn indented_json(value: &Value, indent: usize) -> String {
    let style = Style { layout: Layout::Indented(indent), ascii: true, non_finite: NonFinite::Bare };
    json::write(value, &style)
}

/// Text between quotes, as the reference's usage errors show it.
pub fn quoted(text: &str) -> String {
    python::repr(&Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_and_the_last_colon_split() {
        let variable = parse_variable("e:x:float=1=").unwrap_err();
        assert_eq!(variable, "could not convert string to float: '1='");
        let variable = parse_variable("e:x:float=1").unwrap();
        assert_eq!((variable.key.as_str(), variable.value.type_name()), ("e:x", "float"));
        let variable = parse_variable("a=b:int=c").unwrap();
        assert_eq!((variable.key.as_str(), variable.value.as_str()), ("a", Some("b:int=c")));
        assert_eq!(parse_variable("=x").unwrap().key, "");
    }

    #[test]
    fn mistakes_have_the_messages_of_the_reference() {
        let message = |text| parse_variable(text).unwrap_err();
        assert_eq!(message("a"), "not enough values to unpack (expected 2, got 1)");
        assert_eq!(message("a:int=x"), "invalid literal for int() with base 10: 'x'");
        assert_eq!(message("a:x=1"), "variable type can only be: bool, str, int, float, bytes or json");
        assert_eq!(
            message("a:json={"),
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
        );
        assert_eq!(parse_float("x").unwrap_err(), "'x' is not a valid float.");
    }
}
