//! From a case to what a program is started with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::case::{self, Case, EXPERIMENT};
use crate::json::{Json, Members};

use super::case::{AwsCase, What};
use super::moto::REGION;

/// What signs the calls of a case unless it says otherwise.
pub(super) const KEY: &str = "AKIACASE";

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("@([a-z][a-z0-9_]*)@").expect("a pattern of this file"));

/// The case for a server at `url`, whose account gives these names to its ids.
pub(super) fn program_case(case: &AwsCase, url: &str, names: &[(String, String)]) -> Result<Case, String> {
    let mut files = case.files.clone();
    let mut args = vec!["run".to_owned()];
    for (name, value) in &case.variables {
        args.extend(["--var".to_owned(), format!("{name}={value}")]);
    }
    args.extend(case.args.iter().cloned());
    match &case.what {
        What::Activities { .. } => {
            files.insert(EXPERIMENT.to_owned(), experiment(case).pretty());
            args.push(EXPERIMENT.to_owned());
        }
        What::File(file) => {
            let path = case::home().parent().unwrap_or(case::home()).join(file);
            let text = fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
            files.insert(name.clone(), text);
            args.push(name);
        }
    }
    let mut env: BTreeMap<String, String> = [
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (name, value) in &case.env {
        match value {
            Json::Null => drop(env.remove(name)),
            Json::String(text) => drop(env.insert(name.clone(), text.clone())),
            other => drop(env.insert(name.clone(), other.to_string())),
        }
    }
    let put = |text: &str| named(text, url, names);
    Ok(Case {
        group: case.group.clone(),
        id: case.id.clone(),
        why: case.why.clone(),
        files: files
            .iter()
            .map(|(name, text)| Ok((name.clone(), put(text)?)))
            .collect::<Result<_, String>>()?,
        programs: BTreeSet::new(),
        args: args.iter().map(|arg| put(arg)).collect::<Result<_, _>>()?,
        env: env.iter().map(|(name, text)| Ok((name.clone(), put(text)?))).collect::<Result<_, String>>()?,
        stdin: String::new(),
        signals: Vec::new(),
        python: case.python,
        server: None,
        loose: BTreeSet::new(),
        check: BTreeSet::new(),
        says: Vec::new(),
        prints: Vec::new(),
        journal: "journal.json".to_owned(),
        seconds: case.seconds,
        differs: case.differs.clone(),
    })
}

/// A text with the ids in the places of their names.
pub(super) fn named(text: &str, url: &str, names: &[(String, String)]) -> Result<String, String> {
    let mut text = text.replace("@URL@", url);
    for (name, id) in names {
        text = text.replace(&format!("@{name}@"), id);
    }
    match NAME.captures(&text) {
        Some(unknown) => Err(format!("the account has no `{}`", &unknown[0])),
        None => Ok(text),
    }
}

fn experiment(case: &AwsCase) -> Json {
    let What::Activities { method, hypothesis, rollbacks, .. } = &case.what else {
        return Json::Null;
    };
    let text = |name: &str, value: &str| (name.to_owned(), Json::text(value));
    let mut configuration: Members = vec![text("aws_region", REGION)];
    let section = |name: &str| case.sections.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    for (key, value) in section("configuration").and_then(Json::as_object).into_iter().flatten() {
        configuration.retain(|(known, _)| known != key);
        if *value != Json::Null {
            configuration.push((key.clone(), value.clone()));
        }
    }
    let groups: Vec<String> = section("secrets")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let all =
        |activities: &Members| Json::Array(activities.iter().map(|(_, a)| activity(a, &groups)).collect());
    let mut members = vec![
        text("title", &case.id),
        text("description", &case.why),
        ("configuration".to_owned(), Json::Object(configuration)),
    ];
    if !hypothesis.is_empty() {
        let hypothesis = vec![text("title", "steady"), ("probes".to_owned(), all(hypothesis))];
        members.push(("steady-state-hypothesis".to_owned(), Json::Object(hypothesis)));
    }
    members.push(("method".to_owned(), all(method)));
    members.push(("rollbacks".to_owned(), all(rollbacks)));
    for (name, value) in case.sections.iter().filter(|(name, _)| name != "configuration") {
        members.retain(|(known, _)| known != name);
        members.push((name.clone(), value.clone()));
    }
    Json::Object(members)
}

/// `{run: module.function, arguments, ...}` as an activity.
fn activity(of: &Json, groups: &[String]) -> Json {
    let run = of.get("run").and_then(Json::as_str).unwrap_or_default();
    let (module, function) = run.rsplit_once('.').unwrap_or(("", run));
    let kind = if module.ends_with("probes") || of.get("tolerance").is_some() { "probe" } else { "action" };
    let text = |name: &str, value: &str| (name.to_owned(), Json::text(value));
    let mut provider = vec![text("type", "python"), text("module", module), text("func", function)];
    provider.extend(of.get("arguments").map(|arguments| ("arguments".to_owned(), arguments.clone())));
    if !groups.is_empty() {
        let groups = groups.iter().map(Json::text).collect();
        provider.push(("secrets".to_owned(), Json::Array(groups)));
    }
    let mut members =
        vec![text("type", kind), text("name", function), ("provider".to_owned(), Json::Object(provider))];
    for (key, value) in of.as_object().into_iter().flatten() {
        if key != "run" && key != "arguments" {
            members.retain(|(known, _)| known != key);
            members.push((key.clone(), value.clone()));
        }
    }
    Json::Object(members)
}
