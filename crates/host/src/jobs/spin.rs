//! Using processors: so much of each, as this process's own clocks measure it.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::{cpu, outlive};

use super::Work;
use crate::place::Join;

/// Keeps processors busy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spin {
    /// One thread each; on that processor, where there is one.
    pub threads: Vec<Option<usize>>,
    /// How much of a processor's time each thread uses: above 0, at most 1.
    pub share: f64,
    /// The nice value, -20 to 19; as it was, where there is none.
    pub nice: Option<i32>,
    /// The control group.
    #[serde(default)]
    pub join: Join,
}

/// How long a thread works and rests in turn, in milliseconds: drawn anew each time from this range. A fixed length could
/// fall in step with the tick by which the kernel's own accounting takes its samples.
const TURN_MILLIS: std::ops::Range<u64> = 13..29;
/// How far a thread may fall behind when others have the processor, before it forgets what it has missed.
const BEHIND: Duration = Duration::from_millis(300);

impl Spin {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        // The load is weighed against the other sessions as one of them, and does not slow down the runner's.
        outlive::stand_apart();
        self.join.enter()?;
        if let Some(nice) = self.nice {
            cpu::set_nice(nice).map_err(|error| FaultError::new(format!("nice {nice}: {error}")))?;
        }
        let begun = Instant::now();
        for (index, processor) in self.threads.iter().copied().enumerate() {
            let share = self.share;
            let seed = index as u64 + 1;
            let body = move || {
                // It may have been taken offline since: the load goes elsewhere then.
                let _ = processor.map(cpu::pin);
                hold(share, seed)
            };
            thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(body)
                .map_err(|error| FaultError::new(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Box::new(Spinning { begun, used: cpu::process_time() }))
    }
}

/// Uses `share` of one processor, for ever. What is due follows from the time since the beginning, so that errors of single
/// turns do not add up.
fn hold(share: f64, mut seed: u64) {
    let mut begun = Instant::now();
    let used_before = cpu::thread_time();
    loop {
        let turn = Duration::from_millis(TURN_MILLIS.start + random(&mut seed) % span());
        let end = Instant::now() + turn;
        let due = end.duration_since(begun).mul_f64(share);
        let used = || cpu::thread_time().saturating_sub(used_before);
        if let Some(missed) = due.saturating_sub(used()).checked_sub(turn.mul_f64(share) + BEHIND) {
            begun += missed.div_f64(share);
        }
        let due = end.duration_since(begun).mul_f64(share);
        while used() < due && Instant::now() < end {
            burn(&mut seed);
        }
        if share < 1.0 {
            thread::sleep(end.saturating_duration_since(Instant::now()));
        }
    }
}

fn span() -> u64 {
    TURN_MILLIS.end - TURN_MILLIS.start
}

/// Some tens of microseconds of arithmetic.
fn burn(seed: &mut u64) {
    for _ in 0..4000 {
        black_box(random(seed));
    }
}

fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

struct Spinning {
    begun: Instant,
    used: Duration,
}

impl Work for Spinning {
    fn report(&mut self) -> Json {
        let (now, used) = (Instant::now(), cpu::process_time());
        let seconds = now.duration_since(self.begun).as_secs_f64();
        json!({ "seconds": seconds, "cpu_seconds": used.saturating_sub(self.used).as_secs_f64() })
    }
}
