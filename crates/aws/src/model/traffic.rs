//! Paginators and waiters: operations that are called more than once.

use serde::Deserialize;
use serde_json::Value as Json;

/// How the pages of an operation follow each other. The names are JMESPath expressions where they read
/// answers, plain names where they set parameters.
#[derive(Debug, Deserialize)]
pub struct Paginator {
    /// The parameters that carry the token.
    pub input_token: OneOrMany,
    /// Where answers have the next token.
    pub output_token: OneOrMany,
    /// Where the items of a page are.
    #[serde(default)]
    pub result_key: OneOrMany,
    /// Where an answer says whether there is more.
    #[serde(default)]
    pub more_results: Option<String>,
    /// The parameter that bounds a page.
    #[serde(default)]
    pub limit_key: Option<String>,
    /// What each page has the same.
    #[serde(default)]
    pub non_aggregate_keys: Vec<String>,
}

/// One name or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "RawNames")]
pub struct OneOrMany(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawNames {
    One(String),
    Many(Vec<String>),
}

impl From<RawNames> for OneOrMany {
    fn from(raw: RawNames) -> Self {
        OneOrMany(match raw {
            RawNames::One(name) => vec![name],
            RawNames::Many(names) => names,
        })
    }
}

/// How to wait for a state.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiter {
    /// The operation that is asked.
    pub operation: String,
    /// Seconds between two calls.
    pub delay: u64,
    /// How many calls are made at most.
    pub max_attempts: u32,
    /// What answers mean, the first that fits.
    pub acceptors: Vec<Acceptor>,
}

/// What an answer means.
#[derive(Debug, Deserialize)]
pub struct Acceptor {
    /// What is looked at.
    pub matcher: Matcher,
    /// A JMESPath expression, for the matchers of paths.
    #[serde(default)]
    pub argument: String,
    /// What it must be.
    pub expected: Json,
    /// What follows.
    pub state: Verdict,
}

/// What an acceptor looks at.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Matcher {
    /// The value at the path.
    Path,
    /// Every value at the path, of which there must be one.
    PathAll,
    /// Any value at the path.
    PathAny,
    /// The HTTP status.
    Status,
    /// The error code; `true` and `false` stand for any and none.
    Error,
}

/// What follows from an acceptor.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The state is reached.
    Success,
    /// It cannot be reached any more.
    Failure,
    /// Ask again.
    Retry,
}
