//! Keeping processors busy, each for a share of the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::clock;

use super::Work;

/// Keeps threads busy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// The share of one processor that each thread takes, in percent; one entry a thread.
    pub shares: Vec<f64>,
}

/// How long a thread works and rests before it looks how it stands.
const PERIOD: Duration = Duration::from_millis(20);
/// How much it may catch up after it was kept waiting: more would be a burst, not a load.
const CREDIT: Duration = Duration::from_millis(200);

impl Cpu {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let began = Instant::now();
        let used: Vec<_> = self.shares.iter().map(|_| Arc::new(AtomicU64::new(0))).collect();
        for (share, used) in self.shares.iter().zip(&used) {
            let (share, used) = (share / 100.0, Arc::clone(used));
            let spawned = thread::Builder::new().spawn(move || load(share, &used));
            spawned.map_err(|error| FaultError::new(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Box::new(Busy { shares: self.shares, used, began }))
    }
}

/// Works until so much of the time that passed was spent by this thread, rests, and so on. What the kernel says that
/// it spent counts, not what was asked for: that is how the share is kept on a loaded machine.
fn load(share: f64, used: &AtomicU64) {
    let mut began = Instant::now();
    let mut before = clock::thread_cpu();
    loop {
        let end = began.elapsed() + PERIOD;
        let due = end.mul_f64(share);
        let mut spent = clock::thread_cpu().saturating_sub(before);
        if spent + CREDIT < due {
            // Kept waiting for long: what was missed is not caught up.
            began = Instant::now();
            before = clock::thread_cpu();
            continue;
        }
        while spent < due && began.elapsed() < end {
            burn();
            spent = clock::thread_cpu().saturating_sub(before);
        }
        used.store(u64::try_from(clock::thread_cpu().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if share < 1.0 {
            thread::sleep(end.saturating_sub(began.elapsed()));
        }
    }
}

/// Some microseconds of arithmetic that the compiler cannot leave out.
fn burn() {
    let mut value = 0x9e37_79b9_u64;
    for _ in 0..2000 {
        value = std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) ^ 0x5555);
    }
    std::hint::black_box(value);
}

struct Busy {
    shares: Vec<f64>,
    used: Vec<Arc<AtomicU64>>,
    began: Instant,
}

impl Work for Busy {
    fn report(&mut self) -> Json {
        let elapsed = self.began.elapsed().as_secs_f64().max(1e-6);
        let used: f64 = self.used.iter().map(|used| used.load(Ordering::Relaxed) as f64 / 1e6).sum();
        json!({
            "asked_percent": self.shares.iter().sum::<f64>(),
            "got_percent": used * 100.0 / elapsed,
            "cpu_seconds": used,
            "threads": self.shares.len(),
        })
    }
}
