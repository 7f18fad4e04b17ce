//! Holding memory: an amount, or as much as is missing up to a use of the whole.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::cgroup::Group;
use squall_os::memory::{self, Pages};

use super::Work;
use crate::place::Join;

/// Holds memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// How much.
    pub amount: Amount,
    /// The control group whose use counts; the host's, where there is none.
    pub of: Option<PathBuf>,
    /// So many bytes are left to others, whatever was asked for.
    pub spare: u64,
    /// Whether the pages are kept from being swapped out.
    pub lock: bool,
    /// The control group to join.
    #[serde(default)]
    pub join: Join,
}

/// How much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// So many bytes.
    Additional(u64),
    /// What is missing until so many bytes are in use, by whomever.
    Total(u64),
}

/// Memory is taken and given back in pieces of so many bytes.
const PIECE: u64 = 8 << 20;
/// How often it is looked whether the others use more or less.
const LOOK: Duration = Duration::from_millis(100);

/// What there is, seen from where the load is.
#[derive(Clone, Copy, Debug)]
struct Seen {
    used: u64,
    available: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Taken,
    Given,
    Nothing,
}

impl Memory {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let fail =
            |error: &dyn std::fmt::Display| FaultError::new(format!("memory cannot be taken: {error}"));
        // The kernel kills the process with the highest score: this one, not what the user runs.
        memory::be_killed_first().map_err(|error| fail(&error))?;
        self.join.enter()?;
        let mut held = Held { pieces: Vec::new(), pattern: pattern(), bytes: 0 };
        let job = self;
        // Until it is reached for the first time; from then on others move it, and it is followed.
        while job.step(&mut held).map_err(|error| fail(&error))? == Step::Taken {}
        let held = Arc::new(Mutex::new(held));
        let holding = Arc::clone(&held);
        let body = move || {
            loop {
                // A piece that cannot be had now may be had the next time. Between two pieces, others may ask.
                let step = job.step(&mut holding.lock().unwrap_or_else(PoisonError::into_inner));
                if !matches!(step, Ok(Step::Taken | Step::Given)) {
                    thread::sleep(LOOK);
                }
            }
        };
        thread::Builder::new().stack_size(256 * 1024).spawn(body).map_err(|error| fail(&error))?;
        Ok(Box::new(Holding { held }))
    }

    fn look(&self) -> std::io::Result<Seen> {
        let host = memory::memory()?;
        let seen = Seen { used: host.used(), available: host.available };
        let share = self.of.as_ref().and_then(|folder| Group::at(folder)?.memory());
        Ok(share.map_or(seen, |share| Seen { used: share.used, available: share.room().min(host.available) }))
    }

    /// Takes or gives back one piece, where there is something to do.
    fn step(&self, held: &mut Held) -> std::io::Result<Step> {
        let seen = self.look()?;
        let wanted = match self.amount {
            Amount::Additional(bytes) => bytes,
            Amount::Total(bytes) => (held.bytes + bytes).saturating_sub(seen.used),
        };
        // Within a piece of a use that moves all the time, nothing is done.
        let slack = if matches!(self.amount, Amount::Total(_)) { PIECE } else { 0 };
        if held.bytes > wanted + slack || (wanted == 0 && held.bytes > 0) {
            held.give_back();
            return Ok(Step::Given);
        }
        let missing = wanted.saturating_sub(held.bytes).min(PIECE);
        if missing == 0 || (slack > 0 && missing < PIECE) || seen.available < self.spare + missing {
            return Ok(Step::Nothing);
        }
        held.take(missing, self.lock)?;
        Ok(Step::Taken)
    }
}

struct Held {
    pieces: Vec<Pages>,
    /// Bytes that do not compress.
    pattern: Vec<u8>,
    bytes: u64,
}

impl Held {
    fn take(&mut self, bytes: u64, lock: bool) -> std::io::Result<()> {
        let length = usize::try_from(bytes).map_err(std::io::Error::other)?;
        let mut pages = Pages::new(length)?;
        if lock {
            pages.lock()?;
        }
        let number = self.pieces.len() as u64;
        // Every page is written to, with what neither compresses nor is the same as another page: compressed swap and the
        // merging of equal pages give nothing back.
        for (index, part) in pages.bytes().chunks_mut(self.pattern.len()).enumerate() {
            part.copy_from_slice(&self.pattern[..part.len()]);
            for (page, start) in (0..part.len()).step_by(memory::page_size()).enumerate() {
                let stamp = (number << 32 | (index as u64) << 16 | page as u64).to_ne_bytes();
                let end = part.len().min(start + stamp.len());
                part[start..end].copy_from_slice(&stamp[..end - start]);
            }
        }
        self.pieces.push(pages);
        self.bytes += bytes;
        Ok(())
    }

    fn give_back(&mut self) {
        if let Some(mut pages) = self.pieces.pop() {
            self.bytes -= pages.bytes().len() as u64;
        }
    }
}

/// A mebibyte of random bytes.
fn pattern() -> Vec<u8> {
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15 ^ u64::from(std::process::id());
    let words = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    });
    words.take(1 << 17).flat_map(u64::to_ne_bytes).collect()
}

struct Holding {
    held: Arc<Mutex<Held>>,
}

impl Work for Holding {
    fn report(&mut self) -> Json {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "held_bytes": held.bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(amount: Amount) -> Memory {
        Memory { amount, of: None, spare: 0, lock: false, join: Join::default() }
    }

    #[test]
    fn exactly_the_amount_is_taken_and_no_two_pages_are_equal() {
        let mut held = Held { pieces: Vec::new(), pattern: pattern(), bytes: 0 };
        let bytes = PIECE * 2 + 12_345;
        while job(Amount::Additional(bytes)).step(&mut held).expect("memory") == Step::Taken {}
        assert_eq!(held.bytes, bytes);
        let mut pages = std::collections::HashSet::new();
        for piece in &mut held.pieces {
            for page in piece.bytes().chunks_exact(memory::page_size()) {
                assert!(pages.insert(page.to_vec()));
            }
        }
    }

    #[test]
    fn what_the_others_take_is_given_back_and_some_is_left_to_them() {
        let mut held = Held { pieces: Vec::new(), pattern: pattern(), bytes: 0 };
        held.take(PIECE, false).expect("memory");
        held.take(PIECE, false).expect("memory");
        // far less than is in use, whatever others do meanwhile: all of it goes
        let total = job(Amount::Total(1));
        while total.step(&mut held).expect("memory") == Step::Given {}
        assert_eq!(held.bytes, 0);
        let greedy = Memory { spare: u64::MAX / 2, ..job(Amount::Additional(PIECE)) };
        assert_eq!(greedy.step(&mut held).expect("memory"), Step::Nothing);
    }
}
