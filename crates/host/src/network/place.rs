//! Where packets are hit: a network namespace, and interfaces in it.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::port::FaultError;
use squall_os::netlink::route::{Link, Route};
use squall_os::netspace::Netspace;
use squall_os::procfs;

/// A network namespace as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its number (`ip netns` and `lsns` show it).
    pub inode: u64,
    /// A path that led to it.
    pub path: PathBuf,
    /// The boot's id: a namespace ends with it.
    pub boot: String,
}

impl Space {
    /// Opens it; `None` when it is gone.
    ///
    /// # Errors
    /// `/proc` does not tell.
    pub fn open(&self) -> Result<Option<Netspace>, FaultError> {
        let fail = |error: std::io::Error| FaultError::new(format!("/proc: {error}"));
        if procfs::boot_id().map_err(fail)? != self.boot {
            return Ok(None);
        }
        Netspace::find(self.inode, &self.path).map_err(fail)
    }

    /// What to put in front of a command that is to be carried out in it by hand.
    pub fn by_hand(&self) -> String {
        match Netspace::own() {
            Ok(own) if own.inode() == self.inode => String::new(),
            _ => format!("nsenter --net={} ", self.path.display()),
        }
    }
}

/// Where.
#[derive(Debug)]
pub struct Place {
    space: Netspace,
    boot: String,
    /// Whether it is the namespace of this process.
    pub is_own: bool,
    /// The interfaces that were asked for.
    pub interfaces: Vec<Link>,
}

impl Place {
    /// Reads the arguments `netns` and `interface`.
    ///
    /// # Errors
    /// There is no such namespace, or no such interface in it.
    pub fn of(arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        let told = |error: std::io::Error| vec![Problem::new(format!("network namespaces: {error}"))];
        let own = Netspace::own().map_err(told)?;
        let space = match arguments.text("netns") {
            None => Netspace::own().map_err(told)?,
            Some(name) => Netspace::named(name).map_err(|error| {
                let message = format!("there is no network namespace `{name}`: {error}");
                let help = "`ip netns` shows those with names; the number of a process, or a path such as \
                            /proc/PID/ns/net, will do as well";
                vec![Problem::of("netns", message).help(help)]
            })?,
        };
        let is_own = own.inode() == space.inode();
        let boot = procfs::boot_id().map_err(told)?;
        let mut place = Place { space, boot, is_own, interfaces: Vec::new() };
        let wanted = arguments.texts("interface");
        if !wanted.is_empty() {
            let links = place.links().map_err(|error| vec![Problem::new(error.to_string())])?;
            let mut problems = Vec::new();
            for name in wanted {
                match links.iter().find(|link| link.name == *name) {
                    Some(link) => place.interfaces.push(link.clone()),
                    None => {
                        let known: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
                        problems.push(
                            Problem::of("interface", format!("there is no interface `{name}`"))
                                .help(format!("there are {}", known.join(", "))),
                        );
                    }
                }
            }
            if !problems.is_empty() {
                return Err(problems);
            }
        }
        Ok(place)
    }

    /// For the ledger.
    pub fn space(&self) -> Space {
        let path = self.space.path().to_owned();
        // `self` would be another process's when it is read
        let path = match path.strip_prefix("/proc/self") {
            Ok(rest) => PathBuf::from("/proc").join(std::process::id().to_string()).join(rest),
            Err(_) => path,
        };
        Space { inode: self.space.inode(), path, boot: self.boot.clone() }
    }

    /// Does work in the namespace.
    ///
    /// # Errors
    /// This user may not enter it.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, FaultError> {
        if self.is_own {
            return Ok(work());
        }
        self.space.within(work).map_err(|error| {
            FaultError::new(format!("`{}` cannot be entered: {error}", self.space.path().display()))
                .help("only root may")
        })
    }

    /// The interfaces that there are.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn links(&self) -> Result<Vec<Link>, FaultError> {
        self.ask(Route::links)
    }

    /// Asks about the namespace's interfaces and routes.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn ask<T: Send>(
        &self,
        question: impl FnOnce(&mut Route) -> std::io::Result<T> + Send,
    ) -> Result<T, FaultError> {
        self.within(|| Route::open().and_then(|mut route| question(&mut route)))?
            .map_err(|error| FaultError::new(format!("the kernel does not tell of its network: {error}")))
    }

    /// The namespace's own addresses, those of the loopback interface aside.
    pub fn own_addresses(&self) -> Vec<IpAddr> {
        let all = self.ask(Route::addresses).unwrap_or_default();
        all.into_iter().filter(|(index, _)| *index != 1).map(|(_, address)| address).collect()
    }

    /// Whether an address is one of the namespace's own.
    pub fn is_local(&self, address: IpAddr) -> bool {
        self.ask(|route| route.way(address)).ok().flatten().is_some_and(|way| way.is_local)
    }

    /// The interfaces through which these addresses are reached; without any, those of default routes, and where there
    /// is none, all that are up and lead out.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn devices(&self, addresses: &[IpAddr]) -> Result<Vec<Link>, FaultError> {
        if !self.interfaces.is_empty() {
            return Ok(self.interfaces.clone());
        }
        self.ask(|route| {
            let links = route.links()?;
            let mut indexes = Vec::new();
            for address in addresses {
                // the loopback interface carries what is for this host itself
                indexes.extend(route.way(*address)?.map(|way| if way.is_local { 1 } else { way.index }));
            }
            if addresses.is_empty() {
                indexes = route.default_ways()?;
                if indexes.is_empty() {
                    let out =
                        links.iter().filter(|link| link.is_up && link.index != 1 && link.master.is_none());
                    indexes = out.map(|link| link.index).collect();
                }
            }
            Ok(links.into_iter().filter(|link| indexes.contains(&link.index)).collect())
        })
    }

    /// In words.
    pub fn describe(&self) -> String {
        let names: Vec<&str> = self.interfaces.iter().map(|link| link.name.as_str()).collect();
        let of = if self.is_own {
            "this host".to_owned()
        } else {
            format!("the network namespace {}", self.space.path().display())
        };
        match names[..] {
            [] => of,
            _ => format!("{} of {of}", names.join(", ")),
        }
    }
}
