//! The rights of root, one by one: inside containers root has some of them only.

use std::fs;

/// A right, by its number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability(u8);

impl Capability {
    /// Sending signals to others' processes.
    pub const KILL: Capability = Capability(5);
    /// Changing the network.
    pub const NET_ADMIN: Capability = Capability(12);
    /// Ending the host.
    pub const SYS_BOOT: Capability = Capability(22);
    /// Putting processes before others.
    pub const SYS_NICE: Capability = Capability(23);
    /// Going beyond limits.
    pub const SYS_RESOURCE: Capability = Capability(24);
    /// Keeping memory from being swapped out.
    pub const IPC_LOCK: Capability = Capability(14);

    /// Whether this process has it.
    pub fn is_here(self) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        held(&status).is_some_and(|held| held >> self.0 & 1 == 1)
    }
}

fn held(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_mask_is_read() {
        let mask = held("Name:\tx\nCapEff:\t000001fffeffffff\n").expect("a mask");
        assert_eq!((mask >> 23 & 1, mask >> 24 & 1), (1, 0));
        assert_eq!(held("Name:\tx\n"), None);
    }
}
