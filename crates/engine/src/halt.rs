//! What ends a run, or a part of it, before its time.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use squall_model::event::EntryId;
use squall_model::expr::Raised;
use tokio::sync::Notify;

use crate::log::LOG;
use crate::ports::{Exit, Failure};

/// A request from outside to end the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGUSR1: end now; rollbacks as the strategy says.
    ExitGracefully,
    /// SIGUSR2: end now, background activities and all, and play no rollbacks.
    ExitUngracefully,
}

/// The code that the reference gives to an exit by SIGUSR2, which forbids rollbacks.
pub(crate) const UNGRACEFUL: &str = "30";

/// Why the flow of a run was left.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// A control or SIGTERM interrupted the execution, with this text.
    Interrupted(String),
    /// Ctrl-C, or code that raised `KeyboardInterrupt`.
    Keyboard,
    /// SIGUSR1, SIGUSR2, or code that raised `SystemExit`: the code.
    Exit(String),
    /// An error that nothing is prepared for, and the execution it came from.
    Error(Failure, Option<EntryId>),
}

impl Halt {
    /// An error in the terms of a Python exception class.
    pub(crate) fn error(class: &str, message: impl Into<String>) -> Self {
        Halt::Error(Failure::of_class(class, message), None)
    }
}

impl From<Raised> for Halt {
    fn from(raised: Raised) -> Self {
        Halt::error(raised.class, raised.message)
    }
}

impl From<Exit> for Halt {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Keyboard => Halt::Keyboard,
            Exit::System(code) => Halt::Exit(code),
        }
    }
}

impl From<Signal> for Halt {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Halt::Keyboard,
            Signal::Terminate => {
                log::warn!(target: LOG, "Caught SIGTERM signal, interrupting experiment now");
                Halt::Interrupted("SIGTERM signal received".to_owned())
            }
            Signal::ExitGracefully => Halt::Exit("20".to_owned()),
            Signal::ExitUngracefully => Halt::Exit(UNGRACEFUL.to_owned()),
        }
    }
}

/// The requests to end the run that have not been heeded yet. Clones share them.
#[derive(Clone, Default)]
pub struct Interrupts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    pending: Mutex<VecDeque<Signal>>,
    arrived: Notify,
}

impl Interrupts {
    /// No request so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end of the run.
    pub fn raise(&self, signal: Signal) {
        self.pending().push_back(signal);
        self.0.arrived.notify_one();
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, VecDeque<Signal>> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Signal {
        loop {
            if let Some(signal) = self.pending().pop_front() {
                return signal;
            }
            self.0.arrived.notified().await;
        }
    }

    /// Runs `future` unless a request comes first; then the future is dropped, which ends it.
    pub(crate) async fn guard<F: Future>(&self, future: F) -> Result<F::Output, Halt> {
        tokio::select! {
            biased;
            signal = self.next() => Err(signal.into()),
            output = future => Ok(output),
        }
    }
}
