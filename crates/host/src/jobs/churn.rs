//! Reading and writing without end, in files that have no name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::memory::Pages;
use squall_os::{outlive, space};

use super::Work;
use crate::place::Join;

/// Reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Churn {
    /// A folder on the file system.
    pub directory: PathBuf,
    /// How many threads, each with a file of its own.
    pub workers: usize,
    /// Whether blocks are read.
    pub read: bool,
    /// Whether blocks are written.
    pub write: bool,
    /// The size of a block in bytes: a multiple of 512.
    pub block: usize,
    /// How many blocks a file has.
    pub blocks: u64,
    /// In which order: one after the other, or any.
    pub random: bool,
    /// Whether the kernel's cache is passed by; where the file system cannot, each block is flushed instead.
    pub direct: bool,
    /// At most so many bytes a second, all threads together.
    pub rate: Option<u64>,
    /// How the files' names begin; `None` where they need none.
    pub name: Option<String>,
    /// The control group to join.
    #[serde(default)]
    pub join: Join,
}

/// What all threads did.
#[derive(Debug, Default)]
struct Done {
    reads: AtomicU64,
    writes: AtomicU64,
    errors: AtomicU64,
    last_error: AtomicU64,
}

/// How long a thread waits after an error, such as a disk that is full.
const AFTER_ERROR: Duration = Duration::from_millis(50);

impl Churn {
    /// The names of the files where they need some.
    pub fn names(&self) -> Vec<String> {
        self.name
            .iter()
            .flat_map(|name| (0..self.workers).map(move |index| format!("{name}-{index}")))
            .collect()
    }

    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let shown = self.directory.display().to_string();
        let fail = |error: io::Error| FaultError::new(format!("`{shown}`: {error}"));
        outlive::stand_apart();
        self.join.enter()?;
        let mut threads = Vec::new();
        let mut direct = self.direct;
        for index in 0..self.workers {
            let (file, passes) = self.open(index).map_err(fail)?;
            direct &= passes;
            let mut pages = Pages::new(self.block).map_err(fail)?;
            let mut seed = index as u64 + 1;
            for word in pages.bytes().chunks_mut(8) {
                word.copy_from_slice(&random(&mut seed).to_ne_bytes()[..word.len()]);
            }
            // What is to be read has to be there; and a disk that cannot be written is an error now.
            for block in 0..self.blocks {
                file.write_all_at(pages.bytes(), block * self.block as u64).map_err(fail)?;
            }
            file.sync_data().map_err(fail)?;
            threads.push(Thread { file, pages, direct: passes, seed });
        }
        let done = Arc::new(Done::default());
        let begun = Instant::now();
        for thread in threads {
            let (job, done) = (self.clone(), Arc::clone(&done));
            let body = move || thread.run(&job, &done, begun);
            thread::Builder::new().stack_size(256 * 1024).spawn(body).map_err(fail)?;
        }
        Ok(Box::new(Churning { done, begun, block: self.block as u64, direct }))
    }

    /// A file, and whether it passes by the cache.
    fn open(&self, index: usize) -> io::Result<(File, bool)> {
        let open = |direct| match &self.names().get(index) {
            Some(name) => space::with_a_name(&self.directory.join(name), direct),
            None => space::without_a_name(&self.directory, direct),
        };
        if self.direct {
            match open(true) {
                Ok(file) => return Ok((file, true)),
                // a file system without this, such as one in memory
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
                Err(error) => return Err(error),
            }
        }
        Ok((open(false)?, false))
    }
}

struct Thread {
    file: File,
    pages: Pages,
    direct: bool,
    seed: u64,
}

impl Thread {
    fn run(mut self, job: &Churn, done: &Done, begun: Instant) {
        let mut turn: u64 = 0;
        loop {
            // both: every block is written, then read
            let write = if job.read && job.write { turn.is_multiple_of(2) } else { job.write };
            let step = if job.read && job.write { turn / 2 } else { turn };
            // the same block for both
            let block = match job.random {
                true if write || !job.write => random(&mut self.seed) % job.blocks,
                true => self.seed % job.blocks,
                false => step % job.blocks,
            };
            match self.once(write, block * job.block as u64) {
                Ok(()) => {
                    let count = if write { &done.writes } else { &done.reads };
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    let number = error.raw_os_error().unwrap_or_default();
                    done.last_error.store(u64::try_from(number).unwrap_or_default(), Ordering::Relaxed);
                    done.errors.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(AFTER_ERROR);
                }
            }
            turn += 1;
            if let Some(rate) = job.rate {
                let count = done.reads.load(Ordering::Relaxed) + done.writes.load(Ordering::Relaxed);
                let due = (count * job.block as u64) as f64 / rate.max(1) as f64;
                thread::sleep(Duration::from_secs_f64(due).saturating_sub(begun.elapsed()));
            }
        }
    }

    fn once(&mut self, write: bool, at: u64) -> io::Result<()> {
        if write {
            // no two writes of the same: what stores equal blocks once must not get off lightly
            let stamp = random(&mut self.seed.wrapping_add(at)).to_ne_bytes();
            self.pages.bytes()[..8].copy_from_slice(&stamp);
            self.file.write_all_at(self.pages.bytes(), at)?;
            if !self.direct {
                self.file.sync_data()?;
            }
        } else {
            if !self.direct {
                space::drop_cache(&self.file)?;
            }
            self.file.read_exact_at(self.pages.bytes(), at)?;
        }
        Ok(())
    }
}

fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

struct Churning {
    done: Arc<Done>,
    begun: Instant,
    block: u64,
    direct: bool,
}

impl Work for Churning {
    fn report(&mut self) -> Json {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (reads, writes) = (count(&self.done.reads), count(&self.done.writes));
        json!({
            "seconds": self.begun.elapsed().as_secs_f64(),
            "reads": reads,
            "writes": writes,
            "bytes": (reads + writes) * self.block,
            "errors": count(&self.done.errors),
            "last_error": count(&self.done.last_error),
            "direct": u8::from(self.direct),
        })
    }
}
