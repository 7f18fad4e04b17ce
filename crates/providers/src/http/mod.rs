//! HTTP: the client that all of Squall uses, and the `http` provider.

mod client;
mod cookies;
mod date;
mod dial;
mod error;
mod exchange;
mod netrc;
mod pool;
mod provider;
mod proxy;
mod quote;
mod simple;
mod tap;
mod text;
mod timeouts;
mod tls;
mod url;

pub use client::{HttpClient, Request, Response};
pub use error::HttpError;
pub use provider::HttpProvider;
pub use simple::HeaderList;
pub use timeouts::{Limit, Timeouts};
pub use tls::Verify;

pub(crate) use quote::quote;
