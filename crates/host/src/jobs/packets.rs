//! Holding packets back that the kernel puts into a queue, and damaging some: for kernels without netem.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::netlink::queue::{Packet, Queue, Verdict};

use super::Work;
use crate::network::place::Space;

/// How many packets may wait. More of them pass at once.
const LENGTH: u32 = 50_000;

/// What is done to packets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Packets {
    /// Where the queue is.
    pub space: Option<Space>,
    /// Its number.
    pub number: u16,
    /// How long they wait, in microseconds.
    pub delay: u64,
    /// By how much that varies, in microseconds.
    pub jitter: u64,
    /// Whether it varies as a bell does; evenly otherwise.
    pub normal: bool,
    /// How much each wait is like the one before, in percent.
    pub correlation: f64,
    /// The share that does not wait, in percent.
    pub at_once: f64,
    /// The share in which a bit is flipped, in percent.
    pub damaged: f64,
}

/// What was done.
#[derive(Debug, Default)]
struct Counts {
    waited: AtomicU64,
    damaged: AtomicU64,
    /// 1 once it does not go on.
    broken: AtomicU64,
}

impl Packets {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let told = |why: &dyn std::fmt::Display| {
            FaultError::new(format!("packets cannot be queued: {why}"))
                .help("the kernel needs nfnetlink_queue, and only root may")
        };
        let space = match &self.space {
            Some(space) => space.open()?,
            None => None,
        };
        let space = space.ok_or_else(|| told(&"the network namespace is gone"))?;
        let (number, whole) = (self.number, self.damaged > 0.0);
        let queue = space.within(|| Queue::open(number, LENGTH, whole)).and_then(|queue| queue);
        let queue = queue.map_err(|error| told(&error))?;
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        let serve = move || {
            if serve(&self, queue, &counting).is_err() {
                counting.broken.store(1, Ordering::Relaxed);
            }
        };
        std::thread::Builder::new().spawn(serve).map_err(|error| told(&error))?;
        Ok(Box::new(Serving(counts)))
    }

    /// How long a packet waits.
    fn wait(&self, last: &mut f64) -> Duration {
        if self.at_once > 0.0 && fastrand::f64() * 100.0 < self.at_once {
            return Duration::ZERO;
        }
        let fresh = if self.normal { bell() } else { fastrand::f64() * 2.0 - 1.0 };
        let share = self.correlation / 100.0;
        *last = *last * share + fresh * (1.0 - share);
        let micros = self.delay as f64 + self.jitter as f64 * *last;
        Duration::from_micros(micros.max(0.0) as u64)
    }

    /// The packet with a bit flipped behind its header, if it is one of those.
    fn damage(&self, packet: &Packet) -> Option<Vec<u8>> {
        if self.damaged <= 0.0 || fastrand::f64() * 100.0 >= self.damaged {
            return None;
        }
        let first = *packet.payload.first()?;
        let header = if first >> 4 == 6 { 40 } else { usize::from(first & 0xf) * 4 };
        let mut bytes = packet.payload.clone();
        let place = header + fastrand::usize(..bytes.len().checked_sub(header).filter(|rest| *rest > 0)?);
        *bytes.get_mut(place)? ^= 1 << fastrand::u32(..8);
        Some(bytes)
    }
}

/// A number of the normal distribution (Box and Muller).
fn bell() -> f64 {
    let (one, two) = (fastrand::f64().max(f64::MIN_POSITIVE), fastrand::f64());
    (-2.0 * one.ln()).sqrt() * (2.0 * std::f64::consts::PI * two).cos()
}

fn serve(job: &Packets, mut queue: Queue, counts: &Counts) -> std::io::Result<()> {
    // by the time when they go on, and in the order in which they came
    let mut waiting: BTreeMap<(Instant, u64), Packet> = BTreeMap::new();
    let (mut count, mut last) = (0_u64, 0.0);
    loop {
        let patience = match waiting.first_key_value() {
            Some(((due, _), _)) => due.saturating_duration_since(Instant::now()),
            None => Duration::from_secs(3600),
        };
        let came = queue.receive(patience)?;
        let now = Instant::now();
        for packet in came {
            count += 1;
            let wait = job.wait(&mut last);
            waiting.insert((now + wait, count), packet);
        }
        let now = Instant::now();
        while let Some(next) = waiting.first_entry().filter(|next| next.key().0 <= now) {
            let packet = next.remove();
            let changed = job.damage(&packet);
            counts.damaged.fetch_add(u64::from(changed.is_some()), Ordering::Relaxed);
            counts.waited.fetch_add(1, Ordering::Relaxed);
            queue.decide(&packet, Verdict::Accept, changed.as_deref())?;
        }
    }
}

struct Serving(Arc<Counts>);

impl Work for Serving {
    fn report(&mut self) -> Json {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut report =
            json!({ "through_the_worker": count(&self.0.waited), "broken": count(&self.0.broken) });
        if count(&self.0.damaged) > 0 {
            report["damaged"] = json!(count(&self.0.damaged));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(job: &Packets) -> Vec<f64> {
        let mut last = 0.0;
        (0..20_000).map(|_| job.wait(&mut last).as_secs_f64() * 1e3).collect()
    }

    #[test]
    fn waits_are_as_long_as_asked_for_and_vary_by_as_much() {
        let even = waits(&Packets { delay: 100_000, jitter: 20_000, ..Packets::default() });
        assert!(even.iter().all(|millis| (80.0..=120.0).contains(millis)));
        let bell = waits(&Packets { delay: 100_000, jitter: 10_000, normal: true, ..Packets::default() });
        let mean = bell.iter().sum::<f64>() / bell.len() as f64;
        let spread = (bell.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / bell.len() as f64).sqrt();
        assert!((99.0..101.0).contains(&mean) && (9.0..11.0).contains(&spread), "{mean} {spread}");
        let some = waits(&Packets { delay: 10_000, at_once: 25.0, ..Packets::default() });
        let at_once = some.iter().filter(|millis| **millis == 0.0).count();
        assert!((4500..5500).contains(&at_once), "{at_once}");
    }
}
