//! Sleeping without the runtime's millisecond grid.

use std::time::Duration;

/// Sleeps shorter than this go through the kernel's timer; beyond it a millisecond does not matter.
const FINE_BELOW: Duration = Duration::from_secs(2);

/// Completes after `duration`: a sleep below two seconds is late by a small part of a millisecond
/// where the runtime's own timer rounds up to the next one.
///
/// Where the kernel has no timer to give (too many open files, not Linux), the runtime's is used.
pub async fn sleep(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    #[cfg(target_os = "linux")]
    if duration < FINE_BELOW && linux::sleep(duration).await.is_ok() {
        return;
    }
    tokio::time::sleep(duration).await;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    pub(super) async fn sleep(duration: Duration) -> io::Result<()> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let value = Timespec::try_from(duration).map_err(io::Error::other)?;
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
        #[allow(unsafe_code)]
        // SAFETY: an `OwnedFd` names one open descriptor, the same until it is dropped.
        let timer = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) }?;
        // A one-shot timer becomes readable once, when it has expired.
        timer.readable().await?.retain_ready();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn sleeps_at_least_as_long_as_asked_and_is_not_on_a_millisecond_grid() {
        let mut best = Duration::MAX;
        for _ in 0..50 {
            let asked = Duration::from_micros(300);
            let start = Instant::now();
            sleep(asked).await;
            let late = start.elapsed().checked_sub(asked).expect("never early");
            best = best.min(late);
        }
        assert!(best < Duration::from_micros(500), "the least late of 50 was late by {best:?}");
    }

    #[tokio::test]
    async fn nothing_is_slept_at_once() {
        let start = Instant::now();
        sleep(Duration::ZERO).await;
        assert!(start.elapsed() < Duration::from_millis(100));
    }
}
