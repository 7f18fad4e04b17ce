//! Files that documents are made from.

use std::io;
use std::str::Utf8Error;

use squall_model::{Value, python};

use crate::activities::support::type_error;
use crate::activity::Raised;

/// The text of the file at `path`, every line's end a `\n`.
///
/// # Errors
///
/// What Python's `open` and `read` raise.
pub(super) fn read(path: &Value) -> Result<String, Raised> {
    let Value::Str(name) = path else {
        let found = path.type_name();
        return Err(type_error(format!("expected str, bytes or os.PathLike object, not {found}")));
    };
    let bytes = std::fs::read(&**name).map_err(|error| os_error(&error, name))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.replace("\r\n", "\n").replace('\r', "\n")),
        Err(error) => Err(decode_error(error.utf8_error(), error.as_bytes())),
    }
}

/// The type of a document by the version of its schema, which each type has its own of; `None` where the
/// text tells no version that is known.
pub(super) fn kind(document: &str) -> Option<&'static str> {
    let (_, rest) = document.split_once("schemaVersion")?;
    let version = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':'));
    match version.split(|c: char| !c.is_ascii_digit() && c != '.').next()? {
        "0.3" => Some("Automation"),
        "1.0" => Some("Session"),
        "1.2" | "2.0" | "2.2" => Some("Command"),
        _ => None,
    }
}

fn os_error(error: &io::Error, path: &str) -> Raised {
    let class = match error.kind() {
        io::ErrorKind::NotFound => "FileNotFoundError",
        io::ErrorKind::PermissionDenied => "PermissionError",
        io::ErrorKind::IsADirectory => "IsADirectoryError",
        io::ErrorKind::NotADirectory => "NotADirectoryError",
        io::ErrorKind::InvalidInput => return Raised::of_class("ValueError", "embedded null byte"),
        _ => "OSError",
    };
    let text = error.to_string();
    let Some(number) = error.raw_os_error() else { return Raised::of_class(class, text) };
    let text = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    Raised::of_class(class, format!("[Errno {number}] {text}: {}", python::str_repr(path)))
}

fn decode_error(error: Utf8Error, bytes: &[u8]) -> Raised {
    let start = error.valid_up_to();
    let length = error.error_len().unwrap_or(bytes.len() - start);
    let first = bytes.get(start).copied().unwrap_or_default();
    let reason = match (error.error_len(), first) {
        (None, _) => "unexpected end of data",
        (Some(_), 0xc2..=0xf4) => "invalid continuation byte",
        (Some(_), _) => "invalid start byte",
    };
    let place = match length {
        1 => format!("byte 0x{first:02x} in position {start}"),
        _ => format!("bytes in position {start}-{}", start + length - 1),
    };
    Raised::of_class("UnicodeDecodeError", format!("'utf-8' codec can't decode {place}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_none() {
        // What Python says of each.
        for (bytes, expected) in [
            (&b"a\xff"[..], "byte 0xff in position 1: invalid start byte"),
            (b"\xc3(", "byte 0xc3 in position 0: invalid continuation byte"),
            (b"\xe2\x82(", "bytes in position 0-1: invalid continuation byte"),
            (b"ab\xe2\x82", "bytes in position 2-3: unexpected end of data"),
            (b"\xe2", "byte 0xe2 in position 0: unexpected end of data"),
        ] {
            let error = String::from_utf8(bytes.to_vec()).unwrap_err();
            let raised = decode_error(error.utf8_error(), bytes);
            assert_eq!(raised.text(), format!("'utf-8' codec can't decode {expected}"));
        }
    }

    #[test]
    fn types_follow_from_versions() {
        for (document, kind_of) in [
            ("{\"schemaVersion\": \"2.2\", \"mainSteps\": []}", Some("Command")),
            ("# runbook\nschemaVersion: '0.3'\nmainSteps: []\n", Some("Automation")),
            ("schemaVersion: 1.0", Some("Session")),
            ("schemaVersion: '9.9'", None),
            ("{}", None),
        ] {
            assert_eq!(kind(document), kind_of, "{document}");
        }
    }

    #[test]
    fn a_file_that_is_not_there() {
        let raised = read(&Value::from("/nowhere/at all")).unwrap_err();
        assert_eq!(raised.text(), "[Errno 2] No such file or directory: '/nowhere/at all'");
        assert!(matches!(raised, Raised::Error { class, .. } if class == "FileNotFoundError"));
    }
}
