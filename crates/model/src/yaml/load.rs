//! From tokens to nodes: documents, and what all nodes have in common.

use std::borrow::Cow;
use std::collections::HashMap;

use super::collect::{Collected, Next, Open};
use super::construct;
use super::scan::Scanner;
use super::token::{Directive, Kind, Token};
use super::{Fault, MAX_ALIASED, MAX_DEPTH, Result};
use crate::document::{Build, Span};
use crate::value::Value;

pub(super) fn load<B: Build>(text: &str) -> Result<B::Node> {
    let mut loader = Loader::<B> {
        scanner: Scanner::new(text),
        handles: HashMap::new(),
        anchors: HashMap::new(),
        reach: 0,
        weight: 0,
        aliased: 0,
        fault: None,
    };
    let node = loader.stream()?;
    loader.fault.map_or(Ok(node), Err)
}

pub(super) struct Loader<'a, B: Build> {
    pub scanner: Scanner<'a>,
    handles: HashMap<&'a str, String>,
    anchors: HashMap<&'a str, Anchor<B::Node>>,
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// Inside `[]` or `{}`.
    Flow,
    /// A block node.
    Block,
    /// A block node for which a sequence need not be indented: a key or a value of a mapping.
    Entry,
}

/// A collection that is being read, and what stands before it.
struct Frame<'a, N> {
    open: Open<N>,
    start: usize,
    tag: Option<Cow<'a, str>>,
    anchor: Option<Named<'a>>,
}

/// An anchor whose node is being read, and the counts from before.
struct Named<'a> {
    name: &'a str,
    depth: usize,
    reach: usize,
    weight: usize,
}

impl<'a, B: Build> Loader<'a, B> {
    fn stream(&mut self) -> Result<B::Node> {
        let explicit =
            matches!(self.scanner.peek()?, Kind::Directive(_) | Kind::DocumentStart | Kind::StreamEnd);
        let node = if !explicit {
            self.handles.extend(DEFAULT_HANDLES.map(|(handle, prefix)| (handle, prefix.to_owned())));
            self.node()?
        } else if self.document_start()? {
            match self.scanner.peek()? {
                Kind::Directive(_) | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                    B::leaf(Value::Null, self.scanner.place()?)
                }
                _ => self.node()?,
            }
        } else {
            return Ok(B::leaf(Value::Null, Span::default()));
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
                    let known = self.handles.insert(handle, prefix);
                    if known.is_some() {
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

    /// A node with all below it. The collections that are being read wait on a stack of our own, so
    /// that their number has nothing to do with the thread's.
    fn node(&mut self) -> Result<B::Node> {
        let mut frames: Vec<Frame<B::Node>> = Vec::new();
        let mut place = Place::Block;
        loop {
            let mut given = self.start(place, &mut frames)?;
            loop {
                let Some(frame) = frames.last_mut() else {
                    return given.ok_or_else(|| Fault::new("no node", Span::default()));
                };
                match frame.open.advance(self, given.take())? {
                    Next::Node(next) => {
                        place = next;
                        break;
                    }
                    Next::Pair(start) => {
                        self.check_depth(frames.len())?;
                        frames.push(Frame { open: Open::pair(), start, tag: None, anchor: None });
                    }
                    Next::Done(collected, end) => {
                        if let Some(frame) = frames.pop() {
                            given = Some(self.finish(frame, collected, end));
                        }
                    }
                }
            }
        }
    }

    /// Reads a node inside of `frames`: gives it when that is all of it, else adds what it starts.
    fn start(&mut self, place: Place, frames: &mut Vec<Frame<'a, B::Node>>) -> Result<Option<B::Node>> {
        let depth = frames.len();
        let start = self.scanner.place()?.start;
        if let Kind::Alias(_) = self.scanner.peek()? {
            return self.alias(depth).map(Some);
        }
        let (anchor, tag) = self.properties()?;
        let anchor = anchor.map(|name| Named { name, depth, reach: self.reach, weight: self.weight });
        if anchor.is_some() {
            self.reach = depth;
        }
        self.weight += 1;
        let open = match self.scanner.peek()? {
            Kind::Scalar { .. } => {
                let Token { kind, span } = self.scanner.next()?;
                let Kind::Scalar { text, plain } = kind else { return Err(Fault::new("no scalar", span)) };
                let value = construct::scalar(text, plain, tag.as_deref());
                let node = self.made(value.map(|value| B::leaf(value, span)), Span::new(start, span.end));
                self.name(anchor, start, &node);
                return Ok(Some(node));
            }
            Kind::FlowSequenceStart => Open::flow_sequence(start),
            Kind::FlowMappingStart => Open::flow_mapping(start),
            Kind::BlockEntry if place == Place::Entry => Open::indentless_sequence(),
            Kind::BlockSequenceStart if place != Place::Flow => Open::block_sequence(start),
            Kind::BlockMappingStart if place != Place::Flow => Open::block_mapping(start),
            _ if anchor.is_some() || tag.is_some() => {
                let at = Span::at(self.scanner.place()?.start);
                let value = construct::scalar(Cow::Borrowed(""), true, tag.as_deref());
                let node = self.made(value.map(|value| B::leaf(value, at)), Span::at(start));
                self.name(anchor, start, &node);
                return Ok(Some(node));
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
        self.check_depth(depth)?;
        if !matches!(self.scanner.peek()?, Kind::BlockEntry) {
            // The token that says so; a sequence without indentation has none.
            self.scanner.next()?;
        }
        frames.push(Frame { open, start, tag, anchor });
        Ok(None)
    }

    fn check_depth(&mut self, depth: usize) -> Result<()> {
        if depth >= MAX_DEPTH {
            return Err(too_deep(self.scanner.place()?));
        }
        self.reach = self.reach.max(depth + 1);
        Ok(())
    }

    fn finish(&mut self, frame: Frame<'a, B::Node>, collected: Collected<B::Node>, end: usize) -> B::Node {
        let Frame { start, tag, anchor, .. } = frame;
        let span = Span::new(start, end.max(start));
        let node = match collected {
            Collected::Items(items) => construct::sequence::<B>(items, tag.as_deref(), span),
            Collected::Members(members) => construct::mapping::<B>(members, tag.as_deref(), span),
        };
        let node = self.made(node, span);
        self.name(anchor, start, &node);
        node
    }

    /// Completes an anchor.
    fn name(&mut self, anchor: Option<Named<'a>>, start: usize, node: &B::Node) {
        let Some(Named { name, depth, reach, weight }) = anchor else { return };
        let height = self.reach.saturating_sub(depth);
        let weight = self.weight - weight;
        self.reach = self.reach.max(reach);
        self.anchors.insert(name, Anchor { start, node: Some(node.clone()), height, weight });
    }

    fn alias(&mut self, depth: usize) -> Result<B::Node> {
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
        let depth = depth + anchor.height;
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

    /// The node that was made, or one in its place.
    fn made(&mut self, node: std::result::Result<B::Node, String>, span: Span) -> B::Node {
        node.unwrap_or_else(|problem| {
            self.note(Fault::new(problem, span));
            B::leaf(Value::Null, span)
        })
    }

    pub fn note(&mut self, fault: Box<Fault>) {
        self.fault.get_or_insert(fault);
    }
}

/// The prefixes of tags that every document knows.
const DEFAULT_HANDLES: [(&str, &str); 2] = [("!", "!"), ("!!", "tag:yaml.org,2002:")];

fn too_deep(span: Span) -> Box<Fault> {
    let problem = format!(
        "maximum recursion depth exceeded: at most {MAX_DEPTH} lists and mappings may stand inside one another"
    );
    Fault::new(problem, span)
}
