//! What network faults have in common.
//!
//! | module | what it holds |
//! |---|---|
//! | [`selector`] | the parameters that choose packets, and what they mean now |
//! | [`address`] | networks and ports as lists |
//! | [`place`] | the network namespace and its interfaces |
//! | [`exempt`] | what is spared, so that control is kept |
//! | [`table`] | tables of nftables: dropping, refusing, redirecting |
//! | [`shaping`], [`filter`] | queueing disciplines: delay, rate, and what netem does besides |
//! | [`netem`] | faults by netem, or by a worker where there is none |
//! | [`fault`] | a fault out of these, with its plan and its steps |
//! | [`program`], [`probe`] | programs, and what this kernel can do |

pub mod address;
pub mod exempt;
pub mod fault;
pub mod filter;
pub mod netem;
pub mod place;
pub mod probe;
pub mod program;
pub mod selector;
pub mod shaping;
pub mod table;
