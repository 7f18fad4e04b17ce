//! Running cases, judging them by recordings, and making the recordings.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use crate::case as crate_case;
use crate::compare::first_difference;
use crate::json::{Json, Members};
use crate::program::Program;
use crate::reference;
use crate::suite::{Report, SuiteError, each};

use super::call::Call;
use super::case::{self, AwsCase, Class, Loose, What};
use super::experiment::{named, program_case};
use super::moto::Account;
use super::normal::hash;
use super::observation::{Ran, journal, observe};
use super::recording::Recording;

/// What was made of the cases of one group, by id.
pub type Recordings = BTreeMap<String, Json>;

fn recording_path(group: &str) -> PathBuf {
    crate_case::home().join("aws/recorded").join(format!("{group}.json"))
}

/// What the reference made of the cases of a group, by id.
pub fn recordings(group: &str) -> Result<Recordings, SuiteError> {
    let path = recording_path(group);
    let text = fs::read_to_string(&path).map_err(|source| SuiteError::Io { path: path.clone(), source })?;
    let value = Json::parse(&text).map_err(|source| SuiteError::Json { path, source })?;
    Ok(value.get("cases").and_then(Json::as_object).into_iter().flatten().cloned().collect())
}

/// A fingerprint of everything that a recording depends on, as far as it stands in the case.
#[must_use]
pub fn fingerprint(case: &AwsCase) -> String {
    let run = (&case.what, &case.sections, &case.variables, &case.args);
    let file = match &case.what {
        What::File(file) => fs::read_to_string(crate_case::home().join("..").join(file)).unwrap_or_default(),
        What::Activities { .. } => String::new(),
    };
    let rest =
        (&case.env, &case.files, &case.prepare, &case.answers, case.random, &case.unordered, &case.loose);
    format!("{:016x}", hash(&format!("{run:?}{file}{rest:?}")))
}

/// Runs a case with a program, on an account of its own.
pub fn run_case(case: &AwsCase, program: &Program) -> Result<Ran, String> {
    match &case.answers {
        Some(answers) => {
            let server = Recording::start(answers).map_err(|error| error.to_string())?;
            start(case, program, &server.url(), &[], || Ok(server.calls()))
        }
        None => {
            let account = Account::open().map_err(|error| error.to_string())?;
            for step in &case.prepare {
                let text = named(&step.arguments.to_string(), account.url(), account.names())?;
                let arguments = Json::parse(&text).map_err(|error| error.to_string())?;
                account.call(&step.service, &step.operation, arguments).map_err(|error| error.to_string())?;
            }
            let calls = || {
                let requests = account.requests().map_err(|error| error.to_string())?;
                Ok(requests.iter().map(Call::of).collect())
            };
            start(case, program, account.url(), account.names(), calls)
        }
    }
}

fn start(
    case: &AwsCase,
    program: &Program,
    url: &str,
    names: &[(String, String)],
    calls: impl FnOnce() -> Result<Vec<Call>, String>,
) -> Result<Ran, String> {
    let run = program_case(case, url, names)?;
    let begun = SystemTime::now();
    let outcome = program.run(&run).map_err(|error| error.to_string())?;
    let mut names = names.to_vec();
    names.push(("URL".to_owned(), url.to_owned()));
    names.push(("HOST".to_owned(), url.trim_start_matches("http://").to_owned()));
    Ok(Ran { outcome, calls: calls()?, names, begun })
}

/// Judges a run by what the reference made of the case; the error is the first difference.
pub fn judge(case: &AwsCase, ran: &Ran, recorded: &Json) -> Result<(), String> {
    let difference = match &case.differs {
        Some(differs) => differs.expect.first_failure(&ran.outcome).or_else(|| other_calls(case, ran)),
        None => first_difference(recorded, &observe(case, ran)).or_else(|| {
            let help = case.help.as_deref().filter(|help| !ran.outcome.stderr.contains(help))?;
            Some(format!("the log lacks the help `{help}`"))
        }),
    };
    difference.map_or(Ok(()), |difference| {
        let end: Vec<&str> = ran.outcome.stderr.lines().rev().take(8).collect();
        let end = end.into_iter().rev().collect::<Vec<_>>().join("\n  | ");
        Err(format!("{difference}\n  {}\n  | {end}", case.why))
    })
}

fn other_calls(case: &AwsCase, ran: &Ran) -> Option<String> {
    let wanted = case.calls.as_ref()?;
    let signed = |call: &Call| format!("{} as {}", call.name(), call.key);
    let mut found: Vec<String> = ran.calls.iter().map(signed).collect();
    if case.loose.contains(&Loose::Polls) {
        found.dedup();
    }
    let is = |(found, wanted): (&String, &String)| match wanted.strip_suffix('*') {
        Some(start) => found.starts_with(start),
        None => found
            .strip_prefix(wanted.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(" as ")),
    };
    let same = found.len() == wanted.len() && found.iter().zip(wanted).all(is);
    (!same).then(|| format!("the calls were {found:?}, expected {wanted:?}"))
}

/// The recording of a case, without its fingerprint.
fn content(recorded: &Json) -> Json {
    let members = recorded.as_object().into_iter().flatten().filter(|(key, _)| key != "of");
    Json::Object(members.cloned().collect())
}

/// Runs one case and judges it.
pub fn check(case: &AwsCase, program: &Program, recorded: Option<&Json>) -> Result<(), String> {
    let recorded = recorded.ok_or("there is no recording; run `cargo xtask compat record --suite aws`")?;
    judge(case, &run_case(case, program)?, &content(recorded))
}

/// Runs one case through the reference and the program now, and judges the second by the first.
pub fn check_live(case: &AwsCase, reference: &Program, program: &Program) -> Result<(), String> {
    let reference = observe(case, &run_case(case, reference)?);
    judge(case, &run_case(case, program)?, &reference)
}

/// The cases that are run through both tools: of every group the first that succeeds.
pub fn sample() -> Result<Vec<AwsCase>, SuiteError> {
    let mut sample = Vec::new();
    for group in case::groups()? {
        sample.extend(case::load(&group)?.into_iter().find(|case| case.class == Class::Ok));
    }
    Ok(sample)
}

fn selected(filter: &str) -> Result<Vec<AwsCase>, SuiteError> {
    // a filter that names a group needs no other one
    let group = filter.split_once("::").map(|(group, _)| group.to_owned());
    let all = match group.filter(|group| case::groups().is_ok_and(|groups| groups.contains(group))) {
        Some(group) => case::load(&group)?,
        None => case::all()?,
    };
    let cases: Vec<AwsCase> = all.into_iter().filter(|case| case.name().contains(filter)).collect();
    if cases.is_empty() { Err(SuiteError::NoCase(filter.to_owned())) } else { Ok(cases) }
}

/// Records what the reference makes of the selected cases, and says how many were recorded. With `check` nothing
/// is written, and a recording that would change is an error.
pub fn record(filter: &str, jobs: usize, check: bool) -> Result<String, SuiteError> {
    let reference = reference::program()?;
    let cases = selected(filter)?;
    let results = each(&cases, jobs, |case| record_one(case, &reference));
    let (mut unfit, mut changed) = (String::new(), String::new());
    let mut made: BTreeMap<&str, Recordings> = BTreeMap::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Ok(observed) => drop(made.entry(&case.group).or_default().insert(case.id.clone(), observed)),
            Err(why) => {
                let _infallible = writeln!(unfit, "{}: {why}", case.name());
            }
        }
    }
    for (group, new) in made {
        let known: Vec<String> = case::load(group)?.into_iter().map(|case| case.id).collect();
        let mut all = recordings(group).unwrap_or_default();
        if check {
            for (id, observed) in new {
                if let Some(difference) = first_difference(all.get(&id).unwrap_or(&Json::Null), &observed) {
                    let _infallible = writeln!(changed, "{group}::{id}: {difference}");
                }
            }
            continue;
        }
        all.extend(new);
        all.retain(|id, _| known.contains(id));
        write_recordings(group, reference.venv.as_deref().unwrap_or(Path::new("")), all)?;
    }
    match (unfit.is_empty(), changed.is_empty()) {
        (false, _) => Err(SuiteError::Unfit(unfit)),
        (_, false) => Err(SuiteError::Changed(changed)),
        _ => Ok(format!("{} cases {}\n", cases.len(), if check { "are as recorded" } else { "recorded" })),
    }
}

fn record_one(case: &AwsCase, reference: &Program) -> Result<Json, String> {
    let ran = run_case(case, reference)?;
    let observed = observe(case, &ran);
    let end = || ran.outcome.stderr.lines().rev().take(3).collect::<Vec<_>>().join(" / ");
    if let Some(differs) = &case.differs {
        if differs.expect.first_failure(&ran.outcome).or_else(|| other_calls(case, &ran)).is_none() {
            return Err(format!("the reference does what {} expects of Squall: no difference", differs.id));
        }
    } else if observed.get("crash").is_some() || observed.get("exit").and_then(Json::as_int).is_none() {
        return Err(format!("the reference crashes or hangs, declare a difference: {}", end()));
    } else if let Some(status) = tested(case, &ran) {
        let wanted = if case.class == Class::Ok { "succeeded" } else { "failed" };
        if status != wanted {
            return Err(format!("the activity {status}, but the class says `{:?}`: {}", case.class, end()));
        }
    }
    let mut members: Members = vec![("of".to_owned(), Json::text(fingerprint(case)))];
    members.extend(observed.as_object().into_iter().flatten().cloned());
    Ok(Json::Object(members))
}

/// The status of the activity under test; nothing where there is no single one.
fn tested(case: &AwsCase, ran: &Ran) -> Option<String> {
    let What::Activities { tested: Some(tested), .. } = &case.what else { return None };
    let journal = journal(ran)?;
    let entry = journal.get("run").and_then(Json::as_array).and_then(|run| run.get(*tested));
    Some(entry.and_then(|entry| entry.get("status")?.as_str()).unwrap_or("was not run").to_owned())
}

fn write_recordings(group: &str, venv: &Path, all: Recordings) -> Result<(), SuiteError> {
    let path = recording_path(group);
    let by = format!(
        "chaostoolkit-aws 0.35.1, boto3 1.44.5, moto 5.2.5, Python {}",
        reference::python_version(venv)?
    );
    let file = Json::Object(vec![
        ("recorded with".to_owned(), Json::text(by)),
        ("cases".to_owned(), Json::Object(all.into_iter().collect())),
    ]);
    fs::write(&path, file.pretty() + "\n").map_err(|source| SuiteError::Io { path, source })
}

/// Runs the selected cases with a program and compares with the recordings.
pub fn run(program: &Path, filter: &str, jobs: usize) -> Result<Report, SuiteError> {
    let cases = selected(filter)?;
    let venv = if cases.iter().any(|case| case.python) { Some(reference::venv()?) } else { None };
    let program = Program { path: program.to_owned(), venv };
    let mut recorded: BTreeMap<&str, Recordings> = BTreeMap::new();
    for case in &cases {
        recorded.entry(&case.group).or_insert(recordings(&case.group).unwrap_or_default());
    }
    let start = Instant::now();
    let results = each(&cases, jobs, |case| {
        check(case, &program, recorded.get(case.group.as_str()).and_then(|group| group.get(&case.id)))
    });
    let mut groups: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut failures = String::new();
    for (case, result) in cases.iter().zip(&results) {
        let row = groups.entry(&case.group).or_default();
        row[0] += 1;
        match result {
            Ok(()) => row[1] += 1,
            Err(why) => {
                let _infallible = writeln!(failures, "{}: {why}", case.name());
            }
        }
    }
    let passed = results.iter().filter(|result| result.is_ok()).count();
    let mut text = format!("{:<16}{:>8}{:>8}\n", "group", "cases", "passed");
    for (group, [cases, passed]) in &groups {
        let _infallible = writeln!(text, "{group:<16}{cases:>8}{passed:>8}");
    }
    let _infallible = writeln!(
        text,
        "\n{failures}{passed} of {} cases passed in {:.0} s",
        cases.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(Report { text, failed: cases.len() - passed })
}
