//! From the bytes of a body to its content and its text.

use std::io::Read;

use encoding_rs::Encoding;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::error::HttpError;
use crate::process::decode::{decode, latin1};

/// Undoes the content encodings of a body, the last one first: `gzip`, `x-gzip` and `deflate` (with or
/// without zlib's header). A body in any other encoding stays as it is.
///
/// # Errors
///
/// The body is not in the encoding that it claims.
pub(super) fn undo_content_encoding(encodings: &str, mut body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
    for encoding in encodings.split(',').rev() {
        let name = encoding.trim().to_ascii_lowercase();
        let decoded = match name.as_str() {
            _ if body.is_empty() => return Ok(body),
            "gzip" | "x-gzip" => gunzip(&body),
            "deflate" => read_all(ZlibDecoder::new(body.as_slice()))
                .or_else(|_| read_all(DeflateDecoder::new(body.as_slice()))),
            _ => return Ok(body),
        };
        body = decoded.map_err(|error| {
            HttpError::other(
                "requests.exceptions.ContentDecodingError",
                format!(
                    "('Received response with content-encoding: {encodings}, but failed to decode it.', \
                     error('{error}'))"
                ),
            )
        })?;
    }
    Ok(body)
}

/// All members; what follows the first one and is no gzip is ignored.
fn gunzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    read_all(MultiGzDecoder::new(body)).or_else(|_| read_all(flate2::read::GzDecoder::new(body)))
}

fn read_all(mut decoder: impl Read) -> std::io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.read_to_end(&mut decoded)?;
    Ok(decoded)
}

/// What a `Content-Type` says of the encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset<'a> {
    /// A `charset` parameter.
    Declared(&'a str),
    /// The default of a media type: ISO-8859-1 for `text/*`, UTF-8 for `application/json`.
    Implied(&'static str),
    /// Nothing.
    Unknown,
}

impl<'a> Charset<'a> {
    /// Reads a `Content-Type` header as `requests` does.
    pub(super) fn of(content_type: Option<&'a str>) -> Charset<'a> {
        let Some(content_type) = content_type else { return Charset::Unknown };
        let (media, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        // A repeated parameter: the last one counts.
        for parameter in parameters.split(';').rev() {
            if let Some((name, value)) = parameter.split_once('=')
                && trimmed(name).eq_ignore_ascii_case("charset")
            {
                return Charset::Declared(trimmed(value));
            }
        }
        if media.contains("text") {
            Charset::Implied("iso-8859-1")
        } else if media.contains("application/json") {
            Charset::Implied("utf-8")
        } else {
            Charset::Unknown
        }
    }

    /// The text of a body. Bytes that are invalid in a stated encoding become U+FFFD; an encoding
    /// that does not exist is taken for UTF-8; without a statement see [`decode`].
    pub(super) fn text(self, body: &[u8]) -> String {
        let name = match self {
            Charset::Declared(name) => name,
            Charset::Implied(name) => name,
            Charset::Unknown => return decode(body.to_vec()),
        };
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            // Python's Latin-1 is ISO-8859-1 itself, not the Windows code page that browsers take.
            "iso-8859-1" | "iso8859-1" | "8859-1" | "8859" | "latin-1" | "latin1" | "l1" | "cp819" => {
                latin1(body)
            }
            "ascii" | "us-ascii" | "646" => {
                body.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{FFFD}' }).collect()
            }
            "utf-8-sig" => strip_mark(String::from_utf8_lossy(body).as_ref()),
            "utf-8" | "utf8" | "u8" => String::from_utf8_lossy(body).into_owned(),
            other => match Encoding::for_label(other.as_bytes()) {
                // A mark decides the byte order, and is no text.
                Some(encoding) if other.starts_with("utf-16") || other.starts_with("utf16") => {
                    encoding.decode(body).0.into_owned()
                }
                Some(encoding) => encoding.decode_without_bom_handling(body).0.into_owned(),
                None => String::from_utf8_lossy(body).into_owned(),
            },
        }
    }
}

fn trimmed(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'', ' '])
}

fn strip_mark(text: &str) -> String {
    text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn text(content_type: &str, body: &[u8]) -> String {
        Charset::of(Some(content_type)).text(body)
    }

    #[test]
    fn the_content_type_decides_the_text() {
        assert_eq!(text("text/html", "é".as_bytes()), "Ã©");
        assert_eq!(text("text/html; charset=utf-8", "é".as_bytes()), "é");
        assert_eq!(text("text/html; Charset=\"UTF-8\"", "é".as_bytes()), "é");
        assert_eq!(text("application/json", "é".as_bytes()), "é");
        assert_eq!(text("text/plain; charset=windows-1252", b"\x80"), "€");
        assert_eq!(text("text/plain; charset=latin-1", b"\x80"), "\u{80}");
        assert_eq!(text("text/plain; charset=ascii", b"a\xe9"), "a\u{FFFD}");
        assert_eq!(text("text/plain; charset=nonsense", "é".as_bytes()), "é");
        assert_eq!(text("text/plain; charset=utf-16", b"\xff\xfeh\0"), "h");
        assert_eq!(text("application/octet-stream", "é".as_bytes()), "é");
        assert_eq!(text("application/octet-stream", b"\xe9"), "é");
        assert_eq!(Charset::of(None), Charset::Unknown);
    }

    #[test]
    fn content_encodings_are_undone() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"hello").unwrap();
        let gzip = gzip.finish().unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&gzip).unwrap();
        let both = zlib.finish().unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(b"hello").unwrap();
        let raw = raw.finish().unwrap();
        let mut trailed = gzip.clone();
        trailed.extend(b"\0\0trailing");
        for (encodings, body) in
            [("gzip", &gzip), ("gzip, Deflate", &both), ("deflate", &raw), ("x-gzip", &trailed)]
        {
            assert_eq!(undo_content_encoding(encodings, body.clone()).unwrap(), b"hello", "{encodings}");
        }
        assert_eq!(undo_content_encoding("br", b"any".to_vec()).unwrap(), b"any");
        assert_eq!(undo_content_encoding("gzip", Vec::new()).unwrap(), b"");
        let error = undo_content_encoding("gzip", b"abc".to_vec()).unwrap_err();
        assert_eq!(error.class(), "requests.exceptions.ContentDecodingError");
        assert!(error.to_string().contains("content-encoding: gzip, but failed to decode it"), "{error}");
    }
}
