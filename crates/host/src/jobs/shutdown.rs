//! Ending this host, after a while.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::power::{self, Power};

use super::Work;

/// Ends this host. It does not happen if the worker is ended before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shutdown {
    /// How long until then, in milliseconds.
    pub delay_millis: u64,
    /// Whether it starts again.
    pub reboot: bool,
    /// Whether the kernel does it at once; otherwise init is asked, which ends services first.
    pub forced: bool,
}

/// The command that asks init.
pub fn graceful(reboot: bool) -> Option<(&'static str, &'static [&'static str])> {
    let systemd = Path::new("/run/systemd/system").is_dir();
    match (systemd, reboot) {
        (true, true) => Some(("systemctl", &["reboot"])),
        (true, false) => Some(("systemctl", &["poweroff"])),
        (false, reboot) if squall_os::paths::which("shutdown").is_some() => {
            Some(("shutdown", if reboot { &["-r", "now"] } else { &["-h", "now"] }))
        }
        _ => None,
    }
}

impl Shutdown {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let at = Instant::now() + Duration::from_millis(self.delay_millis);
        let job = self.clone();
        let wait = move || {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            job.happen();
        };
        let spawned = thread::Builder::new().spawn(wait);
        spawned.map_err(|error| FaultError::new(format!("a thread cannot be started: {error}")))?;
        Ok(Box::new(Waiting { at, reboot: self.reboot }))
    }

    fn happen(&self) {
        if let (false, Some((program, words))) = (self.forced, graceful(self.reboot)) {
            // From here on it is init's; nothing is left for this worker to do.
            let _ = Command::new(program).args(words).stdin(Stdio::null()).status();
            return;
        }
        let _ = power::change(if self.reboot { Power::Reboot } else { Power::Off });
    }
}

struct Waiting {
    at: Instant,
    reboot: bool,
}

impl Work for Waiting {
    fn report(&mut self) -> Json {
        let left = self.at.saturating_duration_since(Instant::now());
        json!({ "seconds_left": left.as_secs_f64(), "reboot": self.reboot })
    }
}
