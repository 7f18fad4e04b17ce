//! What the ledger's records say, and their form: one line each, a checksum in front of its JSON.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// The version of the records that this program writes. It reads this one and older ones.
pub const SCHEMA: u32 = 1;

/// Names a fault: twelve hexadecimal digits, drawn at random. Names of what a fault makes carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(String);

impl FaultId {
    /// The id in these bits.
    pub fn from_bits(bits: u64) -> Self {
        FaultId(format!("{:012x}", bits & 0xffff_ffff_ffff))
    }

    /// The id that a text is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 12 && text.bytes().all(hexadecimal)).then(|| FaultId(text.to_owned()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its bits.
    pub fn bits(&self) -> u64 {
        u64::from_str_radix(&self.0, 16).unwrap_or_default()
    }

    /// Its first sixteen bits, for what has room for no more.
    pub fn short(&self) -> u16 {
        u16::from_str_radix(&self.0[..4], 16).unwrap_or_default()
    }
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How faults of a kind end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The state before and the state after the undo are the same.
    Held,
    /// It happens at most once, and nobody repeats it; there is nothing to put back.
    OneShot,
    /// It ends by itself, also if all of Squall is gone.
    SelfEnding,
}

impl Class {
    /// The name that users see.
    pub fn name(self) -> &'static str {
        match self {
            Class::Held => "held",
            Class::OneShot => "one-shot",
            Class::SelfEnding => "self-ending",
        }
    }
}

/// Who wrote a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hand {
    /// The process that runs the experiment, or injects.
    Runner,
    /// The process that watches over it.
    Guard,
    /// `squall undo`, or what runs it at boot.
    Undo,
}

impl Hand {
    /// The name that users see.
    pub fn name(self) -> &'static str {
        match self {
            Hand::Runner => "the runner",
            Hand::Guard => "the guard",
            Hand::Undo => "squall undo",
        }
    }
}

/// A process that cannot be mistaken for another one: numbers are used again, these three together are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it was started, in clock ticks since the boot (`/proc/PID/stat`, field 22).
    pub start: u64,
    /// The boot's id (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

/// A moment by the clock that counts from the boot, which no fault can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The boot's id. The moment has passed in every other boot.
    pub boot: String,
    /// Milliseconds since then (`CLOCK_BOOTTIME`).
    pub millis: u64,
}

/// What is known about a fault before anything is changed: all that an undo needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// [`SCHEMA`] of whoever wrote it.
    pub schema: u32,
    /// The run, or the command, that it belongs to.
    pub run: String,
    /// The kind's name: `network.latency`.
    pub kind: String,
    /// How it ends.
    pub class: Class,
    /// What it does to what, in words.
    pub title: String,
    /// Who holds it.
    pub runner: Identity,
    /// When the guard undoes it, whatever the runner does.
    pub deadline: Moment,
    /// How long the undo may take until it is verified, in milliseconds.
    pub bound_millis: u64,
    /// The undos, in the order of the changes; they are carried out from the last to the first. Each is data of
    /// the host's, with its own schema.
    pub undo: Vec<serde_json::Value>,
}

/// What became of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// It is about to be applied.
    Planned(Box<Planned>),
    /// It was seen to be in force.
    Applied {
        /// When the guard undoes it, counted from now; before, the time for applying it was in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Moment>,
    },
    /// It could not be applied as a whole; what was, is undone next.
    NotApplied {
        /// Why.
        why: String,
    },
    /// It ended before anybody undid it. It never comes back by itself.
    Lapsed {
        /// How that was seen.
        why: String,
    },
    /// Everything is as it was before: verified. The record is closed.
    Undone {
        /// What was found and done, a line for each undo.
        found: Vec<String>,
    },
    /// Something could not be put back, or not be shown to be. The record stays open.
    Stuck {
        /// What is left, a line each, with the way to remove it by hand.
        left: Vec<String>,
    },
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which fault.
    pub fault: FaultId,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Who says so.
    pub by: Hand,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin with eight hexadecimal digits and a space.
    #[error("there is no checksum in front")]
    NoChecksum,
    /// The checksum is another one: it was cut off or changed.
    #[error("the checksum does not fit, so the line was cut off or changed")]
    Checksum,
    /// A newer version recorded this fault, in a form that this one does not know.
    #[error("a newer version of Squall wrote it (schema {schema}, known is {SCHEMA})")]
    Newer {
        /// The fault.
        fault: FaultId,
        /// The schema.
        schema: u32,
    },
    /// The checksum fits and the content does not: another version wrote it.
    #[error("it is from a newer version, or none of ours: {0}")]
    Content(String),
}

impl Record {
    /// The record as a line, with its end.
    pub fn to_line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    }

    /// The record in a line, which may have its end.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn from_line(line: &str) -> Result<Self, Damage> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let (sum, json) = line.split_once(' ').ok_or(Damage::NoChecksum)?;
        let sum = u32::from_str_radix(sum, 16).map_err(|_| Damage::NoChecksum)?;
        if sum != crc32fast::hash(json.as_bytes()) {
            return Err(Damage::Checksum);
        }
        // first what every version writes, since all else may have another form there
        if let Ok(Outline { fault, schema }) = serde_json::from_str(json)
            && schema > SCHEMA
        {
            return Err(Damage::Newer { fault, schema });
        }
        serde_json::from_str(json).map_err(|error| Damage::Content(error.to_string()))
    }

    /// The whole records that stand somewhere in bytes that are no line: damage may have taken the line end between
    /// two, and each of them counts for itself.
    pub fn salvage(bytes: &[u8]) -> Vec<Result<Self, Damage>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(length) =
            bytes.get(from..).and_then(|rest| rest.windows(2).position(|two| two == b" {"))
        {
            let json = from + length + 1;
            from = json;
            let Some(sum) = (json - 1).checked_sub(8) else { continue };
            let mut values = serde_json::Deserializer::from_slice(&bytes[json..]).into_iter::<IgnoredAny>();
            let Some(Ok(_)) = values.next() else { continue };
            let end = json + values.byte_offset();
            let Ok(line) = std::str::from_utf8(&bytes[sum..end]) else { continue };
            match Record::from_line(line) {
                Err(Damage::NoChecksum | Damage::Checksum) => {}
                other => {
                    found.push(other);
                    from = end;
                }
            }
        }
        found
    }
}

/// What a record of any version has, of what is asked first.
#[derive(Deserialize)]
struct Outline {
    fault: FaultId,
    #[serde(default)]
    schema: u32,
}
