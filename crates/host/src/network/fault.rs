//! A network fault: tables, queueing disciplines and a worker, made, looked at and counted in one way for all kinds.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::port::{Fault, FaultError, Need, Summary, Touched};
use squall_engine::fault::record::FaultId;
use squall_model::{Map, Value};
use squall_os::netlink::tables::{Family, Tables};

use super::exempt::{self, Exemption};
use super::filter;
use super::place::Place;
use super::probe;
use super::program;
use super::selector::{Selection, Way};
use super::shaping::{Discipline, Names, Shaping};
use super::table::{Action, Table};
use crate::jobs::Job;
use crate::undo::{RemoveTable, Undo};
use crate::worker::{GONE, Worker};

/// How long a network fault's undo may take until it is verified.
pub const BOUND: Duration = Duration::from_secs(1);
/// How long a worker may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// By what means.
#[derive(Clone, Debug, PartialEq)]
pub enum Means {
    /// A table of nftables.
    Table(Action),
    /// Queueing disciplines.
    Shape(Discipline),
    /// A table, and a worker of ours that it leads to.
    Worker(Action, Job),
}

/// What a kind decides; the rest is the same for all.
#[derive(Debug)]
pub struct Draft {
    /// Where.
    pub place: Place,
    /// Which packets.
    pub selection: Selection,
    /// What is spared of them.
    pub exemptions: Vec<Exemption>,
    /// What happens to them, as the end of a sentence: `delayed by 100ms`.
    pub what: String,
    /// By what means.
    pub means: Means,
    /// What is to be known besides.
    pub notes: Vec<String>,
    /// Needs that the kind has looked at itself.
    pub needs: Vec<Need>,
    /// A magnitude that guard rails are asked about.
    pub percent: Option<(&'static str, f64)>,
}

impl Draft {
    /// Reads where and which packets; the means are the kind's.
    ///
    /// # Errors
    /// All that is wrong with the arguments.
    pub fn of(arguments: &Arguments, what: String, means: Means) -> Result<Self, Vec<Problem>> {
        let place = Place::of(arguments)?;
        let selection = Selection::of(arguments, &place)?;
        Draft::with(arguments, place, selection, what, means)
    }

    /// The same with a selection that the kind has made.
    ///
    /// # Errors
    /// What is wrong with the exemptions.
    pub fn with(
        arguments: &Arguments,
        place: Place,
        selection: Selection,
        what: String,
        means: Means,
    ) -> Result<Self, Vec<Problem>> {
        let exemptions = exempt::of(arguments, &selection, &place)?;
        let (notes, needs) = (Vec::new(), Vec::new());
        Ok(Draft { place, selection, exemptions, what, means, notes, needs, percent: None })
    }

    /// The fault, with what it needs looked at.
    ///
    /// # Errors
    /// What cannot be done with these means.
    pub fn plan(mut self) -> Result<Box<dyn Fault>, Vec<Problem>> {
        self.lose_by_netem();
        let may = program::may_change();
        let allowed = may.unmet.is_none();
        let mut fault = NetworkFault {
            needs: vec![may],
            table: None,
            shaping: None,
            job: None,
            worker: None,
            fault: None,
            place: self.place,
            selection: self.selection,
            exemptions: self.exemptions,
            what: self.what,
            notes: self.notes,
            percent: self.percent,
        };
        fault.needs.extend(self.needs);
        match self.means {
            Means::Table(action) => fault.use_table(action, allowed),
            Means::Worker(action, job) => {
                fault.use_table(action, allowed);
                fault.job = Some(job);
            }
            Means::Shape(discipline) => fault.use_shaping(discipline, allowed)?,
        }
        Ok(Box::new(fault))
    }
}

impl Draft {
    /// Kernels without nftables lose packets by netem, as far as traffic control sees which. Where both are there, nftables
    /// sees more.
    fn lose_by_netem(&mut self) {
        let Means::Table(Action::Drop(share)) = &self.means else { return };
        let share = share.unwrap_or(100.0);
        if self.selection.needs_table().is_some() || probe::has_tables() || probe::netem().is_err() {
            return;
        }
        self.notes.push("this kernel has no nftables, so netem loses the packets".to_owned());
        self.means = Means::Shape(Discipline::Netem(format!("limit 50000 loss {share}%")));
    }
}

struct NetworkFault {
    place: Place,
    selection: Selection,
    exemptions: Vec<Exemption>,
    what: String,
    notes: Vec<String>,
    needs: Vec<Need>,
    percent: Option<(&'static str, f64)>,
    table: Option<Table>,
    shaping: Option<Shaping>,
    job: Option<Job>,
    worker: Option<Worker>,
    fault: Option<FaultId>,
}

impl NetworkFault {
    fn use_table(&mut self, action: Action, allowed: bool) {
        let loses = matches!(action, Action::Drop(_)) && self.selection.outgoing;
        let waits = matches!(action, Action::Queue { .. });
        let silently = if allowed && (loses || waits) { probe::queues() } else { None };
        if loses && allowed && silently.is_none() {
            self.notes.push(
                "this kernel has no queues of packets (nfnetlink_queue), so processes of this host that send by UDP or \
                 ICMP see an error (EPERM) instead of silence"
                    .to_owned(),
            );
        }
        let interfaces = self.place.interfaces.iter().map(|link| link.name.clone()).collect();
        let (selection, exemptions) = (self.selection.clone(), self.exemptions.clone());
        let table = Table { selection, exemptions, interfaces, action, silently };
        if allowed {
            self.needs.push(probe::table(&table));
        }
        self.table = Some(table);
    }

    fn use_shaping(&mut self, discipline: Discipline, allowed: bool) -> Result<(), Vec<Problem>> {
        let by_table = self.selection.needs_table();
        if let Some(name) = by_table.filter(|_| self.selection.incoming) {
            let help = "choose `direction` out";
            return Err(vec![Problem::of(name, "cannot choose what comes in, for this kind").help(help)]);
        }
        let addresses: Vec<IpAddr> =
            self.selection.remote.only.iter().map(|network| network.address).collect();
        let told = |error: FaultError| vec![Problem::new(error.to_string())];
        let devices = self.place.devices(&addresses).map_err(told)?;
        let filters = |way| {
            filter::of(&self.selection, &self.exemptions, way)
                .map_err(|why| vec![Problem::of("address", why)])
        };
        let outgoing = match by_table {
            None if self.selection.outgoing => Some(filters(Way::Out)?),
            _ => None,
        };
        let incoming = if self.selection.incoming { Some(filters(Way::In)?) } else { None };
        let hits_outgoing = self.selection.outgoing;
        let shaping = Shaping { devices, discipline, outgoing, hits_outgoing, incoming };
        let names: Vec<&str> = shaping.devices.iter().map(|device| device.name.as_str()).collect();
        let need = format!("interfaces to these addresses ({})", names.join(", "));
        self.needs.push(match names.is_empty() {
            true => Need::unmet(need, "there is none; name one by `interface`"),
            false => Need::met(need),
        });
        let obstacles = self.place.ask(|route| shaping.obstacles(route)).map_err(told)?;
        let need = "interfaces whose queueing disciplines are the kernel's own";
        self.needs.push(match obstacles.is_empty() {
            true => Need::met(need),
            false => {
                let why = obstacles.join("; ");
                Need::unmet(need, format!("{why}; `tc qdisc show` shows it, and Squall leaves it alone"))
            }
        });
        if allowed {
            self.needs.push(probe::shaping(&shaping, &placeholder()));
        }
        if shaping.incoming.is_some()
            && shaping.devices.len() > 1
            && matches!(shaping.discipline, Discipline::Rate(_))
        {
            self.notes.push("what comes in shares one rate over all of these interfaces".to_owned());
        }
        if by_table.is_some() {
            self.use_table(Action::Classify { handle: placeholder().handle }, allowed);
        }
        self.shaping = Some(shaping);
        Ok(())
    }

    fn names(&self) -> Option<(Names, String)> {
        self.fault.as_ref().map(|fault| (Names::of(fault), table_name(fault.as_str())))
    }
}

/// What is shown before there is a fault.
fn placeholder() -> Names {
    Names { handle: 1, ifb: "sqFAULT".to_owned(), block: 1 }
}

fn table_name(fault: &str) -> String {
    format!("squall_{fault}")
}

/// The queue that a fault's worker listens to: one that nobody else does.
fn queue_number(fault: &FaultId) -> u16 {
    let text = std::fs::read_to_string("/proc/net/netfilter/nfnetlink_queue").unwrap_or_default();
    let used: Vec<u16> =
        text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    let first = fault.short();
    (0..1000)
        .map(|step| 0x4000 | first.wrapping_add(step) & 0x3fff)
        .find(|one| !used.contains(one))
        .unwrap_or(first)
}

impl Fault for NetworkFault {
    fn summary(&self) -> Summary {
        let names = placeholder();
        let place = self.place.describe();
        let mut changes = Vec::new();
        let mut undo = Vec::new();
        if self.job.is_some() {
            changes.push("a worker of Squall that the rules lead to".to_owned());
        }
        if let Some(shaping) = &self.shaping {
            if shaping.incoming.is_some() {
                changes.push(format!("ip link add {} type ifb, up", names.ifb));
            }
            changes.extend(shaping.lines(&names).into_iter().map(|line| format!("tc {line}")));
        }
        if let Some(table) = &self.table {
            let name = table_name("FAULT");
            changes.extend(table.text(&name).lines().map(|line| format!("nft {line}")));
            changes.extend(table.besides());
            undo.push(format!("nft delete table inet {name}"));
        }
        if let Some(shaping) = &self.shaping {
            for device in shaping.devices.iter().filter(|_| shaping.incoming.is_some()) {
                undo.push(format!(
                    "tc qdisc del dev {} ingress, if its block of filters is ours",
                    device.name
                ));
            }
            if shaping.incoming.is_some() {
                undo.push(format!("ip link del {}", names.ifb));
            }
            for device in shaping.devices.iter().filter(|_| shaping.hits_outgoing) {
                let line = format!(
                    "tc qdisc del dev {} root, if it is htb with our handle and our r2q",
                    device.name
                );
                undo.push(line);
            }
        }
        if self.job.is_some() {
            undo.push("the worker is ended".to_owned());
        }
        let mut notes = self.selection.resolved.clone();
        notes.extend(self.exemptions.iter().map(|exemption| format!("spared: {}", exemption.describe())));
        notes.extend(self.notes.iter().cloned());
        notes.push(
            "FAULT stands for the fault's id; handles and numbers of blocks and queues come from it"
                .to_owned(),
        );
        let mut touches = self.selection.touches();
        touches.extend(self.percent.map(|(name, percent)| Touched::Percent(name, percent)));
        Summary {
            title: format!("{}: {} ({place})", self.what, self.selection.describe()),
            targets: vec![format!("{place}: {}", self.selection.describe())],
            touches,
            needs: self.needs.clone(),
            changes,
            undo,
            notes,
        }
    }

    fn prepare(&mut self, fault: &FaultId) -> Result<Vec<Json>, FaultError> {
        self.fault = Some(fault.clone());
        let names = Names::of(fault);
        let space = self.place.space();
        let mut undos = Vec::new();
        if let Some(shaping) = &self.shaping {
            let obstacles = self.place.ask(|route| shaping.obstacles(route))?;
            if !obstacles.is_empty() {
                return Err(FaultError::new(obstacles.join("; ")));
            }
        }
        if let Some(table) = &mut self.table {
            match &mut table.action {
                Action::Classify { handle } => *handle = names.handle,
                Action::Queue { number } => *number = self.place.within(|| queue_number(fault))?,
                Action::Redirect { mark, .. } => *mark = names.block,
                _ => {}
            }
        }
        if let Some(mut job) = self.job.clone() {
            let queue = self.table.as_ref().and_then(|table| match table.action {
                Action::Queue { number } => Some(number),
                _ => None,
            });
            job.settle(&space, queue, names.block);
            let worker = Worker::start(job, GONE)?;
            undos.push(worker.undo()?);
            self.worker = Some(worker);
        }
        if let Some(shaping) = &self.shaping {
            undos.extend(shaping.undos(&space, &names));
        }
        if let Some(table) = &self.table {
            let mark = match table.action {
                Action::Redirect { mark, .. } => Some(mark),
                _ => None,
            };
            undos.push(Undo::RemoveTable(RemoveTable { space, name: table_name(fault.as_str()), mark }));
        }
        Ok(undos.iter().map(Undo::to_json).collect())
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        let Some((names, name)) = self.names() else { return Err(FaultError::new("it was not prepared")) };
        if let Some(worker) = &mut self.worker {
            worker.go(PATIENCE)?;
            if let Some(Table { action: Action::Redirect { servers, .. }, .. }) = &mut self.table {
                let report = worker.report()?;
                for (server, port) in servers {
                    let told = report["ports"][server.to_string()]
                        .as_u64()
                        .and_then(|port| u16::try_from(port).ok());
                    *port = told.ok_or_else(|| FaultError::new("the worker tells no port"))?;
                }
            }
        }
        if let Some(shaping) = &self.shaping {
            self.place.within(|| shaping.make(&names))??;
        }
        if let Some(table) = &self.table {
            self.place.within(|| table.make(&name))??;
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let Some((names, name)) = self.names() else { return Err(FaultError::new("it was not prepared")) };
        if let Some(worker) = &mut self.worker
            && worker.report()?["broken"] == 1
        {
            return Err(FaultError::new("the worker's queue is broken").help("packets pass since then"));
        }
        if let Some(shaping) = &self.shaping {
            self.place.ask(|route| shaping.verify(&names, route))?.map_err(FaultError::new)?;
        }
        if self.table.is_some() {
            let has = self.place.within(|| Tables::open()?.has(Family::Inet, &name))?;
            match has {
                Ok(true) => {}
                Ok(false) => return Err(FaultError::new(format!("somebody has removed the table {name}"))),
                Err(error) => return Err(FaultError::new(format!("the table {name}: {error}"))),
            }
        }
        Ok(())
    }

    fn report(&mut self) -> Value {
        let report = Map::new();
        let Some((names, name)) = self.names() else { return Value::Null };
        let number = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        if self.table.is_some() {
            let counters = self.place.within(|| Tables::open()?.counters(Family::Inet, &name));
            if let Ok(Ok(counters)) = counters {
                report.insert("packets", number(counters.iter().map(|(_, packets)| packets).sum()));
            }
        }
        if let Some(shaping) = &self.shaping
            && let Ok((packets, drops)) = self.place.ask(|route| shaping.count(&names, route))
        {
            report.insert("packets", number(packets));
            report.insert("dropped", number(drops));
        }
        if let Some(Ok(Json::Object(told))) = self.worker.as_mut().map(Worker::report) {
            for (key, value) in told {
                if let Some(count) = value.as_u64() {
                    report.insert(key.as_str(), number(count));
                }
            }
        }
        Value::Map(report)
    }
}
