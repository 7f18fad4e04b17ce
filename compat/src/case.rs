//! A case: what is given to the program, and what is looked at afterwards.
//!
//! Cases stand in `compat/cases/<group>.yaml`; `compat/README.md` describes the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::expect::Expect;
use crate::json::{Json, Members};
use crate::server::Reply;
use crate::template;
use crate::yaml;

/// The file a case's experiment is written to.
pub const EXPERIMENT: &str = "experiment.json";

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of the case file, without its ending.
    pub group: String,
    /// Unique in the group.
    pub id: String,
    /// What the case is there to show, one line.
    pub why: String,
    /// Input files by their path in the working folder.
    pub files: BTreeMap<String, String>,
    /// Those of `files` that are executable.
    pub programs: BTreeSet<String>,
    /// The arguments of the program.
    pub args: Vec<String>,
    /// Extra environment.
    pub env: BTreeMap<String, String>,
    /// Standard input.
    pub stdin: String,
    /// Signals, sent one after the other.
    pub signals: Vec<Signal>,
    /// Whether user code in Python is run.
    pub python: bool,
    /// What the test server answers, by path; without it there is no server.
    pub server: Option<BTreeMap<String, Reply>>,
    /// What is not the same in every run.
    pub loose: BTreeSet<Loose>,
    /// What is compared besides exit code, journal and log.
    pub check: BTreeSet<Check>,
    /// Texts that stand on standard error.
    pub says: Vec<String>,
    /// Texts that stand on standard output.
    pub prints: Vec<String>,
    /// Where the journal is expected.
    pub journal: String,
    /// Seconds after which the program is ended.
    pub seconds: u64,
    /// Where Squall is meant to differ from the reference.
    pub differs: Option<Difference>,
}

/// An intended difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// `Dnnn`, a heading of `docs/reference/differences.md`.
    pub id: String,
    /// What Squall does.
    pub expect: Expect,
}

/// A signal for the program.
#[derive(Clone, Debug)]
pub struct Signal {
    /// When it is due.
    pub when: Moment,
    /// Its name without `SIG`.
    pub name: String,
}

/// A moment in a run that can be seen from outside.
#[derive(Clone, Debug)]
pub enum Moment {
    /// This text stands on standard error.
    Said(String),
    /// This file is in the working folder.
    Wrote(String),
    /// The test server was asked for this path.
    Asked(String),
}

/// A part of the result that is not the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loose {
    /// The order of the journal's `run`.
    RunOrder,
    /// The order of the journal's `rollbacks`.
    RollbackOrder,
    /// The order of log records.
    LogOrder,
    /// How often a log record comes.
    LogCount,
    /// Whatever the reference does: only that it differs is known. For intended differences.
    Reference,
    /// The text of records at CRITICAL.
    CriticalText,
    /// Records at INFO altogether.
    Info,
    /// The order of lines in written files.
    LineOrder,
}

/// A part of the result that is compared on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Standard output.
    Stdout,
    /// Files that were made or changed.
    Files,
    /// Requests that the test server saw.
    Requests,
}

/// Why the cases cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not YAML.
    #[error("`{path}`: {source}")]
    Yaml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: yaml::YamlError,
    },
    /// A case is not as it should be.
    #[error("`{group}::{id}`: {what}")]
    Case {
        /// The group.
        group: String,
        /// The case.
        id: String,
        /// What is wrong.
        what: String,
    },
}

/// The folder of this crate in the source tree.
#[must_use]
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cases of one group.
pub fn load(group: &str) -> Result<Vec<Case>, CaseError> {
    let path = home().join("cases").join(format!("{group}.yaml"));
    let text =
        std::fs::read_to_string(&path).map_err(|source| CaseError::Read { path: path.clone(), source })?;
    let file = yaml::parse(&text).map_err(|source| CaseError::Yaml { path, source })?;
    let fail = |id: &str, what: String| CaseError::Case { group: group.to_owned(), id: id.to_owned(), what };
    known_keys(&file, &["about", "base", "templates", "defaults", "cases"])
        .map_err(|what| fail("*", what))?;
    let cases = file.get("cases").and_then(Json::as_object);
    let cases = cases.ok_or_else(|| fail("*", "`cases` must be a mapping of ids to cases".to_owned()))?;
    cases.iter().map(|(id, body)| one(group, id, body, &file).map_err(|what| fail(id, what))).collect()
}

const KEYS: &[&str] = &[
    "why",
    "use",
    "with",
    "experiment",
    "without",
    "files",
    "programs",
    "args",
    "env",
    "stdin",
    "signals",
    "needs",
    "server",
    "loose",
    "check",
    "says",
    "prints",
    "journal",
    "seconds",
    "differs",
];

pub(crate) fn known_keys(value: &Json, keys: &[&str]) -> Result<(), String> {
    for (key, _) in value.as_object().into_iter().flatten() {
        if !keys.contains(&key.as_str()) {
            return Err(format!("unknown key `{key}`, expected one of {}", keys.join(", ")));
        }
    }
    Ok(())
}

fn one(group: &str, id: &str, body: &Json, file: &Json) -> Result<Case, String> {
    known_keys(body, KEYS)?;
    let defaults = file.get("defaults").unwrap_or(&Json::Null);
    known_keys(defaults, KEYS)?;
    let field = |name: &str| body.get(name).or_else(|| defaults.get(name));
    let texts = |name: &str| field(name).map_or(Ok(Vec::new()), |value| strings(name, value));

    let why = field("why").and_then(Json::as_str).unwrap_or_default().to_owned();
    if why.is_empty() || why.contains('\n') {
        return Err("`why` must be one line".to_owned());
    }
    let mut files = BTreeMap::new();
    let mut programs = BTreeSet::new();
    if field("experiment") != Some(&Json::Bool(false)) {
        files.insert(EXPERIMENT.to_owned(), template::experiment(body, defaults, file)?.pretty());
    }
    for part in ["files", "programs"] {
        for (name, content) in members(part, field(part))? {
            if part == "programs" {
                programs.insert(name.clone());
            }
            files.insert(name.clone(), content.as_str().map_or_else(|| content.pretty(), str::to_owned));
        }
    }
    let args =
        field("args").map_or(Ok(vec!["run".to_owned(), EXPERIMENT.to_owned()]), |v| strings("args", v))?;
    let mut env = BTreeMap::new();
    for (name, value) in members("env", field("env"))? {
        env.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let server = match field("server") {
        None => None,
        Some(value) => Some(
            members("server", Some(value))?
                .iter()
                .map(|(path, reply)| Reply::read(reply).map(|reply| (path.clone(), reply)))
                .collect::<Result<_, _>>()?,
        ),
    };
    let python = texts("needs")?.iter().any(|need| need == "python")
        || files.values().any(|text| {
            ["\"type\": \"python\"", "type: python", "type: plugin", "\"type\": \"plugin\""]
                .iter()
                .any(|mark| text.contains(mark))
        });
    let loose: BTreeSet<Loose> = texts("loose")?.iter().map(|name| loose(name)).collect::<Result<_, _>>()?;
    if loose.contains(&Loose::Reference) && field("differs").is_none() {
        return Err("`loose: [reference]` is for cases with `differs`".to_owned());
    }
    Ok(Case {
        group: group.to_owned(),
        id: id.to_owned(),
        why,
        files,
        programs,
        args,
        env,
        stdin: field("stdin").and_then(Json::as_str).unwrap_or_default().to_owned(),
        signals: field("signals")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .map(signal)
            .collect::<Result<_, _>>()?,
        python,
        server,
        loose,
        check: texts("check")?.iter().map(|name| check(name)).collect::<Result<_, _>>()?,
        says: texts("says")?,
        prints: texts("prints")?,
        journal: field("journal").and_then(Json::as_str).unwrap_or("journal.json").to_owned(),
        seconds: field("seconds").and_then(Json::as_int).and_then(|n| n.try_into().ok()).unwrap_or(30),
        differs: field("differs").map(difference).transpose()?,
    })
}

pub(crate) fn strings(name: &str, value: &Json) -> Result<Vec<String>, String> {
    let items = value.as_array().ok_or_else(|| format!("`{name}` must be a list of texts"))?;
    items
        .iter()
        .map(|item| match item {
            Json::String(text) => Ok(text.clone()),
            Json::Number(text) => Ok(text.clone()),
            _ => Err(format!("`{name}` must be a list of texts")),
        })
        .collect()
}

pub(crate) fn members<'a>(name: &str, value: Option<&'a Json>) -> Result<&'a [(String, Json)], String> {
    const NONE: &Members = &Members::new();
    match value {
        None => Ok(NONE),
        Some(value) => Ok(value.as_object().ok_or_else(|| format!("`{name}` must be a mapping"))?),
    }
}

fn signal(value: &Json) -> Result<Signal, String> {
    known_keys(value, &["said", "wrote", "asked", "send"])?;
    let text = |key: &str| value.get(key).and_then(Json::as_str).map(str::to_owned);
    let when = match (text("said"), text("wrote"), text("asked")) {
        (Some(said), None, None) => Moment::Said(said),
        (None, Some(wrote), None) => Moment::Wrote(wrote),
        (None, None, Some(asked)) => Moment::Asked(asked),
        _ => return Err("a signal needs one of `said`, `wrote` and `asked`".to_owned()),
    };
    Ok(Signal { when, name: text("send").ok_or("a signal needs `send`")? })
}

pub(crate) fn difference(value: &Json) -> Result<Difference, String> {
    known_keys(value, &["id", "expect"])?;
    let id = value.get("id").and_then(Json::as_str).unwrap_or_default();
    if id.len() != 4 || !id.starts_with('D') || id[1..].parse::<u16>().is_err() {
        return Err(format!("`differs.id` must be `D` and three digits, found `{id}`"));
    }
    let expect = Expect::read(value.get("expect").unwrap_or(&Json::Null))?;
    Ok(Difference { id: id.to_owned(), expect })
}

fn loose(name: &str) -> Result<Loose, String> {
    Ok(match name {
        "run-order" => Loose::RunOrder,
        "rollback-order" => Loose::RollbackOrder,
        "log-order" => Loose::LogOrder,
        "log-count" => Loose::LogCount,
        "reference" => Loose::Reference,
        "critical-text" => Loose::CriticalText,
        "info" => Loose::Info,
        "line-order" => Loose::LineOrder,
        _ => return Err(format!("unknown `loose` part `{name}`")),
    })
}

fn check(name: &str) -> Result<Check, String> {
    Ok(match name {
        "stdout" => Check::Stdout,
        "files" => Check::Files,
        "requests" => Check::Requests,
        _ => return Err(format!("unknown `check` part `{name}`")),
    })
}
