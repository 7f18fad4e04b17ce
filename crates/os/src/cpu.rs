//! Processors: the time that was used, which may be used, and by whom first.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// The processor time that this thread has used.
pub fn thread_time() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

/// The processor time that all threads of this process have used.
pub fn process_time() -> Duration {
    duration(clock_gettime(ClockId::ProcessCPUTime))
}

fn duration(time: Timespec) -> Duration {
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanos)
}

/// The numbers of the processors that this process may run on.
///
/// # Errors
/// The kernel does not tell.
pub fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}

/// Keeps this thread on one processor.
///
/// # Errors
/// There is no such processor, or this process may not use it.
pub fn pin(cpu: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    if cpu >= CpuSet::MAX_CPU {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

/// Where the kernel weighs sessions against each other instead of processes, which makes `nice` count within a session
/// only.
pub fn weighs_sessions() -> bool {
    fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled").is_ok_and(|on| on.trim() == "1")
}

/// The nice value of this process: -20 (first) to 19 (last).
pub fn nice() -> i32 {
    getpriority_process(None).unwrap_or_default()
}

/// Sets the nice value of this thread and those that it starts; and of its session, where the kernel
/// [weighs those](weighs_sessions).
///
/// # Errors
/// This user may not: lowering it takes `CAP_SYS_NICE`.
pub fn set_nice(nice: i32) -> io::Result<()> {
    setpriority_process(None, nice)?;
    if weighs_sessions() {
        fs::write("/proc/self/autogroup", nice.to_string())?;
    }
    Ok(())
}
