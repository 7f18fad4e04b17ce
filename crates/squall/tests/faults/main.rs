//! Faults of this host, looked at with tools that are not ours.

mod network;
