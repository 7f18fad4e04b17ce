//! What activities call: processes, HTTP endpoints, Python functions; and what fetches experiments and
//! secrets.

pub mod fetch;
pub mod http;
pub mod process;
pub mod python;
pub mod vault;
