//! Holding memory.

use std::time::Duration;
use std::{sync, thread};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::{limits, outlive};

use super::Work;

/// Holds memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// How many bytes; with `total`, how many are to be used in all.
    pub bytes: u64,
    /// Whether only what is missing is taken, and followed as the others' use changes.
    pub total: bool,
}

/// Memory is taken in pieces of this size, so that some can be given back.
const PIECE: usize = 4 << 20;
/// How often it is looked how much the others use.
const PERIOD: Duration = Duration::from_millis(200);

impl Memory {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        // When memory runs out it is this process that goes, and not the one that is tested.
        outlive::offer_to_oom();
        let held = sync::Arc::new(sync::Mutex::new(Held { pieces: Vec::new() }));
        let mut missing = self.missing(0);
        {
            let mut held = held.lock().unwrap_or_else(sync::PoisonError::into_inner);
            held.take(missing)?;
            missing = held.bytes();
        }
        if self.total {
            let (job, held) = (self.clone(), sync::Arc::clone(&held));
            let follow = move || loop {
                thread::sleep(PERIOD);
                let mut held = held.lock().unwrap_or_else(sync::PoisonError::into_inner);
                let wanted = job.missing(held.bytes());
                let _ = held.take(wanted);
            };
            let spawned = thread::Builder::new().spawn(follow);
            spawned.map_err(|error| FaultError::new(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Box::new(Holding { job: self, held, first: missing }))
    }

    /// How much this process is to hold, while it holds `own`.
    fn missing(&self, own: u64) -> u64 {
        if !self.total {
            return self.bytes;
        }
        let used = limits::memory().map(|memory| memory.used()).unwrap_or_default();
        self.bytes.saturating_sub(used.saturating_sub(own))
    }
}

struct Held {
    pieces: Vec<Vec<u8>>,
}

impl Held {
    fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }

    /// Takes more or gives some back, until so much is held.
    fn take(&mut self, bytes: u64) -> Result<(), FaultError> {
        let whole = usize::try_from(bytes / PIECE as u64).unwrap_or(usize::MAX);
        let rest = usize::try_from(bytes % PIECE as u64).unwrap_or_default();
        self.pieces.retain(|piece| piece.len() == PIECE);
        self.pieces.truncate(whole);
        while self.pieces.len() < whole {
            self.pieces.push(piece(PIECE)?);
        }
        if rest > 0 {
            self.pieces.push(piece(rest)?);
        }
        Ok(())
    }
}

/// Memory that is really there: every page differs from every other, so none can be shared or squeezed.
fn piece(length: usize) -> Result<Vec<u8>, FaultError> {
    let mut piece = Vec::new();
    piece
        .try_reserve_exact(length)
        .map_err(|error| FaultError::new(format!("no more memory can be had: {error}")))?;
    piece.resize(length, 0);
    let mut seed = piece.as_ptr() as u64 | 1;
    for word in piece.chunks_mut(8) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        word.copy_from_slice(&seed.to_le_bytes()[..word.len()]);
    }
    Ok(piece)
}

struct Holding {
    job: Memory,
    held: sync::Arc<sync::Mutex<Held>>,
    first: u64,
}

impl Work for Holding {
    fn report(&mut self) -> Json {
        let held = self.held.lock().unwrap_or_else(sync::PoisonError::into_inner).bytes();
        json!({ "asked_bytes": self.job.bytes, "held_bytes": held, "first_bytes": self.first })
    }
}
