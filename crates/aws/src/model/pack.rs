//! The file that holds all models: an index, then blobs, each compressed by itself.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use serde::Deserialize;

/// The first bytes of the file; four bytes follow (little endian) with the length of the index.
const MAGIC: &[u8; 8] = b"SQUALL\x02\n";

/// Made by `cargo xtask models`.
static PACK: &[u8] = include_bytes!("../../data/models.pack");

/// A deflated text: where it begins after the index, its length there, and its length as text.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Blob(pub u32, pub u32, pub u32);

/// What the file holds.
#[derive(Debug, Deserialize)]
pub struct Index {
    /// The version of botocore that it was made from.
    pub botocore: String,
    /// `partitions.json`.
    pub partitions: Blob,
    /// `endpoints.json`.
    pub endpoints: Blob,
    /// By boto3's name.
    pub services: BTreeMap<String, Entry>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Metadata, operations and shapes.
    pub model: Blob,
    /// Paginators and waiters.
    pub traffic: Blob,
    /// The endpoint rule set.
    pub rules: Blob,
}

static INDEX: LazyLock<(Index, usize)> = LazyLock::new(|| {
    let (magic, rest) = PACK.split_at(MAGIC.len());
    assert_eq!(magic, MAGIC, "the embedded models are of another format; run `cargo xtask models`");
    let (length, rest) = rest.split_at(4);
    let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
    let index = serde_json::from_slice(&rest[..length]).expect("`cargo xtask models` wrote the index");
    (index, MAGIC.len() + 4 + length)
});

/// What the embedded file holds.
pub fn index() -> &'static Index {
    &INDEX.0
}

/// A blob's text; it is inflated anew at each call and stays for the life of the process.
pub fn text(blob: Blob) -> &'static str {
    let Blob(begin, compressed, length) = blob;
    let begin = INDEX.1 + begin as usize;
    let bytes = &PACK[begin..begin + compressed as usize];
    let mut text = String::with_capacity(length as usize);
    flate2::read::DeflateDecoder::new(bytes)
        .read_to_string(&mut text)
        .expect("`cargo xtask models` wrote deflated text");
    Box::leak(text.into_boxed_str())
}
