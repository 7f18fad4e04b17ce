//! The tokens of YAML.

use std::borrow::Cow;

use crate::document::Span;

/// One token and its place.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    StreamEnd,
    Directive(Directive<'a>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: Option<&'a str>, suffix: String },
    Scalar { text: Cow<'a, str>, plain: bool },
}

/// A line that starts with `%`.
#[derive(Clone, Debug)]
pub(super) enum Directive<'a> {
    Yaml { major: u32 },
    Tag { handle: &'a str, prefix: String },
    Unknown,
}

impl Kind<'_> {
    /// How error messages call it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::StreamEnd => "<stream end>",
            Kind::Directive(_) => "<directive>",
            Kind::DocumentStart => "<document start>",
            Kind::DocumentEnd => "<document end>",
            Kind::BlockSequenceStart => "<block sequence start>",
            Kind::BlockMappingStart => "<block mapping start>",
            Kind::BlockEnd => "<block end>",
            Kind::FlowSequenceStart => "[",
            Kind::FlowSequenceEnd => "]",
            Kind::FlowMappingStart => "{",
            Kind::FlowMappingEnd => "}",
            Kind::BlockEntry => "-",
            Kind::FlowEntry => ",",
            Kind::Key => "?",
            Kind::Value => ":",
            Kind::Alias(_) => "<alias>",
            Kind::Anchor(_) => "<anchor>",
            Kind::Tag { .. } => "<tag>",
            Kind::Scalar { .. } => "<scalar>",
        }
    }
}
