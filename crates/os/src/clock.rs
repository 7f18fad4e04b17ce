//! The host's clocks.

use std::io;

use rustix::time::{ClockId, Timespec, clock_gettime, clock_settime};

/// Milliseconds since the boot, time asleep included. Nothing sets this clock.
pub fn since_boot_millis() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1000
        + u64::try_from(now.tv_nsec).unwrap_or_default() / 1_000_000
}

/// Nanoseconds since the boot, time asleep included.
pub fn since_boot_nanos() -> i128 {
    nanos(clock_gettime(ClockId::Boottime))
}

/// Nanoseconds since 1970-01-01T00:00:00Z, by the clock that can be set.
pub fn wall_nanos() -> i128 {
    nanos(clock_gettime(ClockId::Realtime))
}

/// The processor time that this thread has used.
pub fn thread_cpu() -> std::time::Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    std::time::Duration::try_from(used).unwrap_or_default()
}

fn nanos(time: Timespec) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// Sets the wall clock to so many nanoseconds since 1970.
///
/// # Errors
/// This user may not, or the kernel takes no such time.
pub fn set_wall(nanos: i128) -> io::Result<()> {
    let tv_sec = i64::try_from(nanos.div_euclid(1_000_000_000)).map_err(io::Error::other)?;
    let tv_nsec = i64::try_from(nanos.rem_euclid(1_000_000_000)).map_err(io::Error::other)?;
    Ok(clock_settime(ClockId::Realtime, Timespec { tv_sec, tv_nsec })?)
}
