//! The signals that steer a run: SIGINT, SIGTERM, SIGUSR1 and SIGUSR2 as a stream.
//!
//! The handlers exist as long as a [`Signals`] does; then the dispositions of before are back. (The
//! runtime's own signal streams never give a signal back, so they are not used here.)

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::unix::AsyncFd;

/// A signal that steers a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunSignal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
}

impl RunSignal {
    const ALL: [RunSignal; 4] =
        [RunSignal::Interrupt, RunSignal::Terminate, RunSignal::User1, RunSignal::User2];

    /// The system's number for it.
    pub fn number(self) -> i32 {
        match self {
            RunSignal::Interrupt => libc::SIGINT,
            RunSignal::Terminate => libc::SIGTERM,
            RunSignal::User1 => libc::SIGUSR1,
            RunSignal::User2 => libc::SIGUSR2,
        }
    }

    /// The signal of that number, when it is one of these.
    pub fn from_number(number: i32) -> Option<RunSignal> {
        RunSignal::ALL.into_iter().find(|signal| signal.number() == number)
    }
}

/// Where the handler writes: the pipe's end of the one [`Signals`], or -1.
static WAKE: AtomicI32 = AtomicI32::new(-1);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The stream of signals; one may exist at a time.
#[derive(Debug)]
pub struct Signals {
    reader: AsyncFd<OwnedFd>,
    _writer: OwnedFd,
    previous: Vec<(RunSignal, Disposition)>,
}

struct Disposition(libc::sigaction);

impl std::fmt::Debug for Disposition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disposition({:#x})", self.0.sa_sigaction)
    }
}

impl Signals {
    /// Installs the handlers. SIGINT stays ignored where it was ignored before (a background job of a
    /// shell without job control, `nohup`), as in Python programs.
    ///
    /// # Errors
    ///
    /// Another [`Signals`] exists, no runtime with I/O is entered, or the system gives no pipe.
    pub fn install() -> io::Result<Signals> {
        if INSTALLED.swap(true, Ordering::SeqCst) {
            return Err(io::Error::other("signal handlers are installed already; drop the others first"));
        }
        let opened = pipe();
        let (reader, writer) = match opened {
            Ok(ends) => ends,
            Err(error) => {
                INSTALLED.store(false, Ordering::SeqCst);
                return Err(error);
            }
        };
        WAKE.store(writer.as_raw_fd(), Ordering::SeqCst);
        let mut signals = Signals { reader, _writer: writer, previous: Vec::new() };
        for signal in RunSignal::ALL {
            // From here on dropping `signals` puts back what was replaced so far.
            if let Some(previous) = handle(signal)? {
                signals.previous.push((signal, previous));
            }
        }
        Ok(signals)
    }

    /// The next signal. Cancelling it loses none.
    pub async fn next(&mut self) -> RunSignal {
        loop {
            let mut byte = [0_u8];
            let Ok(mut guard) = self.reader.readable().await else {
                // The runtime is shutting down: no signal will come any more.
                return std::future::pending().await;
            };
            let read = guard.try_io(|reader| Ok(rustix::io::read(reader, &mut byte)?));
            if let Ok(Ok(1)) = read
                && let Some(signal) = RunSignal::from_number(i32::from(byte[0]))
            {
                return signal;
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for (signal, previous) in &self.previous {
            restore(*signal, previous);
        }
        WAKE.store(-1, Ordering::SeqCst);
        INSTALLED.store(false, Ordering::SeqCst);
    }
}

fn pipe() -> io::Result<(AsyncFd<OwnedFd>, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    #[allow(unsafe_code)]
    // SAFETY: an `OwnedFd` names one open descriptor, the same until it is dropped.
    let reader = unsafe { AsyncFd::register(reader) }?;
    Ok((reader, writer))
}

extern "C" fn on_signal(number: libc::c_int) {
    let wake = WAKE.load(Ordering::SeqCst);
    if wake < 0 {
        return;
    }
    let byte = number as u8;
    #[allow(unsafe_code)]
    // SAFETY: `write` is async-signal-safe and the pointer is valid for one byte. The interrupted code
    // must not see its `errno` changed, so that is put back. A full pipe drops the signal: thousands
    // like it wait then.
    unsafe {
        let errno = errno_location();
        let saved = *errno;
        libc::write(wake, (&raw const byte).cast(), 1);
        *errno = saved;
    }
}

#[cfg(target_os = "linux")]
use libc::__errno_location as errno_location;
#[cfg(target_os = "macos")]
use libc::__error as errno_location;

/// Points `signal` at the handler; gives the disposition of before, or `None` where it was left alone.
fn handle(signal: RunSignal) -> io::Result<Option<Disposition>> {
    let mut previous = MaybeUninit::<libc::sigaction>::zeroed();
    #[allow(unsafe_code)]
    // SAFETY: a null new action makes this a query; `previous` is a valid place for the answer, and
    // all-zero bytes are a valid `sigaction`.
    let (result, previous) = unsafe {
        let result = libc::sigaction(signal.number(), std::ptr::null(), previous.as_mut_ptr());
        (result, previous.assume_init())
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if signal == RunSignal::Interrupt && previous.sa_sigaction == libc::SIG_IGN {
        return Ok(None);
    }
    #[allow(unsafe_code)]
    // SAFETY: all-zero bytes are a valid `sigaction` with an empty mask; the handler is a function of
    // the type that `sa_sigaction` without SA_SIGINFO asks for, and async-signal-safe.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal.number(), &raw const action, std::ptr::null_mut())
    };
    if result == 0 { Ok(Some(Disposition(previous))) } else { Err(io::Error::last_os_error()) }
}

fn restore(signal: RunSignal, previous: &Disposition) {
    #[allow(unsafe_code)]
    // SAFETY: the action was given by `sigaction` for this very signal.
    let result = unsafe { libc::sigaction(signal.number(), &raw const previous.0, std::ptr::null_mut()) };
    if result != 0 {
        log::debug!("cannot restore {signal:?}: {}", io::Error::last_os_error());
    }
}
