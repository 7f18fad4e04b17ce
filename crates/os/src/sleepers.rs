//! Threads that do nothing but exist. Each takes a number and a place in every limit on processes, as a process does; but
//! all of them end with this process, and nobody has to reap them.

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{Advice, madvise};
use rustix::thread::futex;

use crate::memory::Pages;

/// How many threads share one piece of memory for their stacks.
const TOGETHER: usize = 64;
/// The least that a stack takes, in bytes; only its last pages are ever used.
const STACK: usize = 32 * 1024;

/// Some threads that sleep.
#[derive(Debug, Default)]
pub struct Sleepers {
    threads: Vec<Sleeper>,
    stacks: Vec<Pages>,
}

#[derive(Debug)]
struct Sleeper {
    thread: libc::pthread_t,
    /// 0 while it is to sleep.
    word: Box<AtomicU32>,
}

// SAFETY: a thread's handle may be used from any thread, and the words are atomic.
#[allow(unsafe_code)]
unsafe impl Send for Sleepers {}

impl Sleepers {
    /// None yet.
    pub fn new() -> Self {
        Sleepers::default()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.threads.len()
    }

    /// Makes them so many: starts some, or ends some. Where a limit is reached before, there are fewer, and this is no
    /// error: [`Self::count`] tells.
    ///
    /// # Errors
    /// There is no memory for stacks.
    pub fn become_many(&mut self, count: usize) -> io::Result<()> {
        while self.threads.len() > count {
            self.end_last();
        }
        while self.threads.len() < count {
            if !self.start()? {
                break;
            }
        }
        Ok(())
    }

    /// Starts one; `false` when there may be no more.
    #[allow(unsafe_code)]
    fn start(&mut self) -> io::Result<bool> {
        let size = stack_size();
        let index = self.threads.len();
        if self.stacks.len() * TOGETHER <= index {
            let stacks = Pages::new(size * TOGETHER)?;
            // SAFETY: the range is that mapping. A huge page would take memory for 64 stacks at once; without is fine.
            let _ = unsafe { madvise(stacks.start().cast(), size * TOGETHER, Advice::LinuxNoHugepage) };
            self.stacks.push(stacks);
        }
        let word = Box::new(AtomicU32::new(0));
        let stack = self.stacks[index / TOGETHER].start().wrapping_add(index % TOGETHER * size);
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
        // SAFETY: the attributes are initialised before they are used. The stack is a part of a mapping that no other
        // thread uses, and lives until this thread has been joined, as does the word.
        let code = unsafe {
            let mut code = libc::pthread_attr_init(attributes.as_mut_ptr());
            if code == 0 {
                code = libc::pthread_attr_setstack(attributes.as_mut_ptr(), stack.cast(), size);
            }
            if code == 0 {
                let word: *const AtomicU32 = &raw const *word;
                code = libc::pthread_create(
                    thread.as_mut_ptr(),
                    attributes.as_ptr(),
                    sleep,
                    word.cast_mut().cast(),
                );
            }
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            code
        };
        match code {
            0 => {
                // SAFETY: it was started, so its handle was written.
                let thread = unsafe { thread.assume_init() };
                self.threads.push(Sleeper { thread, word });
                Ok(true)
            }
            libc::EAGAIN => Ok(false),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    #[allow(unsafe_code)]
    fn end_last(&mut self) {
        let Some(sleeper) = self.threads.pop() else { return };
        sleeper.word.store(1, Ordering::Release);
        let _ = futex::wake(&sleeper.word, futex::Flags::PRIVATE, 1);
        // SAFETY: the thread was started by us and is joined once; its word lives until then.
        unsafe { libc::pthread_join(sleeper.thread, ptr::null_mut()) };
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        // their stacks must not go before them
        while !self.threads.is_empty() {
            self.end_last();
        }
    }
}

#[allow(unsafe_code)]
fn stack_size() -> usize {
    // SAFETY: it asks for a number.
    let least = unsafe { libc::sysconf(libc::_SC_THREAD_STACK_MIN) };
    let page = crate::memory::page_size();
    usize::try_from(least).unwrap_or_default().max(libc::PTHREAD_STACK_MIN).max(STACK).next_multiple_of(page)
}

/// What such a thread does. It calls nothing that needs more than a little stack.
#[allow(unsafe_code)]
extern "C" fn sleep(word: *mut c_void) -> *mut c_void {
    // SAFETY: whoever started this thread gave it the address of a word that lives until it is joined.
    let word = unsafe { &*word.cast_const().cast::<AtomicU32>() };
    while word.load(Ordering::Acquire) == 0 {
        let _ = futex::wait(word, futex::Flags::PRIVATE, 0, None);
    }
    ptr::null_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks() -> usize {
        std::fs::read_dir("/proc/self/task").expect("/proc").count()
    }

    #[test]
    fn they_become_more_and_fewer() {
        let before = tasks();
        let mut sleepers = Sleepers::new();
        sleepers.become_many(150).expect("threads");
        assert_eq!(sleepers.count(), 150);
        assert!(tasks() >= before + 150, "{before} {}", tasks());
        sleepers.become_many(20).expect("threads");
        assert_eq!(sleepers.count(), 20);
        sleepers.become_many(70).expect("threads");
        assert_eq!(sleepers.count(), 70);
    }
}
