//! The containers that exist on both sides at once.
//!
//! People's code gets plain dictionaries and lists, may change any of them, and expects that what it
//! was given in one call is the very object of another. So every container that was sent has a number,
//! and both sides keep what they last agreed it contains. Before a call, the containers reachable from
//! what is handed over are compared with that, and what changed is sent; after it, the worker does the
//! same. Content, not edits, is sent: a side that has changed a container meanwhile (another thread
//! there, the engine here) carries its own edit over to the content that arrives, and tells of the
//! result the next time. Messages may cross: the worker says up to which message of ours it has read,
//! and its content is then compared with what was agreed at that time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use squall_model::{Key, List, Map, Value};

use super::wire::{Item, Update, write_item};

/// The table of shared containers, for one worker.
#[derive(Default)]
pub(super) struct Replica {
    entries: HashMap<i64, Entry, Plain>,
    numbers: HashMap<usize, i64, Plain>,
    /// The last number given; ours are even.
    last: i64,
    /// Counts messages with updates.
    sequence: u64,
    /// The last of these that the worker is known to have read.
    seen: u64,
    /// Counts walks.
    walk: u64,
}

/// For addresses and counters, which need no protection against chosen keys.
type Plain = BuildHasherDefault<Spread>;

/// Spreads one number by a multiplication; every hook looks thousands of them up.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The table takes its bits from both ends.
        let spread = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

/// One side of a container: the handle keeps its identity ours.
struct Entry {
    container: Value,
    /// The walk that last came by.
    walk: u64,
    /// Whether the worker has it; until then `agreed` means nothing.
    shared: bool,
    agreed: Content,
    /// What was agreed before messages that the worker had not read when it last spoke: the sequence
    /// number of the message that replaced it, and the content.
    before: Vec<(u64, Content)>,
}

#[derive(Clone)]
enum Content {
    List(Vec<Value>),
    Map(Vec<(Key, Value)>),
}

/// Updates for one message.
#[derive(Default)]
pub(super) struct Updates {
    json: Vec<u8>,
    fresh: HashMap<usize, i64>,
    live: bool,
    sequence: u64,
}

impl Updates {
    /// The JSON list of the updates.
    pub(super) fn json(mut self) -> Vec<u8> {
        self.json.insert(0, b'[');
        self.json.push(b']');
        self.json
    }

    /// The message's sequence number, 0 where it changes nothing that lasts.
    pub(super) fn sequence(&self) -> u64 {
        if self.live { self.sequence } else { 0 }
    }

    fn push(&mut self, number: i64, content: &Content, numbered: &mut dyn FnMut(&Value) -> i64) {
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        match content {
            Content::List(items) => {
                self.json.extend_from_slice(format!("[{number},0,[").as_bytes());
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.json.push(b',');
                    }
                    write_item(&mut self.json, item, numbered);
                }
            }
            Content::Map(entries) => {
                self.json.extend_from_slice(format!("[{number},1,[").as_bytes());
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.json.push(b',');
                    }
                    write_item(&mut self.json, key.value(), numbered);
                    self.json.push(b',');
                    write_item(&mut self.json, value, numbered);
                }
            }
        }
        self.json.extend_from_slice(b"]]");
    }
}

impl Replica {
    /// Whether a container is known to the worker.
    pub(super) fn knows(&self, value: &Value) -> bool {
        self.number_of(value).is_some()
    }

    /// The number of a container that the worker knows.
    pub(super) fn number_of(&self, value: &Value) -> Option<i64> {
        self.numbers.get(&identity(value)?).copied()
    }

    /// The numbers of all shared containers.
    pub(super) fn all(&self) -> Vec<i64> {
        self.entries.keys().copied().collect()
    }

    /// Opens the updates of one message.
    pub(super) fn updates(&mut self) -> Updates {
        self.sequence += 1;
        Updates { sequence: self.sequence, ..Updates::default() }
    }

    /// Shares `value`, and everything reachable from it, and brings the worker up to date. The item that
    /// stands for it is given.
    pub(super) fn share(&mut self, value: &Value, updates: &mut Updates) -> Vec<u8> {
        let mut stack = vec![value.clone()];
        self.walk += 1;
        while let Some(container) = stack.pop() {
            if identity(&container).is_none() {
                continue;
            }
            let number = self.number(&container);
            let entry = self.entries.get_mut(&number).expect("every number has an entry");
            if std::mem::replace(&mut entry.walk, self.walk) == self.walk {
                continue;
            }
            let content = Content::of(&container);
            stack.extend(content.containers().cloned());
            if entry.shared && entry.agreed.same(&content) {
                continue;
            }
            let old = std::mem::replace(&mut entry.agreed, content.clone());
            entry.shared = true;
            entry.before.retain(|(sequence, _)| *sequence > self.seen);
            entry.before.push((updates.sequence, old));
            updates.live = true;
            updates.push(number, &content, &mut |value| self.number(value));
        }
        self.item(value)
    }

    /// The item of a value whose containers the worker already has.
    fn item(&mut self, value: &Value) -> Vec<u8> {
        let mut item = Vec::new();
        write_item(&mut item, value, &mut |value| self.number(value));
        item
    }

    /// The item of a value that the worker gets as its own copy, except for containers in it that are
    /// shared already.
    pub(super) fn copy(&mut self, value: &Value, updates: &mut Updates) -> Vec<u8> {
        let mut stack = Vec::new();
        let mut item = Vec::new();
        let mut fresh = std::mem::take(&mut updates.fresh);
        let mut number = |value: &Value, stack: &mut Vec<(i64, Value)>| {
            let identity = identity(value).expect("only containers have numbers");
            if let Some(number) = self.numbers.get(&identity) {
                return *number;
            }
            let next = -1 - i64::try_from(fresh.len()).expect("fewer containers than 2^63");
            *fresh.entry(identity).or_insert_with(|| {
                stack.push((next, value.clone()));
                next
            })
        };
        write_item(&mut item, value, &mut |value| number(value, &mut stack));
        while let Some((own, container)) = stack.pop() {
            updates.push(own, &Content::of(&container), &mut |value| number(value, &mut stack));
        }
        updates.fresh = fresh;
        item
    }

    /// Takes over what the worker reports, and gives the value of `item`.
    pub(super) fn receive(&mut self, updates: Vec<Update>, seen: u64, item: Option<Item>) -> Option<Value> {
        self.seen = self.seen.max(seen);
        let mut fresh = HashMap::new();
        for Update(number, kind, _) in &updates {
            let known =
                if *number < 0 { fresh.contains_key(number) } else { self.entries.contains_key(number) };
            if known {
                continue;
            }
            let container = if *kind == 0 { Value::List(List::new()) } else { Value::Map(Map::new()) };
            if *number < 0 {
                fresh.insert(*number, container);
            } else {
                self.register(*number, container);
            }
        }
        for Update(number, kind, items) in updates {
            let values = items.into_iter().map(|item| self.value(item, &fresh));
            let theirs = if kind == 0 {
                Content::List(values.collect())
            } else {
                let values = values.collect::<Vec<_>>();
                let pairs = values.chunks_exact(2);
                Content::Map(
                    pairs.filter_map(|pair| Some((Key::new(pair[0].clone())?, pair[1].clone()))).collect(),
                )
            };
            if number < 0 {
                if let Some(container) = fresh.get(&number) {
                    theirs.put(container);
                }
            } else if let Some(entry) = self.entries.get_mut(&number) {
                entry.take(theirs, seen);
            }
        }
        item.map(|item| self.value(item, &fresh))
    }

    fn value(&self, item: Item, fresh: &HashMap<i64, Value>) -> Value {
        match item {
            Item::Plain(value) => value,
            Item::Container(number) => {
                let own = self.entries.get(&number).map(|entry| &entry.container);
                own.or_else(|| fresh.get(&number)).cloned().unwrap_or(Value::Null)
            }
        }
    }

    fn number(&mut self, container: &Value) -> i64 {
        let identity = identity(container).expect("only containers have numbers");
        if let Some(number) = self.numbers.get(&identity) {
            return *number;
        }
        self.last += 2;
        self.register(self.last, container.clone());
        self.last
    }

    fn register(&mut self, number: i64, container: Value) {
        let identity = identity(&container).expect("only containers are shared");
        let agreed = Content::nothing(&container);
        self.numbers.insert(identity, number);
        self.entries.insert(number, Entry { container, walk: 0, shared: false, agreed, before: Vec::new() });
    }
}

impl Entry {
    /// Takes over content that the worker reported after it had read our messages up to `seen`.
    fn take(&mut self, theirs: Content, seen: u64) {
        let present = Content::of(&self.container);
        let unread = self.before.iter().position(|(sequence, _)| *sequence > seen);
        if let Some(first) = unread {
            // It will replace its content by what is on its way, so only its edit is taken.
            self.before.drain(..first);
            let base = self.before.first().map_or(&self.agreed, |(_, base)| base);
            Content::rebased(base, &theirs, present).put(&self.container);
            return;
        }
        let own_edit = !present.same(&self.agreed);
        let content =
            if own_edit { Content::rebased(&self.agreed, &present, theirs.clone()) } else { theirs.clone() };
        content.put(&self.container);
        self.agreed = theirs;
        self.shared = true;
        self.before.clear();
    }
}

impl Content {
    fn of(container: &Value) -> Content {
        match container {
            Value::Map(map) => Content::Map(map.entries()),
            Value::List(list) => Content::List(list.to_vec()),
            _ => Content::List(Vec::new()),
        }
    }

    fn nothing(container: &Value) -> Content {
        match container {
            Value::Map(_) => Content::Map(Vec::new()),
            _ => Content::List(Vec::new()),
        }
    }

    fn put(self, container: &Value) {
        match (self, container) {
            (Content::Map(entries), Value::Map(map)) => map.replace(entries),
            (Content::List(items), Value::List(list)) => list.replace(items),
            _ => {}
        }
    }

    fn containers(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        let container = |value: &&Value| matches!(value, Value::List(_) | Value::Map(_));
        match self {
            Content::List(items) => Box::new(items.iter().filter(container)),
            Content::Map(entries) => Box::new(entries.iter().map(|(_, value)| value).filter(container)),
        }
    }

    /// Whether both are the same in scalars and in the identity of containers, order included.
    fn same(&self, other: &Content) -> bool {
        match (self, other) {
            (Content::List(a), Content::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Content::Map(a), Content::Map(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| same(a.0.value(), b.0.value()) && same(&a.1, &b.1))
            }
            _ => false,
        }
    }

    /// `target` with the edit that led from `base` to `edited`.
    fn rebased(base: &Content, edited: &Content, target: Content) -> Content {
        match (base, edited, target) {
            (Content::Map(base), Content::Map(edited), Content::Map(mut target)) => {
                let find = |entries: &[(Key, Value)], key: &Key| {
                    entries.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
                };
                for (key, _) in base {
                    if find(edited, key).is_none() {
                        target.retain(|(other, _)| other != key);
                    }
                }
                for (key, value) in edited {
                    if find(base, key).is_some_and(|old| same(&old, value)) {
                        continue;
                    }
                    match target.iter_mut().find(|(other, _)| other == key) {
                        Some((_, place)) => *place = value.clone(),
                        None => target.push((key.clone(), value.clone())),
                    }
                }
                Content::Map(target)
            }
            (Content::List(base), Content::List(edited), Content::List(target)) => {
                Content::List(spliced(base, edited, target))
            }
            (_, _, target) => target,
        }
    }
}

/// Carries the one stretch in which `edited` differs from `base` over to `target`: in place where
/// `target` begins as `base` does up to its end, else at the end.
fn spliced(base: &[Value], edited: &[Value], mut target: Vec<Value>) -> Vec<Value> {
    let shorter = base.len().min(edited.len());
    let start = (0..shorter).find(|&index| !same(&base[index], &edited[index])).unwrap_or(shorter);
    let tail = (0..shorter - start)
        .find(|&index| !same(&base[base.len() - 1 - index], &edited[edited.len() - 1 - index]))
        .unwrap_or(shorter - start);
    let end = base.len() - tail;
    let inserted = edited[start..edited.len() - tail].to_vec();
    if target.len() >= end && base[..end].iter().zip(&target).all(|(a, b)| same(a, b)) {
        target.splice(start..end, inserted);
    } else {
        target.extend(inserted);
    }
    target
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.same(b),
        (Value::Map(a), Value::Map(b)) => a.same(b),
        (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => false,
        (a, b) => a.identical(b),
    }
}

fn identity(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) => Some(list.identity()),
        Value::Map(map) => Some(map.identity()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use squall_model::json;

    use super::*;
    use crate::python::wire::Inbound;

    fn value(text: &str) -> Value {
        json::parse(text).expect("the test's JSON")
    }

    fn share(replica: &mut Replica, value: &Value) -> (u64, String) {
        let mut updates = replica.updates();
        replica.share(value, &mut updates);
        (updates.sequence(), String::from_utf8(updates.json()).unwrap())
    }

    fn receive(replica: &mut Replica, report: &str) -> Option<Value> {
        let inbound = Inbound::parse(report.as_bytes()).unwrap();
        replica.receive(inbound.up, inbound.seen, inbound.v)
    }

    #[test]
    fn only_what_changed_is_sent() {
        let mut replica = Replica::default();
        let tree = value(r#"{"a": {"b": [1]}, "c": 1.0}"#);
        let (_, first) = share(&mut replica, &tree);
        assert_eq!(first, r#"[[2,1,["a",[4],"c",1.0]],[4,1,["b",[6]]],[6,0,[1]]]"#);
        assert_eq!(share(&mut replica, &tree), (0, "[]".to_owned()));
        tree.get("a").unwrap().get("b").unwrap().as_list().unwrap().push(Value::Null);
        assert_eq!(share(&mut replica, &tree).1, "[[6,0,[1,null]]]");
        tree.as_map().unwrap().insert("c", 1.into());
        assert_eq!(share(&mut replica, &tree).1, r#"[[2,1,["a",[4],"c",1]]]"#, "1 is not 1.0");
    }

    #[test]
    fn copies_keep_what_is_shared() {
        let mut replica = Replica::default();
        let shared = value(r#"{"n": 1}"#);
        share(&mut replica, &shared);
        let twice = value("[]");
        let copied = Value::list([twice.clone(), twice, shared]);
        let mut updates = replica.updates();
        assert_eq!(replica.copy(&copied, &mut updates), b"[-1]");
        assert_eq!(updates.sequence(), 0);
        assert_eq!(updates.json(), br#"[[-1,0,[[-2],[-2],[2]]],[-2,0,[]]]"#);
    }

    #[test]
    fn reports_change_the_containers_in_place() {
        let mut replica = Replica::default();
        let tree = value(r#"{"list": [1], "map": {"x": 1}}"#);
        let (sequence, _) = share(&mut replica, &tree);
        let list = tree.get("list").unwrap();
        let report = format!(
            r#"{{"seen": {sequence}, "v": [-1], "up": [[4,0,[1,[7]]], [7,1,["new",[4]]], [-1,0,[[2],[7]]]]}}"#
        );
        let given = receive(&mut replica, &report).unwrap();
        let new = list.as_list().unwrap().get(1).unwrap();
        assert!(new.get("new").unwrap().as_list().unwrap().same(list.as_list().unwrap()));
        let given = given.as_list().unwrap().to_vec();
        assert!(given[0].as_map().unwrap().same(tree.as_map().unwrap()));
        assert!(given[1].as_map().unwrap().same(new.as_map().unwrap()));
        assert_eq!(share(&mut replica, &tree).1, "[]", "nothing is sent back");
    }

    #[test]
    fn edits_of_both_sides_are_kept() {
        let mut replica = Replica::default();
        let tree = value(r#"{"a": 1, "gone": 1, "run": []}"#);
        let run = tree.get("run").unwrap();
        run.as_list().unwrap().push(1.into());
        let (sequence, _) = share(&mut replica, &tree);
        // Meanwhile here:
        tree.as_map().unwrap().insert("ours", true.into());
        run.as_list().unwrap().push(2.into());
        let report =
            format!(r#"{{"seen": {sequence}, "up": [[2,1,["a",2,"run",[4],"theirs",true]],[4,0,[0,1,9]]]}}"#);
        receive(&mut replica, &report);
        let wanted = value(r#"{"a": 2, "run": [0, 1, 9, 2], "theirs": true, "ours": true}"#);
        assert!(tree.identical(&wanted), "{tree:?}");
        let sent = share(&mut replica, &tree).1;
        assert_eq!(sent, r#"[[2,1,["a",2,"run",[4],"theirs",true,"ours",true]],[4,0,[0,1,9,2]]]"#);
    }

    #[test]
    fn messages_that_cross_lose_nothing() {
        let mut replica = Replica::default();
        let tree = value(r#"{"a": 1}"#);
        let (first, _) = share(&mut replica, &tree);
        tree.as_map().unwrap().insert("ours", 1.into());
        let (second, _) = share(&mut replica, &tree);
        assert!(second > first);
        // Sent before the second message was read.
        receive(&mut replica, &format!(r#"{{"seen": {first}, "up": [[2,1,["a",5,"theirs",1]]]}}"#));
        let both = value(r#"{"a": 5, "ours": 1, "theirs": 1}"#);
        assert!(tree.identical(&both), "{tree:?}");
        // The worker has the second message's content by now and is told of the whole.
        assert_eq!(share(&mut replica, &tree).1, r#"[[2,1,["a",5,"ours",1,"theirs",1]]]"#);
        receive(&mut replica, &format!(r#"{{"seen": {}, "up": []}}"#, second + 1));
        assert_eq!(share(&mut replica, &tree).1, "[]");
        assert!(tree.identical(&both));
    }
}
