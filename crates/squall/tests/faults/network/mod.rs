//! Network faults, in network namespaces of the test's own.

mod hit;
mod lab;
mod names;
mod put_back;
mod slow;
