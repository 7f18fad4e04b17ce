//! Faults of resources: what they do, measured by the kernel's own tables, and that nothing is left of them, however the
//! processes that hold them end.

#![cfg(target_os = "linux")]

mod cpu;
mod disk_fill;
mod disk_io;
mod experiment;
mod fds;
mod memory;
mod pids;
mod support;
