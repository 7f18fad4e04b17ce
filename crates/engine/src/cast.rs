//! Casts of configuration values to the type that an experiment or a command line asks for.
//!
//! The rules, and the words of the messages, are those of Python's `int()`, `float()` and
//! `json.loads()`, by which the reference casts.

use std::sync::Arc;

use squall_model::{Int, Other, OtherKind, Value, json, python};

/// Most digits of a number that `int()` reads.
const MAX_DIGITS: usize = 4300;

/// The zeros of the decimal digits outside ASCII (Unicode 14, as CPython 3.11 has it); the nine
/// others follow each.
const ZEROS: &str = "\u{660}\u{6f0}\u{7c0}\u{966}\u{9e6}\u{a66}\u{ae6}\u{b66}\u{be6}\u{c66}\u{ce6}\u{d66}\
    \u{de6}\u{e50}\u{ed0}\u{f20}\u{1040}\u{1090}\u{17e0}\u{1810}\u{1946}\u{19d0}\u{1a80}\u{1a90}\u{1b50}\
    \u{1bb0}\u{1c40}\u{1c50}\u{a620}\u{a8d0}\u{a900}\u{a9d0}\u{a9f0}\u{aa50}\u{abf0}\u{ff10}\u{104a0}\
    \u{10d30}\u{11066}\u{110f0}\u{11136}\u{111d0}\u{112f0}\u{11450}\u{114d0}\u{11650}\u{116c0}\u{11730}\
    \u{118e0}\u{11950}\u{11c50}\u{11d50}\u{11da0}\u{16a60}\u{16ac0}\u{16b50}\u{1d7ce}\u{1d7d8}\u{1d7e2}\
    \u{1d7ec}\u{1d7f6}\u{1e140}\u{1e2f0}\u{1e950}\u{1fbf0}";

/// Why a value cannot be cast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastError {
    /// The text is no integer.
    #[error("invalid literal for int() with base 10: {0}")]
    NotInt(String),
    /// The text is an integer of more digits than Python reads.
    #[error(
        "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {0} digits; use \
         sys.set_int_max_str_digits() to increase the limit"
    )]
    TooManyDigits(usize),
    /// The text is no number.
    #[error("could not convert string to float: {0}")]
    NotFloat(String),
    /// NaN and the infinities have no integer.
    #[error("cannot convert float {0} to integer")]
    NotFinite(&'static str),
    /// The integer is beyond what a float can hold.
    #[error("int too large to convert to float")]
    TooLarge,
    /// A value of this type has no number.
    #[error("{function} argument must be {expected}, not '{found}'")]
    NotNumeric {
        /// `int()` or `float()`.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
        /// The Python name of the type that was given.
        found: String,
    },
    /// A value of this type has no text to cast.
    #[error("'{found}' object has no attribute '{method}'")]
    NotText {
        /// The Python name of the type that was given.
        found: String,
        /// The method of text that the cast calls.
        method: &'static str,
    },
    /// The text is not JSON; CPython's message.
    #[error("{0}")]
    NotJson(String),
    /// There is no such type.
    #[error("variable type can only be: bool, str, int, float, bytes or json")]
    UnknownType,
}

/// Casts `value` to the named type: `str`/`string` (or none: as it is), `int`/`integer`,
/// `float`/`number`, `bytes`, `bool`, `json`.
///
/// `bool` takes every text but `false`, `0` and `no` (in any case) as true. Numbers, on which the
/// reference fails, have Python's truth.
///
/// # Errors
/// When the value has no form in that type, or there is no such type.
pub fn convert_to_type(type_name: Option<&str>, value: &Value) -> Result<Value, CastError> {
    match type_name {
        None | Some("str" | "string") => Ok(value.clone()),
        Some("int" | "integer") => to_int(value).map(Value::Int),
        Some("float" | "number") => to_float(value).map(Value::Float),
        Some("bytes") => to_bytes(value),
        Some("bool") => to_bool(value),
        Some("json") => from_json(value),
        Some(_) => Err(CastError::UnknownType),
    }
}

/// Reads an integer as Python's `int()` does: blanks around it, a sign, decimal digits of any
/// script, single underscores between them; `None` when the text is none.
pub fn parse_int(text: &str) -> Option<Int> {
    let digits = without_underscores(&plain(text))?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Reads a number as Python's `float()` does: blanks around it, `inf`, `infinity` and `nan` in any
/// case, single underscores between digits, an exponent; `None` when the text is none.
pub fn parse_float(text: &str) -> Option<f64> {
    let number = without_underscores(&plain(text))?;
    // The one notation that Rust reads and Python does not would be an empty mantissa, and it reads none.
    number.parse().ok()
}

fn to_int(value: &Value) -> Result<Int, CastError> {
    match value {
        Value::Int(int) => Ok(int.clone()),
        Value::Bool(flag) => Ok(Int::from(i64::from(*flag))),
        Value::Float(float) if float.is_nan() => Err(CastError::NotFinite("NaN")),
        Value::Float(float) if float.is_infinite() => Err(CastError::NotFinite("infinity")),
        // A whole float prints as its exact decimal digits.
        Value::Float(float) => {
            Ok(format!("{:.0}", float.trunc()).parse().expect("a finite whole float prints as an integer"))
        }
        Value::Str(text) => {
            let digits = text.chars().filter(|c| decimal_digit(*c).is_some()).count();
            match parse_int(text) {
                Some(_) if digits > MAX_DIGITS => Err(CastError::TooManyDigits(digits)),
                Some(int) => Ok(int),
                None => Err(CastError::NotInt(python::repr(value))),
            }
        }
        other => Err(not_numeric("int()", "a string, a bytes-like object or a real number", other)),
    }
}

fn to_float(value: &Value) -> Result<f64, CastError> {
    match value {
        Value::Float(float) => Ok(*float),
        Value::Bool(flag) => Ok(f64::from(u8::from(*flag))),
        Value::Int(int) => {
            let float = int.to_f64();
            if float.is_finite() { Ok(float) } else { Err(CastError::TooLarge) }
        }
        Value::Str(text) => parse_float(text).ok_or_else(|| CastError::NotFloat(python::repr(value))),
        other => Err(not_numeric("float()", "a string or a real number", other)),
    }
}

fn to_bytes(value: &Value) -> Result<Value, CastError> {
    let Value::Str(text) = value else { return Err(not_text(value, "encode")) };
    let bytes: Arc<[u8]> = text.as_bytes().into();
    let mut other = Other { kind: OtherKind::Bytes(bytes), text: "".into(), display: None };
    other.text = python::repr(&Value::Other(Arc::new(other.clone()))).into();
    Ok(Value::Other(Arc::new(other)))
}

fn to_bool(value: &Value) -> Result<Value, CastError> {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(Value::Bool(value.is_truthy())),
        Value::Str(text) => Ok(Value::Bool(!matches!(&*text.to_lowercase(), "false" | "0" | "no"))),
        other => Err(not_text(other, "lower")),
    }
}

fn from_json(value: &Value) -> Result<Value, CastError> {
    match value {
        Value::Str(text) if !text.is_empty() => {
            json::parse(text).map_err(|error| CastError::NotJson(error.to_string()))
        }
        other => Ok(other.clone()),
    }
}

fn not_numeric(function: &'static str, expected: &'static str, value: &Value) -> CastError {
    CastError::NotNumeric { function, expected, found: value.type_name().to_owned() }
}

fn not_text(value: &Value, method: &'static str) -> CastError {
    CastError::NotText { found: value.type_name().to_owned(), method }
}

/// The text without the blanks around it, digits of all scripts in ASCII.
fn plain(text: &str) -> String {
    text.trim_matches(is_python_space)
        .chars()
        .map(|c| decimal_digit(c).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c))
        .collect()
}

/// What Python's `str.isspace()` says of a character.
fn is_python_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn decimal_digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let zero = ZEROS
        .chars()
        .find(|zero| (*zero..=char::from_u32(*zero as u32 + 9).unwrap_or(*zero)).contains(&c))?;
    Some(c as u32 - zero as u32)
}

/// The text without underscores; `None` when one does not stand between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    let misplaced = bytes.iter().enumerate().any(|(at, byte)| *byte == b'_' && !between_digits(at));
    if misplaced { None } else { Some(text.replace('_', "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(type_name: &str, value: impl Into<Value>) -> Result<Value, String> {
        convert_to_type(Some(type_name), &value.into()).map_err(|error| error.to_string())
    }

    fn assert_cast(type_name: &str, value: impl Into<Value>, expected: impl Into<Value>) {
        let (value, expected) = (value.into(), expected.into());
        let found = cast(type_name, value.clone()).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        assert!(found.identical(&expected), "{value:?} became {found:?}, not {expected:?}");
    }

    #[test]
    fn text_and_no_type_leave_a_value_as_it_is() {
        assert_cast("str", 5, 5);
        assert_cast("string", "x", "x");
        assert!(convert_to_type(None, &Value::Null).unwrap().is_null());
        assert_eq!(
            cast("weird", "x").unwrap_err(),
            "variable type can only be: bool, str, int, float, bytes or json"
        );
    }

    #[test]
    fn integers() {
        for (text, int) in
            [("1", 1), (" 1_0 ", 10), ("+5", 5), ("-0", 0), ("1\n", 1), ("１２", 12), ("\u{1f}٣", 3)]
        {
            assert_cast("int", text, int);
        }
        assert_cast("integer", true, 1);
        assert_cast("int", -1.9, -1);
        assert_cast("int", 1e20, Value::Int("100000000000000000000".parse().unwrap()));
        for text in
            ["", "1__0", "_1", "1_", "0x10", "1e3", "inf", ".", "+-1", "+ 1", "1 2", "é'", "\u{0}1", "x"]
        {
            let message = cast("int", text).unwrap_err();
            let shown = python::repr(&Value::from(text));
            assert_eq!(message, format!("invalid literal for int() with base 10: {shown}"));
        }
        assert_eq!(cast("int", f64::NAN).unwrap_err(), "cannot convert float NaN to integer");
        assert_eq!(cast("int", f64::INFINITY).unwrap_err(), "cannot convert float infinity to integer");
        assert_eq!(
            cast("int", Value::Null).unwrap_err(),
            "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"
        );
    }

    #[test]
    fn integers_of_too_many_digits_are_refused_as_python_does() {
        assert!(cast("int", "1".repeat(4300)).is_ok());
        assert!(cast("int", "1".repeat(5000)).unwrap_err().starts_with(
            "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use"
        ));
    }

    #[test]
    fn floats() {
        for (text, float) in [
            ("1", 1.0),
            ("1_0.5_0", 10.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e5_0", 1e50),
            (" -Infinity ", f64::NEG_INFINITY),
        ] {
            assert_cast("float", text, float);
        }
        assert_cast("number", "NaN", f64::NAN);
        assert_cast("float", 3, 3.0);
        for text in ["", ".", "e5", "1._5", "1e_5", "i_nf", "--1", "0x10", "1 2", "1f", "infin"] {
            assert_eq!(
                cast("float", text).unwrap_err(),
                format!("could not convert string to float: '{text}'")
            );
        }
        let huge = Value::Int("1".repeat(400).parse().unwrap());
        assert_eq!(cast("float", huge).unwrap_err(), "int too large to convert to float");
    }

    #[test]
    fn truth() {
        for text in ["false", "FALSE", "0", "No"] {
            assert_cast("bool", text, false);
        }
        for text in ["", "off", "n", " 0", "true"] {
            assert_cast("bool", text, true);
        }
        assert_cast("bool", false, false);
        assert_cast("bool", 0, false);
        assert_eq!(cast("bool", Value::Null).unwrap_err(), "'NoneType' object has no attribute 'lower'");
    }

    #[test]
    fn bytes() {
        let Value::Other(other) = cast("bytes", "é'").unwrap() else { panic!("expected bytes") };
        assert_eq!(other.kind, OtherKind::Bytes("é'".as_bytes().into()));
        assert_eq!(&*other.text, r#"b"\xc3\xa9'""#);
        assert_eq!(cast("bytes", 1).unwrap_err(), "'int' object has no attribute 'encode'");
    }

    #[test]
    fn json_text() {
        assert_cast("json", "[1, 2.0]", Value::list([Value::from(1), Value::from(2.0)]));
        assert_cast("json", "", "");
        assert_cast("json", 4, 4);
        assert_eq!(cast("json", "0x10").unwrap_err(), "Extra data: line 1 column 2 (char 1)");
    }
}
