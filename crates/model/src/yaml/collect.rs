//! Sequences and mappings while they are being read.

use super::load::{Loader, Place};
use super::mapping::{MapKey, Mapping};
use super::token::{Kind, Token};
use super::{Fault, Result};
use crate::document::{Build, Member, Span};
use crate::value::{Key, Value};

/// A collection whose end was not read yet.
pub(super) enum Open<N> {
    BlockSequence {
        start: usize,
        items: Vec<N>,
    },
    /// A sequence inside of a mapping, standing no further right than that.
    IndentlessSequence {
        items: Vec<N>,
    },
    FlowSequence {
        start: usize,
        items: Vec<N>,
    },
    BlockMapping(Entries<N>),
    FlowMapping(Entries<N>),
    /// A mapping of one entry without braces, as `[key: value]` has it.
    Pair(Entries<N>),
}

/// The entries of a mapping so far.
pub(super) struct Entries<N> {
    start: usize,
    mapping: Mapping<N>,
    first: bool,
    /// The key whose value comes next.
    key: Option<MapKey>,
    /// Where the key starts that comes next.
    key_start: Option<Span>,
    /// Whether that key stands in braces without any indicator, so that it has no value.
    bare: bool,
}

/// What comes next in a collection.
pub(super) enum Next<N> {
    /// A node at this place in the grammar.
    Node(Place),
    /// A mapping of one entry that starts here.
    Pair(usize),
    /// Nothing: the collection ends here.
    Done(Collected<N>, usize),
}

/// What a collection holds.
pub(super) enum Collected<N> {
    Items(Vec<N>),
    Members(Vec<Member<N>>),
}

impl<N: Clone> Open<N> {
    pub fn block_sequence(start: usize) -> Self {
        Open::BlockSequence { start, items: Vec::new() }
    }

    pub fn indentless_sequence() -> Self {
        Open::IndentlessSequence { items: Vec::new() }
    }

    pub fn flow_sequence(start: usize) -> Self {
        Open::FlowSequence { start, items: Vec::new() }
    }

    pub fn block_mapping(start: usize) -> Self {
        Open::BlockMapping(Entries::new(start))
    }

    pub fn flow_mapping(start: usize) -> Self {
        Open::FlowMapping(Entries::new(start))
    }

    pub fn pair() -> Self {
        Open::Pair(Entries::new(0))
    }

    /// Takes the node that was asked for, and reads on to the next one or to the end.
    pub fn advance<B: Build<Node = N>>(
        &mut self,
        loader: &mut Loader<'_, B>,
        given: Option<N>,
    ) -> Result<Next<N>> {
        match self {
            Open::BlockSequence { start, items } => {
                items.extend(given);
                let next =
                    block_items(loader, items, |next| matches!(next, Kind::BlockEntry | Kind::BlockEnd))?;
                if let Some(next) = next {
                    return Ok(next);
                }
                let end = block_end(loader, "while parsing a block collection", *start)?;
                Ok(Next::Done(Collected::Items(std::mem::take(items)), end))
            }
            Open::IndentlessSequence { items } => {
                items.extend(given);
                let next = block_items(loader, items, |next| {
                    matches!(next, Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd)
                })?;
                if let Some(next) = next {
                    return Ok(next);
                }
                let end = loader.scanner.place()?.start;
                Ok(Next::Done(Collected::Items(std::mem::take(items)), end))
            }
            Open::FlowSequence { start, items } => {
                items.extend(given);
                if !items.is_empty() && !matches!(loader.scanner.peek()?, Kind::FlowSequenceEnd) {
                    separator(loader, "while parsing a flow sequence", "expected ',' or ']'", *start)?;
                }
                match loader.scanner.peek()? {
                    Kind::FlowSequenceEnd => {
                        let end = loader.scanner.next()?.span.end;
                        Ok(Next::Done(Collected::Items(std::mem::take(items)), end))
                    }
                    Kind::Key => Ok(Next::Pair(loader.scanner.place()?.start)),
                    _ => Ok(Next::Node(Place::Flow)),
                }
            }
            Open::BlockMapping(entries) => entries.block(loader, given),
            Open::FlowMapping(entries) => entries.flow(loader, given),
            Open::Pair(entries) => entries.pair(loader, given),
        }
    }
}

/// Reads the `-` of the next item, and items that are nothing; `None` when there is no other item.
fn block_items<B: Build>(
    loader: &mut Loader<'_, B>,
    items: &mut Vec<B::Node>,
    nothing: fn(&Kind<'_>) -> bool,
) -> Result<Option<Next<B::Node>>> {
    while let Kind::BlockEntry = loader.scanner.peek()? {
        let end = loader.scanner.next()?.span.end;
        if !nothing(loader.scanner.peek()?) {
            return Ok(Some(Next::Node(Place::Block)));
        }
        items.push(B::leaf(Value::Null, Span::at(end)));
    }
    Ok(None)
}

fn block_end<B: Build>(loader: &mut Loader<'_, B>, context: &'static str, start: usize) -> Result<usize> {
    let Token { kind, span } = loader.scanner.next()?;
    if !matches!(kind, Kind::BlockEnd) {
        let problem = format!("expected <block end>, but found '{}'", kind.name());
        return Err(Fault::new(problem, span).within(context, start));
    }
    Ok(span.end)
}

fn separator<B: Build>(
    loader: &mut Loader<'_, B>,
    context: &'static str,
    expected: &str,
    start: usize,
) -> Result<()> {
    let Token { kind, span } = loader.scanner.next()?;
    if matches!(kind, Kind::FlowEntry) {
        return Ok(());
    }
    let problem = format!("{expected}, but got '{}'", kind.name());
    Err(Fault::new(problem, span).within(context, start))
}

impl<N: Clone> Entries<N> {
    fn new(start: usize) -> Self {
        Entries { start, mapping: Mapping::default(), first: true, key: None, key_start: None, bare: false }
    }

    fn block<B: Build<Node = N>>(&mut self, loader: &mut Loader<'_, B>, given: Option<N>) -> Result<Next<N>> {
        let ends = |next: &Kind<'_>| matches!(next, Kind::Key | Kind::Value | Kind::BlockEnd);
        self.take(loader, given);
        loop {
            if let Some(next) = self.value(loader, Place::Entry, ends)? {
                return Ok(next);
            }
            if !matches!(loader.scanner.peek()?, Kind::Key) {
                let end = block_end(loader, "while parsing a block mapping", self.start)?;
                return Ok(Next::Done(Collected::Members(self.mapping.finish()), end));
            }
            if let Some(next) = self.explicit_key(loader, Place::Entry, ends)? {
                return Ok(next);
            }
        }
    }

    fn flow<B: Build<Node = N>>(&mut self, loader: &mut Loader<'_, B>, given: Option<N>) -> Result<Next<N>> {
        self.take(loader, given);
        loop {
            let ends = |next: &Kind<'_>| matches!(next, Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd);
            if let Some(next) = self.value(loader, Place::Flow, ends)? {
                return Ok(next);
            }
            let first = std::mem::replace(&mut self.first, false);
            if !first && !matches!(loader.scanner.peek()?, Kind::FlowMappingEnd) {
                separator(loader, "while parsing a flow mapping", "expected ',' or '}'", self.start)?;
            }
            let next = match loader.scanner.peek()? {
                Kind::FlowMappingEnd => {
                    let end = loader.scanner.next()?.span.end;
                    return Ok(Next::Done(Collected::Members(self.mapping.finish()), end));
                }
                Kind::Key => self.explicit_key(loader, Place::Flow, ends)?,
                // A key alone, without `?` and `:`.
                _ => {
                    self.bare = true;
                    self.key(loader, Place::Flow)?
                }
            };
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    fn pair<B: Build<Node = N>>(&mut self, loader: &mut Loader<'_, B>, given: Option<N>) -> Result<Next<N>> {
        let ends = |next: &Kind<'_>| matches!(next, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd);
        self.take(loader, given);
        if std::mem::replace(&mut self.first, false)
            && let Some(next) = self.explicit_key(loader, Place::Flow, ends)?
        {
            return Ok(next);
        }
        if let Some(next) = self.value(loader, Place::Flow, ends)? {
            return Ok(next);
        }
        let end = loader.scanner.place()?.start;
        Ok(Next::Done(Collected::Members(self.mapping.finish()), end))
    }

    /// Takes the key or the value that was asked for.
    fn take<B: Build<Node = N>>(&mut self, loader: &mut Loader<'_, B>, given: Option<N>) {
        let Some(node) = given else { return };
        if let Some(span) = self.key_start.take() {
            self.key = Some(match Key::new(B::value(&node).clone()) {
                Some(key) => MapKey::Key(key, span),
                None => {
                    let fault = Fault::new("found unhashable key", span);
                    loader.note(fault.within("while constructing a mapping", span.start));
                    MapKey::null(span.start)
                }
            });
        } else if let Some(key) = self.key.take() {
            self.add(loader, key, node);
        }
    }

    fn add<B: Build<Node = N>>(&mut self, loader: &mut Loader<'_, B>, key: MapKey, node: N) {
        if let Err(fault) = self.mapping.add::<B>(key, node) {
            loader.note(fault);
        }
    }

    /// Reads the `:` of the key that was read, if there is one, and asks for the value. `ends` says what
    /// cannot be one.
    fn value<B: Build<Node = N>>(
        &mut self,
        loader: &mut Loader<'_, B>,
        place: Place,
        ends: fn(&Kind<'_>) -> bool,
    ) -> Result<Option<Next<N>>> {
        if self.key.is_none() {
            return Ok(None);
        }
        let mut at = loader.scanner.place()?.start;
        let bare = std::mem::replace(&mut self.bare, false);
        if !bare && matches!(loader.scanner.peek()?, Kind::Value) {
            at = loader.scanner.next()?.span.end;
            let next = loader.scanner.peek()?;
            let nothing = match place {
                // In braces and brackets a second `:` is an error of its own.
                Place::Flow => ends(next) && !matches!(next, Kind::Value),
                _ => ends(next),
            };
            if !nothing {
                return Ok(Some(Next::Node(place)));
            }
        }
        if let Some(key) = self.key.take() {
            self.add(loader, key, B::leaf(Value::Null, Span::at(at)));
        }
        Ok(None)
    }

    /// Reads the key indicator, and asks for the key unless nothing follows.
    fn explicit_key<B: Build<Node = N>>(
        &mut self,
        loader: &mut Loader<'_, B>,
        place: Place,
        ends: fn(&Kind<'_>) -> bool,
    ) -> Result<Option<Next<N>>> {
        let end = loader.scanner.next()?.span.end;
        if ends(loader.scanner.peek()?) {
            self.key = Some(MapKey::null(end));
            return Ok(None);
        }
        self.key(loader, place)
    }

    /// Asks for a key, or reads one of those that have a meaning of their own: `<<` and `=`.
    fn key<B: Build<Node = N>>(
        &mut self,
        loader: &mut Loader<'_, B>,
        place: Place,
    ) -> Result<Option<Next<N>>> {
        let span = loader.scanner.place()?;
        let special = match loader.scanner.peek()? {
            Kind::Scalar { text, plain: true } if text == "<<" => MapKey::Merge(span),
            Kind::Scalar { text, plain: true } if text == "=" => MapKey::Key(Key::from("="), span),
            _ => {
                self.key_start = Some(span);
                return Ok(Some(Next::Node(place)));
            }
        };
        loader.scanner.next()?;
        self.key = Some(special);
        Ok(None)
    }
}
