//! Shapes: the types of parameters and answers.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;

/// A shape of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shape {
    /// What sort of value it is.
    #[serde(rename = "type")]
    pub kind: ShapeType,
    /// A structure's members in the model's order, by boto3's names.
    pub members: IndexMap<String, Reference>,
    /// The names of members that must be there.
    pub required: Vec<String>,
    /// A list's element.
    pub member: Option<Reference>,
    /// A map's key.
    pub key: Option<Reference>,
    /// A map's value.
    pub value: Option<Reference>,
    /// The least number, length or count.
    pub min: Option<f64>,
    /// The member that is the body.
    pub payload: Option<String>,
    /// How timestamps are written: `iso8601`, `unixTimestamp`, `rfc822`.
    pub timestamp_format: Option<String>,
    /// Lists and maps without an element around their items (XML, query).
    pub flattened: bool,
    /// The name on the wire, for shapes that carry one for all their uses.
    pub location_name: Option<String>,
    /// The XML namespace.
    pub xml_namespace: Option<XmlNamespace>,
    /// Exactly one member is set.
    pub union: bool,
    /// Any JSON value.
    pub document: bool,
    /// An error that the service may answer.
    pub exception: bool,
    /// The error's code, where it differs from the shape's name.
    pub error: Option<ShapeError>,
    /// A stream of events.
    pub eventstream: bool,
    /// One event of a stream.
    pub event: bool,
    /// A body that is read as it comes.
    pub streaming: bool,
    /// A body whose length must be known.
    pub requires_length: bool,
    /// What must not be shown.
    pub sensitive: bool,
    /// Nulls of a list or a map are kept.
    pub sparse: bool,
}

/// The sorts of shape.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ShapeType {
    /// Named members.
    #[default]
    Structure,
    /// Items of one shape.
    List,
    /// Keys and values of one shape each.
    Map,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A whole number.
    Long,
    /// A binary64 number.
    Double,
    /// A binary32 number.
    Float,
    /// A flag.
    Boolean,
    /// A point in time.
    Timestamp,
    /// Bytes.
    Blob,
    /// One character; older models have it.
    Character,
    /// A whole number without bounds.
    BigInteger,
    /// A decimal number without bounds.
    BigDecimal,
}

/// How an error looks on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ShapeError {
    /// Its code.
    pub code: Option<String>,
    /// Its HTTP status.
    pub http_status_code: Option<u16>,
}

/// The use of a shape: by a member, an element, an operation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reference {
    /// The shape's name.
    pub shape: String,
    /// The name on the wire.
    pub location_name: Option<String>,
    /// Where in the request or the answer: `header`, `headers`, `uri`, `querystring`, `statusCode`.
    pub location: Option<String>,
    /// The name in ec2 requests.
    pub query_name: Option<String>,
    /// Filled with a fresh id where it is left out.
    pub idempotency_token: bool,
    /// The endpoint parameter that the member sets.
    pub context_param: Option<ContextName>,
    /// The XML namespace.
    pub xml_namespace: Option<XmlNamespace>,
    /// Written as an attribute of the element around it.
    pub xml_attribute: bool,
    /// JSON within text.
    pub jsonvalue: bool,
    /// As the shape's.
    pub flattened: bool,
    /// As the shape's.
    pub timestamp_format: Option<String>,
    /// As the shape's.
    pub streaming: bool,
    /// A part of the host name.
    pub host_label: bool,
    /// The payload of an event.
    pub eventpayload: bool,
    /// The element around an answer (query).
    pub result_wrapper: Option<String>,
}

/// The name of an endpoint parameter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContextName {
    /// Its name.
    pub name: String,
}

/// An XML namespace.
#[derive(Debug, Deserialize)]
#[serde(from = "RawNamespace")]
pub struct XmlNamespace {
    /// The prefix, without which it is the default namespace.
    pub prefix: Option<String>,
    /// Its name.
    pub uri: String,
}

/// Models have it as a mapping, or as the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawNamespace {
    Uri(String),
    Full {
        #[serde(default)]
        prefix: Option<String>,
        #[serde(default)]
        uri: String,
    },
}

impl From<RawNamespace> for XmlNamespace {
    fn from(raw: RawNamespace) -> Self {
        match raw {
            RawNamespace::Uri(uri) => XmlNamespace { prefix: None, uri },
            RawNamespace::Full { prefix, uri } => XmlNamespace { prefix, uri },
        }
    }
}

impl Shape {
    /// The shapes that this one is made of.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.members.values().chain(&self.member).chain(&self.key).chain(&self.value)
    }

    /// Whether a structure cannot be without this member.
    pub fn requires(&self, member: &str) -> bool {
        self.required.iter().any(|name| name == member)
    }

    /// The error code that the shape stands for.
    pub fn error_code<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let code = self.error.as_ref().and_then(|error| error.code.as_deref());
        Cow::Borrowed(code.unwrap_or(name))
    }
}
