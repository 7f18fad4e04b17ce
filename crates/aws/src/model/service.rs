//! Services and their operations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::ModelError;
use super::pack::{self, Entry};
use super::shape::{Reference, Shape};
use super::traffic::{Paginator, Waiter};

/// One service: what all its operations share, and by name what is read when it is asked for.
pub struct Service {
    /// boto3's name: `autoscaling`.
    pub name: &'static str,
    /// What all operations share.
    pub metadata: Metadata,
    /// The endpoint parameters that users set for all operations.
    pub client_context: IndexMap<String, ContextParameter>,
    operations: Table<Operation>,
    shapes: Table<Shape>,
    traffic: Traffic,
    rules: OnceLock<&'static str>,
    entry: Option<&'static Entry>,
}

/// Paginators and waiters, read when they are first asked for.
#[derive(Default)]
struct Traffic {
    read: OnceLock<TrafficData>,
}

#[derive(Default, Deserialize)]
struct TrafficData {
    #[serde(default)]
    paginators: BTreeMap<String, Paginator>,
    #[serde(default)]
    waiters: BTreeMap<String, Waiter>,
}

/// Things by name, each read from its JSON text when it is first asked for. A large service has thousands,
/// of which a run uses a few.
struct Table<T>(Vec<Row<T>>);

struct Row<T> {
    name: &'static str,
    text: &'static str,
    read: OnceLock<Box<T>>,
}

impl<T: DeserializeOwned> Table<T> {
    /// The rows must be in the order of their names.
    fn new(rows: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        Table(rows.map(|(name, text)| Row { name, text, read: OnceLock::new() }).collect())
    }

    fn get(&self, name: &str) -> Option<&T> {
        let row = &self.0[self.0.binary_search_by_key(&name, |row| row.name).ok()?];
        let read =
            || Box::new(serde_json::from_str(row.text).expect("a test reads every embedded model whole"));
        Some(row.read.get_or_init(read))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|row| row.name)
    }
}

/// The parts of a model in botocore's form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    #[serde(borrow)]
    metadata: &'static RawValue,
    #[serde(borrow)]
    operations: BTreeMap<&'static str, &'static RawValue>,
    #[serde(borrow, default)]
    shapes: BTreeMap<&'static str, &'static RawValue>,
    #[serde(default)]
    client_context_params: IndexMap<String, ContextParameter>,
}

/// What all operations of a service share.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The version of the API: `2016-11-15`.
    pub api_version: String,
    /// The first label of the service's host names.
    pub endpoint_prefix: String,
    /// The protocol that we speak with it, of those that it offers.
    pub protocol: Protocol,
    /// The service's id, from which the names of environment variables and profile keys are made.
    pub service_id: String,
    /// Its name for people.
    pub service_full_name: String,
    /// A shorter one.
    pub service_abbreviation: Option<String>,
    /// The name in signatures, where it is not the endpoint's prefix.
    pub signing_name: Option<String>,
    /// `v4`, `s3`, `s3v4`, `v2`, `bearer`, `none`.
    pub signature_version: Option<String>,
    /// The ways of authentication that the service takes, the best first.
    pub auth: Vec<String>,
    /// The version of the JSON protocol.
    pub json_version: Option<String>,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<String>,
    /// The one host of a service without regions.
    pub global_endpoint: Option<String>,
    /// The namespace of XML bodies.
    pub xml_namespace: Option<super::shape::XmlNamespace>,
    /// Error codes are those that the service had when it spoke the query protocol.
    #[serde(deserialize_with = "present")]
    pub aws_query_compatible: bool,
}

/// A trait that models have as an empty mapping.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// JSON bodies, the operation in a header.
    #[default]
    Json,
    /// JSON bodies, the operation in method and path.
    RestJson,
    /// XML bodies, the operation in method and path.
    RestXml,
    /// Form-encoded parameters, answers in XML.
    Query,
    /// As query, with EC2's names.
    Ec2,
    /// CBOR bodies.
    SmithyRpcV2Cbor,
}

impl Protocol {
    /// The name that models have.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Json => "json",
            Protocol::RestJson => "rest-json",
            Protocol::RestXml => "rest-xml",
            Protocol::Query => "query",
            Protocol::Ec2 => "ec2",
            Protocol::SmithyRpcV2Cbor => "smithy-rpc-v2-cbor",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An operation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    /// Its name: `DescribeInstances`.
    pub name: String,
    /// Method and path.
    pub http: HttpBinding,
    /// The structure of its parameters.
    pub input: Option<Reference>,
    /// The structure of its answer.
    pub output: Option<Reference>,
    /// The errors that it may answer.
    pub errors: Vec<Reference>,
    /// The prefix of the host name.
    pub endpoint: Option<HostPrefix>,
    /// Endpoint parameters with fixed values.
    pub static_context_params: IndexMap<String, StaticValue>,
    /// Endpoint parameters that paths into the parameters give.
    pub operation_context_params: IndexMap<String, ContextPath>,
    /// `none`, `v4`, `v4-unsigned-body`, `bearer`; where it differs from the service's.
    pub authtype: Option<String>,
    /// As the service's, where it differs.
    pub auth: Vec<String>,
    /// The body's checksum must be sent.
    pub http_checksum_required: bool,
    /// How checksums are chosen and verified.
    pub http_checksum: Option<HttpChecksum>,
    /// The body is not part of the signature.
    pub unsigned_payload: bool,
    /// Bodies that are long may be sent compressed.
    pub requestcompression: Option<RequestCompression>,
    /// Changes nothing at the service.
    pub readonly: bool,
    /// The service may be asked where to call the operation.
    pub endpointdiscovery: Option<EndpointDiscovery>,
}

/// Whether the service says where an operation is called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointDiscovery {
    /// The operation cannot be called elsewhere.
    pub required: bool,
}

/// How a request is made of an operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpBinding {
    /// `POST`.
    #[serde(default)]
    pub method: String,
    /// The path with labels, and the fixed part of the query: `/{Bucket}/{Key+}?acl`.
    #[serde(default)]
    pub request_uri: String,
    /// The status of success.
    #[serde(default)]
    pub response_code: Option<u16>,
}

impl Default for HttpBinding {
    fn default() -> Self {
        HttpBinding { method: "POST".to_owned(), request_uri: "/".to_owned(), response_code: None }
    }
}

/// The prefix of an operation's host name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostPrefix {
    /// Text with labels: `{AccountId}.`
    pub host_prefix: String,
}

/// A fixed value of an endpoint parameter.
#[derive(Debug, Deserialize)]
pub struct StaticValue {
    /// Text, a flag, or a list of texts.
    pub value: serde_json::Value,
}

/// Where an endpoint parameter is found.
#[derive(Debug, Deserialize)]
pub struct ContextPath {
    /// A JMESPath expression over the parameters.
    pub path: String,
}

/// An endpoint parameter that users set.
#[derive(Debug, Deserialize)]
pub struct ContextParameter {
    /// `boolean`, `string`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How the checksums of an operation are chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpChecksum {
    /// The parameter that names the algorithm.
    pub request_algorithm_member: Option<String>,
    /// The request must carry one.
    pub request_checksum_required: bool,
    /// The parameter that asks for checksums of the answer.
    pub request_validation_mode_member: Option<String>,
    /// The algorithms of answers.
    pub response_algorithms: Vec<String>,
}

/// Compression of long bodies.
#[derive(Debug, Deserialize)]
pub struct RequestCompression {
    /// `gzip`.
    pub encodings: Vec<String>,
}

impl Service {
    /// Reads the embedded model of an entry, as `cargo xtask models` writes it: a line of metadata, a line of
    /// the endpoint parameters that users set, then a line for each operation (`o`) and each shape (`s`), with
    /// tabs between the mark, the name and the JSON, in the order of the names.
    pub(super) fn embedded(name: &'static str, entry: &'static Entry) -> Result<&'static Self, ModelError> {
        let text = pack::text(entry.model);
        let (metadata, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (context, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let first_shape = if rest.starts_with("s\t") { Some(0) } else { rest.find("\ns\t").map(|at| at + 1) };
        let (operations, shapes) = rest.split_at(first_shape.unwrap_or(rest.len()));
        let rows = |lines: &'static str| {
            lines.lines().filter_map(|line| line.get(2..)).filter_map(|line| line.split_once('\t'))
        };
        let unreadable = |error| unreadable(name, &error);
        Ok(Service::keep(
            name,
            serde_json::from_str(metadata).map_err(unreadable)?,
            serde_json::from_str(context).map_err(unreadable)?,
            (Table::new(rows(operations)), Table::new(rows(shapes))),
            Some(entry),
        ))
    }

    /// Reads a model in botocore's form: `metadata`, `operations`, `shapes`. It stays for the life of the
    /// process; without paginators, waiters and endpoint rules.
    ///
    /// # Errors
    ///
    /// Where the text is no model.
    pub fn from_botocore(name: &str, model: &str) -> Result<&'static Self, ModelError> {
        let (name, text): (&'static str, &'static str) =
            (String::leak(name.to_owned()), String::leak(model.to_owned()));
        let unreadable = |error| unreadable(name, &error);
        let parts: Parts = serde_json::from_str(text).map_err(unreadable)?;
        let rows = |raw: BTreeMap<&'static str, &'static RawValue>| {
            raw.into_iter().map(|(name, raw)| (name, raw.get()))
        };
        Ok(Service::keep(
            name,
            serde_json::from_str(parts.metadata.get()).map_err(unreadable)?,
            parts.client_context_params,
            (Table::new(rows(parts.operations)), Table::new(rows(parts.shapes))),
            None,
        ))
    }

    fn keep(
        name: &'static str,
        metadata: Metadata,
        client_context: IndexMap<String, ContextParameter>,
        (operations, shapes): (Table<Operation>, Table<Shape>),
        entry: Option<&'static Entry>,
    ) -> &'static Self {
        let (traffic, rules) = (Traffic::default(), OnceLock::new());
        Box::leak(Box::new(Service {
            name,
            metadata,
            client_context,
            operations,
            shapes,
            traffic,
            rules,
            entry,
        }))
    }

    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// The names of all operations, in alphabetical order.
    pub fn operation_names(&self) -> impl Iterator<Item = &'static str> {
        self.operations.names()
    }

    /// The shape of that name.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// The names of all shapes, in alphabetical order.
    pub fn shape_names(&self) -> impl Iterator<Item = &'static str> {
        self.shapes.names()
    }

    /// Paginators by the operation's name.
    pub fn paginators(&self) -> &BTreeMap<String, Paginator> {
        &self.traffic().paginators
    }

    /// Waiters by their names: `InstanceStopped`.
    pub fn waiters(&self) -> &BTreeMap<String, Waiter> {
        &self.traffic().waiters
    }

    fn traffic(&self) -> &TrafficData {
        self.traffic.read.get_or_init(|| match self.entry {
            Some(entry) => serde_json::from_str(pack::text(entry.traffic))
                .expect("a test reads every embedded model whole"),
            None => TrafficData::default(),
        })
    }

    /// The endpoint rule set, as JSON text; empty for a model that is not embedded.
    pub fn endpoint_rules(&self) -> &'static str {
        self.rules.get_or_init(|| self.entry.map_or("", |entry| pack::text(entry.rules)))
    }

    /// The name in signatures.
    pub fn signing_name(&self) -> &str {
        self.metadata.signing_name.as_deref().unwrap_or(&self.metadata.endpoint_prefix)
    }
}

fn unreadable(service: &str, error: &serde_json::Error) -> ModelError {
    ModelError::Unreadable { service: service.to_owned(), reason: error.to_string() }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}
