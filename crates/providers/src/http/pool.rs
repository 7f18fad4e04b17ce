//! Idle connections, to be used again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::Peer;
use super::exchange::Connection;
use super::proxy::Proxy;
use super::tls::Verify;

/// Connections idle for longer are not used again: many servers close theirs after five seconds.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

/// What two requests must have in common to go over one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Route {
    pub(super) origin: Peer,
    pub(super) proxy: Option<Proxy>,
    pub(super) verify: Verify,
}

#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<HashMap<Route, Vec<Connection>>>,
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, HashMap<Route, Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection for the route.
    pub(super) async fn take(&self, route: &Route) -> Option<Connection> {
        if !self.idle().contains_key(route) {
            return None;
        }
        // The tasks that own the connections learn here that a server has closed its end.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        let mut idle = self.idle();
        let connections = idle.get_mut(route)?;
        connections.retain(|connection| connection.is_fit(LONGEST_IDLE));
        let taken = connections.pop();
        if connections.is_empty() {
            idle.remove(route);
        }
        taken
    }

    /// Keeps a connection on which nothing is under way.
    pub(super) fn keep(&self, route: Route, connection: Connection) {
        self.idle().entry(route).or_default().push(connection);
    }
}
