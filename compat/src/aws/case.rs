//! A case: an activity or an experiment, the account that it meets, and what is compared.
//!
//! Cases stand in `compat/aws/cases/<service>.yaml`; `compat/aws/README.md` describes the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::case::{self, CaseError, Difference};
use crate::json::{Json, Members};
use crate::yaml;

use super::recording::Answer;

/// One case.
#[derive(Clone, Debug)]
pub struct AwsCase {
    /// The name of the case file, without its ending.
    pub group: String,
    /// Unique in the group.
    pub id: String,
    /// What the case is there to show, one line.
    pub why: String,
    /// What the reference makes of the activity under test.
    pub class: Class,
    /// What is run.
    pub what: What,
    /// Configuration, secrets and other sections of the experiment, laid over the usual ones.
    pub sections: Members,
    /// Variables for `--var`.
    pub variables: Vec<(String, String)>,
    /// More arguments for `run`.
    pub args: Vec<String>,
    /// Environment over the usual one; a null takes a variable away.
    pub env: Members,
    /// Files of the working folder.
    pub files: BTreeMap<String, String>,
    /// Calls that change the account before the program is started.
    pub prepare: Vec<Prepare>,
    /// What the recording server answers; with it there is no account.
    pub answers: Option<Vec<Answer>>,
    /// The choice among equals is random: only how many, not which.
    pub random: bool,
    /// The members whose lists have no order; `output` for outputs that are lists.
    pub unordered: BTreeSet<String>,
    /// What is not compared.
    pub loose: BTreeSet<Loose>,
    /// What Squall says to do about the failure, in a warning that the reference does not have.
    pub help: Option<String>,
    /// Whether the program under test needs the reference's interpreter.
    pub python: bool,
    /// Seconds after which the program is ended.
    pub seconds: u64,
    /// Where Squall is meant to differ from the reference.
    pub differs: Option<Difference>,
    /// What goes over the wire then, where it says so.
    pub calls: Option<Vec<String>>,
}

/// What the reference makes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The activity under test succeeds.
    Ok,
    /// It fails.
    Error,
    /// The reference does something else than Squall is to do.
    Differs,
}

/// What is run.
#[derive(Clone, Debug)]
pub enum What {
    /// Activities of one function each, from which an experiment is made.
    Activities {
        /// The activity under test, with others before and after it.
        method: Members,
        /// The position in `method` of the one under test; none where all of the case is in `hypothesis`.
        tested: Option<usize>,
        /// Probes of the steady state.
        hypothesis: Members,
        /// Rollbacks.
        rollbacks: Members,
    },
    /// An experiment file of the repository, by its path there.
    File(PathBuf),
}

/// A call of the account before the run.
#[derive(Clone, Debug)]
pub struct Prepare {
    /// boto3's name of the service.
    pub service: String,
    /// boto3's name of the operation: `stop_instances`.
    pub operation: String,
    /// Its arguments.
    pub arguments: Json,
}

/// What is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loose {
    /// The log.
    Log,
    /// How often a call is repeated.
    Polls,
    /// The order of calls.
    CallOrder,
    /// Outputs.
    Output,
}

const KEYS: &[&str] = &[
    "why",
    "class",
    "run",
    "file",
    "arguments",
    "tolerance",
    "activity",
    "before",
    "after",
    "hypothesis",
    "rollbacks",
    "configuration",
    "secrets",
    "experiment",
    "help",
    "variables",
    "args",
    "env",
    "files",
    "prepare",
    "answers",
    "random",
    "unordered",
    "loose",
    "needs",
    "seconds",
    "differs",
];

impl AwsCase {
    /// The functions of `chaosaws` that the case calls.
    #[must_use]
    pub fn functions(&self) -> Vec<String> {
        match &self.what {
            What::Activities { method, hypothesis, rollbacks, .. } => {
                let controls = self.sections.iter().filter(|(key, _)| key == "controls");
                let controls = controls.flat_map(|(_, controls)| controls.as_array().unwrap_or_default());
                let hook = |control: &Json| {
                    let module = control.get("provider")?.get("module")?.as_str()?;
                    Some(format!("{module}.after_experiment_control"))
                };
                let activities = method.iter().chain(hypothesis).chain(rollbacks);
                activities.map(|(run, _)| run.clone()).chain(controls.filter_map(hook)).collect()
            }
            What::File(_) => Vec::new(),
        }
    }
}

/// The cases of one group.
pub fn load(group: &str) -> Result<Vec<AwsCase>, CaseError> {
    let path = case::home().join("aws/cases").join(format!("{group}.yaml"));
    let text =
        std::fs::read_to_string(&path).map_err(|source| CaseError::Read { path: path.clone(), source })?;
    let file = yaml::parse(&text).map_err(|source| CaseError::Yaml { path, source })?;
    let fail =
        |id: &str, what: String| CaseError::Case { group: format!("aws/{group}"), id: id.to_owned(), what };
    case::known_keys(&file, &["about", "defaults", "shared", "cases"]).map_err(|what| fail("*", what))?;
    let cases = file.get("cases").and_then(Json::as_object);
    let cases = cases.ok_or_else(|| fail("*", "`cases` must be a mapping of ids to cases".to_owned()))?;
    let defaults = file.get("defaults").cloned().unwrap_or(Json::Null);
    cases.iter().map(|(id, body)| one(group, id, body, &defaults).map_err(|what| fail(id, what))).collect()
}

fn one(group: &str, id: &str, body: &Json, defaults: &Json) -> Result<AwsCase, String> {
    case::known_keys(body, KEYS)?;
    case::known_keys(defaults, KEYS)?;
    let field = |name: &str| body.get(name).or_else(|| defaults.get(name));
    let members = |name: &str| case::members(name, field(name)).map(<[_]>::to_vec);
    let texts = |name: &str| field(name).map_or(Ok(Vec::new()), |value| case::strings(name, value));
    let why = field("why").and_then(Json::as_str).unwrap_or_default().to_owned();
    if why.is_empty() || why.contains('\n') {
        return Err("`why` must be one line".to_owned());
    }
    let class = match field("class").and_then(Json::as_str) {
        None | Some("ok") => Class::Ok,
        Some("error") => Class::Error,
        Some("differs") => Class::Differs,
        Some(other) => return Err(format!("`class` is `{other}`, expected `ok`, `error` or `differs`")),
    };
    let mut sections = Members::new();
    for name in ["configuration", "secrets"] {
        if let Some(section) = field(name) {
            sections.push((name.to_owned(), section.clone()));
        }
    }
    sections.extend(members("experiment")?);
    let (differs, calls) = match field("differs") {
        None => (None, None),
        Some(value) => {
            let rest =
                value.as_object().map(|members| members.iter().filter(|(key, _)| key != "calls").cloned());
            let rest = Json::Object(rest.ok_or("`differs` must be a mapping")?.collect());
            let calls = value.get("calls").map(|calls| case::strings("calls", calls)).transpose()?;
            (Some(case::difference(&rest)?), calls)
        }
    };
    if (class == Class::Differs) != differs.is_some() {
        return Err("`class: differs` and `differs` belong together".to_owned());
    }
    let mut files = BTreeMap::new();
    for (name, content) in members("files")? {
        files.insert(name, content.as_str().map_or_else(|| content.pretty(), str::to_owned));
    }
    let mut variables = Vec::new();
    for (name, value) in members("variables")? {
        variables.push((name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let answers =
        field("answers").map(|value| value.as_array().ok_or("`answers` must be a list")).transpose()?;
    let prepare = field("prepare").and_then(Json::as_array).unwrap_or_default();
    Ok(AwsCase {
        group: group.to_owned(),
        id: id.to_owned(),
        why,
        class,
        what: what(&field)?,
        sections,
        variables,
        args: texts("args")?,
        env: members("env")?,
        files,
        prepare: prepare.iter().map(preparation).collect::<Result<_, _>>()?,
        answers: answers.map(|items| items.iter().map(Answer::read).collect()).transpose()?,
        random: field("random").and_then(Json::as_bool).unwrap_or(false),
        unordered: texts("unordered")?.into_iter().collect(),
        loose: texts("loose")?.iter().map(|name| loose(name)).collect::<Result<_, _>>()?,
        help: field("help").and_then(Json::as_str).map(str::to_owned),
        python: texts("needs")?.iter().any(|need| need == "python"),
        seconds: field("seconds").and_then(Json::as_int).and_then(|n| n.try_into().ok()).unwrap_or(30),
        differs,
        calls,
    })
}

/// Activities by their functions, in order.
fn what<'a>(field: &dyn Fn(&str) -> Option<&'a Json>) -> Result<What, String> {
    let list = |name: &str| -> Result<Members, String> {
        let items = field(name).map(|value| value.as_array().ok_or(format!("`{name}` must be a list")));
        items.transpose()?.unwrap_or_default().iter().map(|item| activity(name, item)).collect()
    };
    if let Some(file) = field("file") {
        let file = file.as_str().ok_or("`file` must be a path")?;
        for alone in ["run", "before", "after", "hypothesis", "rollbacks", "experiment", "configuration"] {
            if field(alone).is_some() {
                return Err(format!("`file` and `{alone}` exclude each other"));
            }
        }
        return Ok(What::File(file.into()));
    }
    let mut method = list("before")?;
    let tested = field("run").map(|run| {
        let mut own = vec![("run".to_owned(), run.clone())];
        for key in ["arguments", "tolerance"] {
            own.extend(field(key).map(|value| (key.to_owned(), value.clone())));
        }
        own.extend(field("activity").and_then(Json::as_object).into_iter().flatten().cloned());
        method.push(activity("run", &Json::Object(own))?);
        Ok::<_, String>(method.len() - 1)
    });
    let tested = tested.transpose()?;
    method.extend(list("after")?);
    let hypothesis = list("hypothesis")?;
    if method.is_empty() && hypothesis.is_empty() {
        return Err("nothing is run: `run`, `hypothesis` or `file` is missing".to_owned());
    }
    Ok(What::Activities { method, tested, hypothesis, rollbacks: list("rollbacks")? })
}

fn activity(of: &str, value: &Json) -> Result<(String, Json), String> {
    let run = value.get("run").and_then(Json::as_str);
    let run = run.ok_or_else(|| format!("an activity of `{of}` needs `run`: `module.function`"))?;
    Ok((run.to_owned(), value.clone()))
}

fn preparation(value: &Json) -> Result<Prepare, String> {
    case::known_keys(value, &["service", "operation", "arguments"])?;
    let text = |key: &str| {
        value.get(key).and_then(Json::as_str).map(str::to_owned).ok_or(format!("a preparation needs `{key}`"))
    };
    Ok(Prepare {
        service: text("service")?,
        operation: text("operation")?,
        arguments: value.get("arguments").cloned().unwrap_or(Json::Object(Members::new())),
    })
}

fn loose(name: &str) -> Result<Loose, String> {
    Ok(match name {
        "log" => Loose::Log,
        "polls" => Loose::Polls,
        "call-order" => Loose::CallOrder,
        "output" => Loose::Output,
        _ => return Err(format!("unknown `loose` part `{name}`")),
    })
}
