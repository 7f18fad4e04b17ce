//! The only door to the operating system: processes and their groups, signals, timers that keep their
//! time, and files that need care. Nothing here knows experiments.
//!
//! | module | what it gives |
//! |---|---|
//! | [`process`] | commands in their own process group, ended whole |
//! | [`signals`] | the signals that steer a run, as a stream |
//! | [`timer`] | sleeping without the millisecond grid |
//! | [`environment`] | environment variables with a safe overlay |
//! | [`paths`] | `PATH` look-up, `~`, the state folder |
//! | [`files`] | files that are either old or new, never half |
//! | [`host`] | the host's name and platform |
//! | [`clock`] | the clock that can be set, and the one that cannot |
//! | [`durable`] | lines that are on the disk before anybody goes on; locks that end with their holder |
//! | [`procfs`], [`pidfd`] | processes as `/proc` shows them, and a hold on one |
//! | [`power`] | ending the host |
//! | [`space`] | room on file systems |
//! | [`marked`] | sockets whose packets carry a mark |
//! | [`netlink`] | interfaces, queueing disciplines, tables of nftables, queued packets |
//! | [`netspace`] | network namespaces |
//! | [`memory`], [`cpu`], [`limits`], [`cgroup`] | what there is of each, and how much of it may be used |
//! | [`capability`] | the rights of root, one by one |
//! | [`sleepers`] | threads that do nothing but exist |
//! | [`outlive`] | processes of our own that outlive this one, or end with it |

#[cfg(target_os = "linux")]
pub mod capability;
#[cfg(target_os = "linux")]
pub mod cgroup;
#[cfg(target_os = "linux")]
pub mod clock;
#[cfg(target_os = "linux")]
pub mod cpu;
#[cfg(target_os = "linux")]
pub mod durable;
pub mod environment;
pub mod files;
pub mod host;
#[cfg(target_os = "linux")]
pub mod limits;
#[cfg(target_os = "linux")]
pub mod marked;
#[cfg(target_os = "linux")]
pub mod memory;
#[cfg(target_os = "linux")]
pub mod netlink;
#[cfg(target_os = "linux")]
pub mod netspace;
#[cfg(target_os = "linux")]
pub mod outlive;
pub mod paths;
#[cfg(target_os = "linux")]
pub mod pidfd;
#[cfg(target_os = "linux")]
pub mod power;
pub mod process;
#[cfg(target_os = "linux")]
pub mod procfs;
pub mod signals;
#[cfg(target_os = "linux")]
pub mod sleepers;
#[cfg(target_os = "linux")]
pub mod space;
pub mod timer;
