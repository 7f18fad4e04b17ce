//! Running cases, judging them by recordings, and making the recordings.

use std::fs;
use std::time::SystemTime;

use crate::case::{CaseError, home};
use crate::compare::first_difference;
use crate::json::{Json, Members};
use crate::oracle::{self, Recorded, SuiteError, verdict};
use crate::program::Program;

use super::call::Call;
use super::case::{self, AwsCase, Class, Loose, What};
use super::experiment::{named, program_case};
use super::moto::Account;
use super::normal::hash;
use super::observation::{Ran, journal, observe};
use super::recording::Recording;

impl Recorded for AwsCase {
    const FOLDER: &'static str = "aws";
    const TOOLS: &'static str = "chaostoolkit-aws 0.35.1, boto3 1.44.5, moto 5.2.5";
    const COMMAND: &'static str = "cargo xtask compat record --suite aws";

    fn load(group: &str) -> Result<Vec<Self>, CaseError> {
        case::load(group)
    }

    fn group(&self) -> &str {
        &self.group
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn needs_python(&self) -> bool {
        self.python
    }

    fn is_difference(&self) -> bool {
        self.differs.is_some()
    }

    fn record(&self, reference: &Program) -> Result<Json, String> {
        record(self, reference)
    }

    fn check(&self, program: &Program, recorded: &Json) -> Result<(), String> {
        judge(self, &run_case(self, program)?, &content(recorded))
    }

    fn check_live(&self, reference: &Program, program: &Program) -> Result<(), String> {
        let reference = observe(self, &run_case(self, reference)?);
        judge(self, &run_case(self, program)?, &reference)
    }
}

/// A fingerprint of everything that a recording depends on, as far as it stands in the case.
#[must_use]
pub fn fingerprint(case: &AwsCase) -> String {
    let run = (&case.what, &case.sections, &case.variables, &case.args);
    let file = match &case.what {
        What::File(file) => fs::read_to_string(home().join("..").join(file)).unwrap_or_default(),
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
    verdict(difference, &case.why, &ran.outcome.stderr)
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

/// The cases that are run through both tools: of every group the first that succeeds.
pub fn sample() -> Result<Vec<AwsCase>, SuiteError> {
    let mut sample = Vec::new();
    for group in oracle::groups::<AwsCase>()? {
        sample.extend(case::load(&group)?.into_iter().find(|case| case.class == Class::Ok));
    }
    Ok(sample)
}

fn record(case: &AwsCase, reference: &Program) -> Result<Json, String> {
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
