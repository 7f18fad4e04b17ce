//! Bytes of unknown encoding as text, without loss.

use encoding_rs::{UTF_16BE, UTF_16LE};

/// The text of bytes whose encoding nobody states:
///
/// 1. bytes that begin with a byte order mark are UTF-8, UTF-32 or UTF-16 as it says, provided that all of
///    them are valid there; the mark is no part of the text;
/// 2. valid UTF-8 is UTF-8;
/// 3. anything else is taken as Latin-1: each byte becomes the character of that number, so nothing is
///    lost and the bytes can be had back.
///
/// The reference guesses where this takes Latin-1, and gets letters wrong.
pub fn decode(bytes: Vec<u8>) -> String {
    if let Some(text) = by_mark(&bytes) {
        return text;
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => latin1(error.as_bytes()),
    }
}

/// Each byte as the character of its number.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn by_mark(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        [0xFF, 0xFE, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => whole(UTF_16LE, rest),
        [0xFE, 0xFF, rest @ ..] => whole(UTF_16BE, rest),
        _ => None,
    }
}

fn whole(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.into_owned())
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    units.iter().map(|bytes| char::from_u32(unit(*bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_decide_where_all_bytes_agree() {
        assert_eq!(decode(b"\xef\xbb\xbfhi".to_vec()), "hi");
        assert_eq!(decode(b"\xff\xfeh\0i\0".to_vec()), "hi");
        assert_eq!(decode(b"\xfe\xff\0h\0i".to_vec()), "hi");
        assert_eq!(decode(b"\xff\xfe\0\0h\0\0\0".to_vec()), "h");
        assert_eq!(decode(b"\0\0\xfe\xff\0\0\0h".to_vec()), "h");
        assert_eq!(decode(b"\xff\xfeh".to_vec()), "ÿþh");
    }

    #[test]
    fn everything_else_is_utf8_or_latin1() {
        assert_eq!(decode("h\u{e9}llo €\0".as_bytes().to_vec()), "h\u{e9}llo €\0");
        assert_eq!(decode(b"cr\xe8me".to_vec()), "crème");
        let all: Vec<u8> = (0..=255).collect();
        let text = decode(all.clone());
        assert_eq!(text.chars().map(|c| c as u32 as u8).collect::<Vec<u8>>(), all);
        assert_eq!(decode(Vec::new()), "");
    }
}
