//! What a pattern says, after parsing.

/// Switches that are on for a part of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const NONE: Flags = Flags(0);
    pub(super) const IGNORE_CASE: Flags = Flags(1);
    pub(super) const MULTI_LINE: Flags = Flags(2);
    pub(super) const DOT_ALL: Flags = Flags(4);
    pub(super) const VERBOSE: Flags = Flags(8);
    pub(super) const ASCII: Flags = Flags(16);
    pub(super) const UNICODE: Flags = Flags(32);
    /// `t`: accepted by Python and without effect on what matches.
    pub(super) const TEMPLATE: Flags = Flags(64);
    /// The flags that choose between alphabets.
    pub(super) const TYPE: Flags = Flags(16 | 32);

    /// Whether any of `other` is on.
    pub(super) fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub(super) fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// The flags inside a group that adds some and removes some.
    pub(super) fn inside(self, add: Flags, remove: Flags) -> Flags {
        let base = if add.has(Flags::TYPE) { self.without(Flags::TYPE) } else { self };
        base.with(add).without(remove)
    }
}

/// The least and the greatest number of characters that something matches; capped at [`Width::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width {
    pub(super) least: u128,
    pub(super) most: u128,
}

impl Width {
    /// Without bound.
    pub(super) const MOST: u128 = 1 << 64;
    pub(super) const ZERO: Width = Width { least: 0, most: 0 };
    pub(super) const ONE: Width = Width { least: 1, most: 1 };

    fn then(self, other: Width) -> Width {
        Width {
            least: (self.least + other.least).min(Self::MOST),
            most: (self.most + other.most).min(Self::MOST),
        }
    }

    fn or(self, other: Width) -> Width {
        Width { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// Nodes one after the other.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub(super) nodes: Vec<Node>,
    pub(super) width: Width,
}

impl Sequence {
    pub(super) fn new(nodes: Vec<Node>) -> Self {
        let width = nodes.iter().fold(Width::ZERO, |width, node| width.then(node.width()));
        Sequence { nodes, width }
    }
}

/// Classes of characters with a letter of their own: `\d`, `\s`, `\w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    Space,
    Word,
}

/// One item of a class. Characters are numbers, as surrogates can be written too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Range(u32, u32),
    Category { category: Category, negated: bool },
}

/// Places between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `^`
    LineStart,
    /// `$`
    LineEnd,
    /// `\A`
    TextStart,
    /// `\Z`
    TextEnd,
    /// `\b`
    Boundary,
    /// `\B`
    NoBoundary,
}

/// How a repetition chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

/// One element of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(u32),
    Class { negated: bool, items: Vec<Item> },
    Any,
    At(Anchor),
    Branch(Vec<Sequence>),
    Group { capture: bool, add: Flags, remove: Flags, body: Sequence },
    Atomic(Sequence),
    Repeat { least: u32, most: Option<u32>, greed: Greed, body: Sequence },
    BackReference { group: usize, width: Width },
    Conditional { group: usize, yes: Sequence, no: Option<Sequence> },
    Look { ahead: bool, negative: bool, body: Sequence },
}

impl Node {
    pub(super) fn width(&self) -> Width {
        match self {
            Node::Literal(_) | Node::Class { .. } | Node::Any => Width::ONE,
            Node::At(_) | Node::Look { .. } => Width::ZERO,
            Node::Branch(branches) => {
                branches.iter().map(|branch| branch.width).reduce(Width::or).unwrap_or(Width::ZERO)
            }
            Node::Group { body, .. } | Node::Atomic(body) => body.width,
            Node::Repeat { least, most, body, .. } => Width {
                least: (body.width.least * u128::from(*least)).min(Width::MOST),
                most: match most {
                    Some(most) => (body.width.most * u128::from(*most)).min(Width::MOST),
                    None if body.width.most == 0 => 0,
                    None => Width::MOST,
                },
            },
            Node::BackReference { width, .. } => *width,
            Node::Conditional { yes, no, .. } => yes.width.or(no.as_ref().map_or(Width::ZERO, |no| no.width)),
        }
    }
}
