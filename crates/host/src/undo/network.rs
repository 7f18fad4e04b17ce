//! Removing what network faults made: tables of nftables, queueing disciplines, interfaces. All by netlink sockets that
//! were opened in the namespace beforehand: no program and no file is needed when it is time.

use std::io;

use serde::{Deserialize, Serialize};
use squall_engine::fault::port::{FaultError, Ready};
use squall_os::netlink::route::{INGRESS, ROOT, Route};
use squall_os::netlink::tables::{Family, Tables};

use crate::network::place::Space;

/// Removes a table of nftables (`inet`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveTable {
    /// Where it is.
    pub space: Space,
    /// Its name, which carries the fault's id.
    pub name: String,
    /// The mark of connections that it redirected: they are forgotten, or they would be redirected for ever.
    #[serde(default)]
    pub mark: Option<u32>,
}

/// Removes a queueing discipline, if it is the one that we made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveQdisc {
    /// Where it is.
    pub space: Space,
    /// The interface's name.
    pub device: String,
    /// Its number.
    pub index: u32,
    /// What it hangs at.
    pub parent: u32,
    /// Its handle.
    pub handle: u32,
    /// Its kind.
    pub kind: String,
    /// The number that we gave it, in which the fault's id is: the block of filters (`ingress`), or `r2q` (`htb`).
    /// Handles alone would be too few to tell ours from others.
    pub number: Option<u32>,
}

/// Removes an interface, if it is of this kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveLink {
    /// Where it is.
    pub space: Space,
    /// Its name, which carries the fault's id.
    pub name: String,
    /// Its kind.
    pub kind: String,
}

/// Opens a socket in a namespace; `None` when that is gone.
fn open<T: Send>(space: &Space, open: fn() -> io::Result<T>) -> Result<Option<T>, FaultError> {
    let Some(found) = space.open()? else { return Ok(None) };
    let opened = found.within(open).and_then(|opened| opened);
    opened.map(Some).map_err(|error| {
        FaultError::new(format!("the network namespace {} cannot be used: {error}", space.path.display()))
            .help("only root may")
    })
}

fn gone(space: &Space) -> String {
    format!("the network namespace {} is gone", space.path.display())
}

impl RemoveTable {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        let tables = open(&self.space, Tables::open)?;
        Ok(Box::new(ReadyTable { undo: self, tables }))
    }
}

struct ReadyTable {
    undo: RemoveTable,
    tables: Option<Tables>,
}

impl Ready for ReadyTable {
    fn undo(&mut self) -> Result<String, FaultError> {
        let Some(tables) = &mut self.tables else { return Ok(gone(&self.undo.space)) };
        let name = &self.undo.name;
        let help = || format!("`{}nft delete table inet {name}` removes it", self.undo.space.by_hand());
        let told = |error: io::Error| {
            FaultError::new(format!("the table {name} cannot be removed: {error}")).help(help())
        };
        let was_there = tables.delete(Family::Inet, name).map_err(told)?;
        if tables.has(Family::Inet, name).map_err(told)? {
            return Err(FaultError::new(format!("the table {name} is still there")).help(help()));
        }
        if let Some(mark) = self.undo.mark {
            let help = || format!("`{}conntrack -D --mark {mark}` removes them", self.undo.space.by_hand());
            tables.forget(mark).map_err(|error| {
                FaultError::new(format!("redirected connections cannot be forgotten: {error}")).help(help())
            })?;
        }
        Ok(if was_there { format!("table {name} removed") } else { format!("table {name} was not there") })
    }
}

impl RemoveQdisc {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        let route = open(&self.space, Route::open)?;
        Ok(Box::new(ReadyQdisc { undo: self, route }))
    }

    /// Whether ours is there.
    fn is_there(&self, route: &mut Route) -> io::Result<bool> {
        let found = route.qdiscs(self.index)?;
        Ok(found.iter().any(|qdisc| {
            qdisc.parent == self.parent
                && qdisc.handle == self.handle
                && qdisc.kind == self.kind
                && qdisc.number == self.number
        }))
    }
}

struct ReadyQdisc {
    undo: RemoveQdisc,
    route: Option<Route>,
}

impl Ready for ReadyQdisc {
    fn undo(&mut self) -> Result<String, FaultError> {
        let Some(route) = &mut self.route else { return Ok(gone(&self.undo.space)) };
        let RemoveQdisc { device, index, parent, handle, kind, .. } = &self.undo;
        let shown = format!("{kind} {:x}: of {device}", handle >> 16);
        let side = match *parent {
            ROOT => "root",
            INGRESS => "ingress",
            _ => "",
        };
        let help = || format!("`{}tc qdisc del dev {device} {side}` removes it", self.undo.space.by_hand());
        let told =
            |error: io::Error| FaultError::new(format!("{shown} cannot be removed: {error}")).help(help());
        if !self.undo.is_there(route).map_err(told)? {
            return Ok(format!("{shown} was not there"));
        }
        route.delete_qdisc(*index, *parent, *handle, kind).map_err(told)?;
        if self.undo.is_there(route).map_err(told)? {
            return Err(FaultError::new(format!("{shown} is still there")).help(help()));
        }
        Ok(format!("{shown} removed"))
    }
}

impl RemoveLink {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        let route = open(&self.space, Route::open)?;
        Ok(Box::new(ReadyLink { undo: self, route }))
    }

    fn find(&self, route: &mut Route) -> io::Result<Option<u32>> {
        let links = route.links()?;
        let found = links.iter().find(|link| link.name == self.name && link.kind == self.kind);
        Ok(found.map(|link| link.index))
    }
}

struct ReadyLink {
    undo: RemoveLink,
    route: Option<Route>,
}

impl Ready for ReadyLink {
    fn undo(&mut self) -> Result<String, FaultError> {
        let Some(route) = &mut self.route else { return Ok(gone(&self.undo.space)) };
        let name = &self.undo.name;
        let help = || format!("`{}ip link del {name}` removes it", self.undo.space.by_hand());
        let told = |error: io::Error| {
            FaultError::new(format!("the interface {name} cannot be removed: {error}")).help(help())
        };
        let Some(index) = self.undo.find(route).map_err(told)? else {
            return Ok(format!("the interface {name} was not there"));
        };
        route.delete_link(index).map_err(told)?;
        if self.undo.find(route).map_err(told)?.is_some() {
            return Err(FaultError::new(format!("the interface {name} is still there")).help(help()));
        }
        Ok(format!("the interface {name} removed"))
    }
}
