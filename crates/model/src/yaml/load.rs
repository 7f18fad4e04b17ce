//! The grammar: from tokens to nodes.

use std::borrow::Cow;
use std::collections::HashMap;

use super::construct;
use super::scan::Scanner;
use super::token::{Directive, Kind, Token};
use super::{Fault, MAX_ALIASED, MAX_DEPTH, Result};
use crate::document::{Build, Member, Span};
use crate::value::{Key, Value};

pub(super) fn load<B: Build>(text: &str) -> Result<B::Node> {
    let mut loader = Loader::<B> {
        scanner: Scanner::new(text),
        handles: HashMap::new(),
        anchors: HashMap::new(),
        depth: 0,
        reach: 0,
        weight: 0,
        aliased: 0,
        fault: None,
    };
    let node = loader.stream()?;
    loader.fault.map_or(Ok(node), Err)
}

struct Loader<'a, B: Build> {
    scanner: Scanner<'a>,
    handles: HashMap<&'a str, String>,
    anchors: HashMap<&'a str, Anchor<B::Node>>,
    /// How many collections are open.
    depth: usize,
    /// The greatest depth since the innermost anchor.
    reach: usize,
    /// How many nodes there are so far, those behind aliases included.
    weight: usize,
    aliased: usize,
    /// The first fault that is none of grammar. PyYAML makes values only after it has read the whole
    /// text, so faults of grammar behind it come first.
    fault: Option<Box<Fault>>,
}

struct Anchor<N> {
    start: usize,
    /// `None` until its node is complete.
    node: Option<N>,
    height: usize,
    weight: usize,
}

/// Where a node stands in the grammar.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Inside `[]` or `{}`.
    Flow,
    /// A block node.
    Block,
    /// A block node for which a sequence need not be indented: a key or a value of a mapping.
    Entry,
}

impl<'a, B: Build> Loader<'a, B> {
    fn stream(&mut self) -> Result<B::Node> {
        let null = || B::leaf(Value::Null, Span::default());
        let explicit =
            matches!(self.scanner.peek()?, Kind::Directive(_) | Kind::DocumentStart | Kind::StreamEnd);
        let node = if !explicit {
            self.handles.extend(DEFAULT_HANDLES.map(|(handle, prefix)| (handle, prefix.to_owned())));
            self.node(Place::Block)?
        } else if self.document_start()? {
            match self.scanner.peek()? {
                Kind::Directive(_) | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                    B::leaf(Value::Null, self.scanner.place()?)
                }
                _ => self.node(Place::Block)?,
            }
        } else {
            return Ok(null());
        };
        let start = self.scanner.place()?;
        if self.document_start()? {
            return Err(Fault::new("but found another document", start)
                .within("expected a single document in the stream", 0));
        }
        Ok(node)
    }

    /// Reads the directives and the `---` of an explicit document; `false` at the end of the stream.
    fn document_start(&mut self) -> Result<bool> {
        while let Kind::DocumentEnd = self.scanner.peek()? {
            self.scanner.next()?;
        }
        if let Kind::StreamEnd = self.scanner.peek()? {
            return Ok(false);
        }
        self.handles.clear();
        let mut versioned = false;
        while let Kind::Directive(_) = self.scanner.peek()? {
            let Token { kind, span } = self.scanner.next()?;
            match kind {
                Kind::Directive(Directive::Yaml { .. }) if versioned => {
                    return Err(Fault::new("found duplicate YAML directive", span));
                }
                Kind::Directive(Directive::Yaml { major }) => {
                    if major != 1 {
                        let problem = "found incompatible YAML document (version 1.* is required)";
                        return Err(Fault::new(problem, span));
                    }
                    versioned = true;
                }
                Kind::Directive(Directive::Tag { handle, prefix }) => {
                    if self.handles.insert(handle, prefix).is_some() {
                        let problem = format!("duplicate tag handle {}", crate::python::str_repr(handle));
                        return Err(Fault::new(problem, span));
                    }
                }
                _ => {}
            }
        }
        for (handle, prefix) in DEFAULT_HANDLES {
            self.handles.entry(handle).or_insert_with(|| prefix.to_owned());
        }
        let Token { kind, span } = self.scanner.next()?;
        if !matches!(kind, Kind::DocumentStart) {
            let problem = format!("expected '<document start>', but found '{}'", kind.name());
            return Err(Fault::new(problem, span));
        }
        Ok(true)
    }

    fn node(&mut self, place: Place) -> Result<B::Node> {
        let start = self.scanner.place()?.start;
        if let Kind::Alias(_) = self.scanner.peek()? {
            return self.alias();
        }
        let (anchor, tag) = self.properties()?;
        let (weight, reach) = (self.weight, self.reach);
        self.weight += 1;
        if anchor.is_some() {
            self.reach = self.depth;
        }
        let node = match self.scanner.peek()? {
            Kind::Scalar { .. } => {
                let Token { kind, span } = self.scanner.next()?;
                let Kind::Scalar { text, plain } = kind else { return Err(Fault::new("no scalar", span)) };
                let value = construct::scalar(text, plain, tag.as_deref());
                self.made(value.map(|value| B::leaf(value, span)), Span::new(start, span.end))
            }
            Kind::FlowSequenceStart => self.collection(start, tag, Self::flow_sequence)?,
            Kind::FlowMappingStart => self.collection(start, tag, Self::flow_mapping)?,
            Kind::BlockEntry if place == Place::Entry => {
                self.collection(start, tag, Self::indentless_sequence)?
            }
            Kind::BlockSequenceStart if place != Place::Flow => {
                self.collection(start, tag, Self::block_sequence)?
            }
            Kind::BlockMappingStart if place != Place::Flow => {
                self.collection(start, tag, Self::block_mapping)?
            }
            _ if anchor.is_some() || tag.is_some() => {
                let at = Span::at(self.scanner.place()?.start);
                let value = construct::scalar(Cow::Borrowed(""), true, tag.as_deref());
                self.made(value.map(|value| B::leaf(value, at)), Span::at(start))
            }
            other => {
                let problem = format!("expected the node content, but found '{}'", other.name());
                let context = if place == Place::Flow {
                    "while parsing a flow node"
                } else {
                    "while parsing a block node"
                };
                return Err(Fault::new(problem, self.scanner.place()?).within(context, start));
            }
        };
        if let Some(name) = anchor {
            let height = self.reach - self.depth;
            self.reach = self.reach.max(reach);
            let weight = self.weight - weight;
            self.anchors.insert(name, Anchor { start, node: Some(node.clone()), height, weight });
        }
        Ok(node)
    }

    fn alias(&mut self) -> Result<B::Node> {
        let Token { kind, span } = self.scanner.next()?;
        let Kind::Alias(name) = kind else { return Err(Fault::new("no alias", span)) };
        let shown = crate::python::str_repr(name);
        let Some(anchor) = self.anchors.get(name) else {
            return Err(Fault::new(format!("found undefined alias {shown}"), span));
        };
        let Some(node) = &anchor.node else {
            let problem =
                format!("found unconstructable recursive node: alias {shown} stands inside its own anchor");
            return Err(Fault::new(problem, span));
        };
        let node = node.clone();
        self.weight += anchor.weight;
        self.aliased += anchor.weight;
        if self.aliased > MAX_ALIASED {
            let problem = format!("aliases stand for more than {MAX_ALIASED} values");
            return Err(Fault::new(problem, span));
        }
        let depth = self.depth + anchor.height;
        self.reach = self.reach.max(depth);
        if depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        Ok(node)
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self) -> Result<(Option<&'a str>, Option<Cow<'a, str>>)> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.scanner.peek()? {
                Kind::Anchor(_) if anchor.is_none() => {
                    let Token { kind, span } = self.scanner.next()?;
                    let Kind::Anchor(name) = kind else { continue };
                    if let Some(first) = self.anchors.get(name) {
                        let problem = "second occurrence";
                        let context = "found duplicate anchor; first occurrence";
                        return Err(Fault::new(problem, span).within(context, first.start));
                    }
                    self.anchors.insert(name, Anchor { start: span.start, node: None, height: 0, weight: 0 });
                    anchor = Some(name);
                }
                Kind::Tag { .. } if tag.is_none() => {
                    let Token { kind, span } = self.scanner.next()?;
                    let Kind::Tag { handle, suffix } = kind else { continue };
                    tag = Some(match handle {
                        None => Cow::Owned(suffix),
                        Some(handle) => {
                            let Some(prefix) = self.handles.get(handle) else {
                                let shown = crate::python::str_repr(handle);
                                let problem = format!("found undefined tag handle {shown}");
                                return Err(
                                    Fault::new(problem, span).within("while parsing a node", span.start)
                                );
                            };
                            Cow::Owned(format!("{prefix}{suffix}"))
                        }
                    });
                }
                _ => return Ok((anchor, tag)),
            }
        }
    }

    fn collection(
        &mut self,
        start: usize,
        tag: Option<Cow<'a, str>>,
        read: fn(&mut Self) -> Result<Collected<B::Node>>,
    ) -> Result<B::Node> {
        if self.depth == MAX_DEPTH {
            return Err(too_deep(self.scanner.place()?));
        }
        self.depth += 1;
        self.reach = self.reach.max(self.depth);
        let collected = read(self)?;
        self.depth -= 1;
        let (node, end) = match collected {
            Collected::Sequence(items, end) => {
                (construct::sequence::<B>(items, tag.as_deref(), Span::new(start, end)), end)
            }
            Collected::Mapping(mapping, end) => {
                (construct::mapping::<B>(mapping.finish(), tag.as_deref(), Span::new(start, end)), end)
            }
        };
        Ok(self.made(node, Span::new(start, end)))
    }

    /// The node that was made, or one in its place.
    fn made(&mut self, node: std::result::Result<B::Node, String>, span: Span) -> B::Node {
        node.unwrap_or_else(|problem| {
            self.note(Fault::new(problem, span));
            B::leaf(Value::Null, span)
        })
    }

    fn note(&mut self, fault: Box<Fault>) {
        self.fault.get_or_insert(fault);
    }

    fn block_sequence(&mut self) -> Result<Collected<B::Node>> {
        let start = self.scanner.next()?.span.start;
        let mut items = Vec::new();
        let mut end = start;
        while let Kind::BlockEntry = self.scanner.peek()? {
            end = self.scanner.next()?.span.end;
            let item = match self.scanner.peek()? {
                Kind::BlockEntry | Kind::BlockEnd => B::leaf(Value::Null, Span::at(end)),
                _ => self.node(Place::Block)?,
            };
            items.push(item);
        }
        end = end.max(self.block_end("while parsing a block collection", start)?);
        Ok(Collected::Sequence(items, end))
    }

    fn indentless_sequence(&mut self) -> Result<Collected<B::Node>> {
        let mut items = Vec::new();
        let mut end = 0;
        while let Kind::BlockEntry = self.scanner.peek()? {
            end = self.scanner.next()?.span.end;
            let item = match self.scanner.peek()? {
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                    B::leaf(Value::Null, Span::at(end))
                }
                _ => self.node(Place::Block)?,
            };
            items.push(item);
        }
        Ok(Collected::Sequence(items, end))
    }

    fn block_mapping(&mut self) -> Result<Collected<B::Node>> {
        let start = self.scanner.next()?.span.start;
        let mut mapping = Mapping::default();
        let mut end = start;
        while let Kind::Key = self.scanner.peek()? {
            end = self.scanner.next()?.span.end;
            let key = match self.scanner.peek()? {
                Kind::Key | Kind::Value | Kind::BlockEnd => MapKey::null(end),
                _ => self.key(Place::Entry)?,
            };
            let value = match self.scanner.peek()? {
                Kind::Value => {
                    end = self.scanner.next()?.span.end;
                    match self.scanner.peek()? {
                        Kind::Key | Kind::Value | Kind::BlockEnd => B::leaf(Value::Null, Span::at(end)),
                        _ => self.node(Place::Entry)?,
                    }
                }
                _ => B::leaf(Value::Null, Span::at(end)),
            };
            self.add(&mut mapping, key, value);
        }
        end = end.max(self.block_end("while parsing a block mapping", start)?);
        Ok(Collected::Mapping(mapping, end))
    }

    fn block_end(&mut self, context: &'static str, start: usize) -> Result<usize> {
        let Token { kind, span } = self.scanner.next()?;
        if !matches!(kind, Kind::BlockEnd) {
            let problem = format!("expected <block end>, but found '{}'", kind.name());
            return Err(Fault::new(problem, span).within(context, start));
        }
        Ok(span.end)
    }

    fn flow_sequence(&mut self) -> Result<Collected<B::Node>> {
        let start = self.scanner.next()?.span.start;
        let mut items = Vec::new();
        loop {
            if let Kind::FlowSequenceEnd = self.scanner.peek()? {
                break;
            }
            if !items.is_empty() {
                self.flow_separator("while parsing a flow sequence", "expected ',' or ']'", start)?;
            }
            let item = match self.scanner.peek()? {
                Kind::FlowSequenceEnd => break,
                Kind::Key => self.pair()?,
                _ => self.node(Place::Flow)?,
            };
            items.push(item);
        }
        let end = self.scanner.next()?.span.end;
        Ok(Collected::Sequence(items, end))
    }

    fn flow_separator(&mut self, context: &'static str, expected: &str, start: usize) -> Result<()> {
        let Token { kind, span } = self.scanner.next()?;
        if matches!(kind, Kind::FlowEntry) {
            return Ok(());
        }
        let problem = format!("{expected}, but got '{}'", kind.name());
        Err(Fault::new(problem, span).within(context, start))
    }

    /// A mapping of one entry without braces, as `[key: value]` has it.
    fn pair(&mut self) -> Result<B::Node> {
        let Span { start, end } = self.scanner.next()?.span;
        let key = match self.scanner.peek()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => MapKey::null(end),
            _ => self.key(Place::Flow)?,
        };
        let mut value = B::leaf(Value::Null, Span::at(end));
        if let Kind::Value = self.scanner.peek()? {
            let end = self.scanner.next()?.span.end;
            value = match self.scanner.peek()? {
                Kind::FlowEntry | Kind::FlowSequenceEnd => B::leaf(Value::Null, Span::at(end)),
                _ => self.node(Place::Flow)?,
            };
        }
        let end = self.scanner.place()?.start;
        let mut mapping = Mapping::default();
        self.add(&mut mapping, key, value);
        let span = Span::new(start, end);
        let node = construct::mapping::<B>(mapping.finish(), None, span);
        Ok(self.made(node, span))
    }

    fn flow_mapping(&mut self) -> Result<Collected<B::Node>> {
        let start = self.scanner.next()?.span.start;
        let mut mapping = Mapping::default();
        let mut first = true;
        loop {
            if let Kind::FlowMappingEnd = self.scanner.peek()? {
                break;
            }
            if !std::mem::replace(&mut first, false) {
                self.flow_separator("while parsing a flow mapping", "expected ',' or '}'", start)?;
            }
            let explicit = match self.scanner.peek()? {
                Kind::FlowMappingEnd => break,
                Kind::Key => true,
                _ => false,
            };
            if !explicit {
                let key = self.key(Place::Flow)?;
                let end = self.scanner.place()?.start;
                self.add(&mut mapping, key, B::leaf(Value::Null, Span::at(end)));
                continue;
            }
            let end = self.scanner.next()?.span.end;
            let key = match self.scanner.peek()? {
                Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => MapKey::null(end),
                _ => self.key(Place::Flow)?,
            };
            let mut value = B::leaf(Value::Null, Span::at(end));
            if let Kind::Value = self.scanner.peek()? {
                let end = self.scanner.next()?.span.end;
                value = match self.scanner.peek()? {
                    Kind::FlowEntry | Kind::FlowMappingEnd => B::leaf(Value::Null, Span::at(end)),
                    _ => self.node(Place::Flow)?,
                };
            }
            self.add(&mut mapping, key, value);
        }
        let end = self.scanner.next()?.span.end;
        Ok(Collected::Mapping(mapping, end))
    }

    /// A node that is a key: `<<` and `=` have a meaning of their own there.
    fn key(&mut self, place: Place) -> Result<MapKey> {
        let span = self.scanner.place()?;
        let special = match self.scanner.peek()? {
            Kind::Scalar { text, plain: true } if text == "<<" => Some(MapKey::Merge(span)),
            Kind::Scalar { text, plain: true } if text == "=" => Some(MapKey::Key(Key::from("="), span)),
            _ => None,
        };
        if let Some(key) = special {
            self.scanner.next()?;
            return Ok(key);
        }
        let node = self.node(place)?;
        match Key::new(B::value(&node).clone()) {
            Some(key) => Ok(MapKey::Key(key, span)),
            None => {
                self.note(
                    Fault::new("found unhashable key", span)
                        .within("while constructing a mapping", span.start),
                );
                Ok(MapKey::null(span.start))
            }
        }
    }

    fn add(&mut self, mapping: &mut Mapping<B::Node>, key: MapKey, node: B::Node) {
        if let Err(fault) = mapping.add::<B>(key, node) {
            self.note(fault);
        }
    }
}

/// The prefixes of tags that every document knows.
const DEFAULT_HANDLES: [(&str, &str); 2] = [("!", "!"), ("!!", "tag:yaml.org,2002:")];

enum Collected<N> {
    Sequence(Vec<N>, usize),
    Mapping(Mapping<N>, usize),
}

enum MapKey {
    Key(Key, Span),
    Merge(Span),
}

impl MapKey {
    fn null(at: usize) -> Self {
        // A key that is not there; `null` is no container.
        MapKey::Key(Key::new(Value::Null).expect("a scalar"), Span::at(at))
    }
}

/// A mapping being read: its own entries, and those that it takes over.
struct Mapping<N> {
    own: Vec<Member<N>>,
    merged: Vec<Member<N>>,
}

impl<N> Default for Mapping<N> {
    fn default() -> Self {
        Mapping { own: Vec::new(), merged: Vec::new() }
    }
}

impl<N> Mapping<N> {
    fn add<B: Build<Node = N>>(&mut self, key: MapKey, node: N) -> Result<()> {
        const CONTEXT: &str = "while constructing a mapping";
        match key {
            MapKey::Key(key, at) => self.own.push(Member { key, at, node }),
            MapKey::Merge(at) => {
                if let Some(members) = B::members(&node) {
                    self.merged.extend(members);
                } else if let Some(items) = B::items(&node) {
                    // Earlier ones win, so they come last.
                    for item in items.iter().rev() {
                        let Some(members) = B::members(item) else {
                            let kind = construct::node_kind(B::value(item));
                            let problem = format!("expected a mapping for merging, but found {kind}");
                            return Err(Fault::new(problem, at).within(CONTEXT, at.start));
                        };
                        self.merged.extend(members);
                    }
                } else {
                    let kind = construct::node_kind(B::value(&node));
                    let problem =
                        format!("expected a mapping or list of mappings for merging, but found {kind}");
                    return Err(Fault::new(problem, at).within(CONTEXT, at.start));
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Member<N>> {
        if self.merged.is_empty() {
            return self.own;
        }
        self.merged.append(&mut self.own);
        self.merged
    }
}

fn too_deep(span: Span) -> Box<Fault> {
    let problem = format!(
        "maximum recursion depth exceeded: at most {MAX_DEPTH} lists and mappings may stand inside one another"
    );
    Fault::new(problem, span)
}
