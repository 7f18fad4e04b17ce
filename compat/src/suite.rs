//! Cases of experiments and commands: run, judged by what the reference made of them, and recorded.

use crate::case::{self, Case, CaseError, Loose};
use crate::compare::first_difference;
use crate::json::Json;
use crate::observation::observe;
use crate::oracle::{Recorded, verdict};
use crate::program::{Outcome, Program, RunError};

impl Recorded for Case {
    const FOLDER: &'static str = "";
    const TOOLS: &'static str = "chaostoolkit 1.19.0, chaostoolkit-lib 1.44.0";
    const COMMAND: &'static str = "cargo xtask compat record";

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
        judge(self, &program.run(self).map_err(|error| error.to_string())?, recorded)
    }

    fn check_live(&self, reference: &Program, program: &Program) -> Result<(), String> {
        let fail = |error: RunError| error.to_string();
        let reference = observe(self, &reference.run(self).map_err(fail)?);
        judge(self, &program.run(self).map_err(fail)?, &reference)
    }
}

/// Judges what a program made of a case by what the reference made of it; the error is the first
/// difference.
pub fn judge(case: &Case, outcome: &Outcome, recorded: &Json) -> Result<(), String> {
    if outcome.unsent > 0 {
        return Err(format!("{} of {} signals never became due", outcome.unsent, case.signals.len()));
    }
    let difference = match &case.differs {
        Some(differs) => differs.expect.first_failure(outcome),
        None => unsaid(case, outcome).or_else(|| first_difference(recorded, &observe(case, outcome))),
    };
    verdict(difference, &case.why, &outcome.stderr)
}

fn unsaid(case: &Case, outcome: &Outcome) -> Option<String> {
    let missing = |texts: &[String], place: &str, had: &str| {
        let missing = texts.iter().find(|text| !had.contains(text.as_str()));
        missing.map(|text| format!("{place} lacks `{text}`"))
    };
    missing(&case.says, "standard error", &outcome.stderr)
        .or_else(|| missing(&case.prints, "standard output", &outcome.stdout))
}

fn record(case: &Case, reference: &Program) -> Result<Json, String> {
    let outcome = reference.run(case).map_err(|error| error.to_string())?;
    let observed = observe(case, &outcome);
    if let Some(differs) = &case.differs {
        return match differs.expect.first_failure(&outcome) {
            Some(_) if case.loose.contains(&Loose::Reference) => {
                Ok(Json::Object(vec![("exit".to_owned(), Json::text("<ANY>"))]))
            }
            Some(_) => Ok(observed),
            None => Err(format!("the reference does what {} expects of Squall: no difference", differs.id)),
        };
    }
    if outcome.unsent > 0 {
        return Err("a signal never became due".to_owned());
    }
    if observed.get("crash").is_some() || observed.get("exit").and_then(Json::as_int).is_none() {
        let end: Vec<&str> = outcome.stderr.lines().rev().take(3).collect();
        return Err(format!("the reference crashes or hangs, declare a difference: {end:?}"));
    }
    match unsaid(case, &outcome) {
        Some(missing) => Err(format!("{missing}, which is: {}", outcome.stderr)),
        None => Ok(observed),
    }
}
