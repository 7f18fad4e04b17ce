//! Memory: how much there is, and pages of our own.

use std::fs;
use std::io;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags, mlock, mmap_anonymous, munmap};

/// The host's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All that the kernel manages.
    pub total: u64,
    /// What processes may get without anything being swapped out: free, and caches that can be dropped.
    pub available: u64,
    /// Free swap.
    pub swap: u64,
}

impl Memory {
    /// What is in use.
    pub fn used(self) -> u64 {
        self.total.saturating_sub(self.available)
    }
}

/// The host's memory now.
///
/// # Errors
/// `/proc/meminfo` is not there, or says something else.
pub fn memory() -> io::Result<Memory> {
    let told = fs::read_to_string("/proc/meminfo")?;
    read(&told).ok_or_else(|| io::Error::other("/proc/meminfo has no MemTotal and MemAvailable"))
}

fn read(told: &str) -> Option<Memory> {
    let kibibytes = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    Some(Memory {
        total: kibibytes("MemTotal")? * 1024,
        available: kibibytes("MemAvailable")? * 1024,
        swap: kibibytes("SwapFree").unwrap_or_default() * 1024,
    })
}

/// Makes this process the first that the kernel kills when memory runs out.
///
/// # Errors
/// `/proc` cannot be written.
pub fn be_killed_first() -> io::Result<()> {
    fs::write("/proc/self/oom_score_adj", "1000")
}

/// The size of a page, in bytes.
pub fn page_size() -> usize {
    rustix::param::page_size()
}

/// Pages of this process's own, at the start of a page; zero at first. Given back when dropped.
#[derive(Debug)]
pub struct Pages {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the pages are private memory with one owner, as those of a `Vec`.
#[allow(unsafe_code)]
unsafe impl Send for Pages {}

impl Pages {
    /// So many bytes. The kernel gives a page when it is first written to.
    ///
    /// # Errors
    /// There is no room among the addresses, or the kernel promises no more memory.
    #[allow(unsafe_code)]
    pub fn new(length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at a place that the kernel chooses touches no memory that is in use.
        let start = unsafe {
            let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            mmap_anonymous(std::ptr::null_mut(), length, protection, flags)?
        };
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped at address 0"))?;
        Ok(Pages { start, length })
    }

    /// Keeps the pages in memory; they are all given by the kernel now.
    ///
    /// # Errors
    /// More than this user may keep (`ulimit -l`), or there is not enough memory.
    #[allow(unsafe_code)]
    pub fn lock(&mut self) -> io::Result<()> {
        // SAFETY: the range is this mapping, which lives.
        unsafe { Ok(mlock(self.start.as_ptr().cast(), self.length)?) }
    }

    /// The bytes.
    #[allow(unsafe_code)]
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is readable and writable, as long as `self`, and borrowed alone through it.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// Where they are, for those that place things in them themselves.
    pub(crate) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for Pages {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's alone, and nothing borrows it any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let told = "MemTotal:       16 kB\nMemFree: 1 kB\nMemAvailable:    4 kB\nSwapFree: 0 kB\n";
        let memory = read(told).expect("it is whole");
        assert_eq!((memory.total, memory.used()), (16_384, 12_288));
        assert!(super::memory().is_ok_and(|memory| memory.total > memory.available));
        assert_eq!(read("MemTotal: 16 kB\n"), None);
    }

    #[test]
    fn pages_are_aligned_and_zero() {
        let mut pages = Pages::new(10_000).expect("memory");
        let bytes = pages.bytes();
        assert!(bytes.len() == 10_000 && bytes.iter().all(|byte| *byte == 0));
        assert_eq!(bytes.as_ptr().addr() % page_size(), 0);
        bytes[9_999] = 1;
    }
}
