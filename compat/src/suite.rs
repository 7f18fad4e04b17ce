//! Many cases at a time: judging a program, and recording the reference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::case::{self, Case, CaseError, Loose};
use crate::compare::first_difference;
use crate::json::{Json, JsonError};
use crate::observation::observe;
use crate::program::{Outcome, Program, RunError};
use crate::reference::{self, ReferenceError};

/// Cases that run at the same time when nothing else is asked for. They wait more than they work.
pub const JOBS: usize = 3;

/// Why recordings cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The cases cannot be loaded.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The reference is not at hand.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A recording cannot be read or written.
    #[error("`{path}`: {source}")]
    Io {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A recording is not JSON.
    #[error("`{path}`: {source}")]
    Json {
        /// The recording.
        path: PathBuf,
        /// Where and why.
        source: JsonError,
    },
    /// The filter leaves nothing.
    #[error("no case has `{0}` in its name")]
    NoCase(String),
    /// What the reference did cannot be recorded.
    #[error("not recorded:\n{0}")]
    Unfit(String),
    /// Recordings are not what they were.
    #[error("the reference does not do what is recorded; run `cargo xtask compat record`:\n{0}")]
    Changed(String),
}

/// The recordings of one group.
pub type Recordings = BTreeMap<String, Json>;

fn recording_path(group: &str) -> PathBuf {
    case::home().join("recorded").join(format!("{group}.json"))
}

/// What the reference made of the cases of a group, by id.
pub fn recordings(group: &str) -> Result<Recordings, SuiteError> {
    let path = recording_path(group);
    let text =
        std::fs::read_to_string(&path).map_err(|source| SuiteError::Io { path: path.clone(), source })?;
    let value = Json::parse(&text).map_err(|source| SuiteError::Json { path, source })?;
    Ok(value.get("cases").and_then(Json::as_object).into_iter().flatten().cloned().collect())
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
    difference.map_or(Ok(()), |difference| {
        let end: Vec<&str> = outcome.stderr.lines().rev().take(8).collect();
        let end = end.into_iter().rev().collect::<Vec<_>>().join("\n  | ");
        Err(format!("{difference}\n  {}\n  | {end}", case.why))
    })
}

fn unsaid(case: &Case, outcome: &Outcome) -> Option<String> {
    let missing = |texts: &[String], place: &str, had: &str| {
        let missing = texts.iter().find(|text| !had.contains(text.as_str()));
        missing.map(|text| format!("{place} lacks `{text}`"))
    };
    missing(&case.says, "standard error", &outcome.stderr)
        .or_else(|| missing(&case.prints, "standard output", &outcome.stdout))
}

/// Runs one case and judges it.
pub fn check(case: &Case, program: &Program, recorded: Option<&Json>) -> Result<(), String> {
    let recorded = recorded.ok_or("there is no recording; run `cargo xtask compat record`")?;
    let outcome = program.run(case).map_err(|error| error.to_string())?;
    judge(case, &outcome, recorded)
}

/// Runs one case through the reference and the program now, and judges the second by the first.
pub fn check_live(case: &Case, reference: &Program, program: &Program) -> Result<(), String> {
    let fail = |error: RunError| error.to_string();
    let reference = observe(case, &reference.run(case).map_err(fail)?);
    judge(case, &program.run(case).map_err(fail)?, &reference)
}

/// The cases whose name contains `filter`.
pub fn selected(filter: &str) -> Result<Vec<Case>, SuiteError> {
    let cases: Vec<Case> = case::all()?.into_iter().filter(|case| case.name().contains(filter)).collect();
    if cases.is_empty() { Err(SuiteError::NoCase(filter.to_owned())) } else { Ok(cases) }
}

/// Applies `work` to every case, `jobs` at a time; the results are in the order of the cases.
pub(crate) fn each<C: Sync, T: Send>(cases: &[C], jobs: usize, work: impl Fn(&C) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(cases.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some((index, case)) =
                    Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|i| Some((i, cases.get(i)?)))
                {
                    let result = work(case);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Records what the reference makes of the selected cases, and says how many were recorded. With
/// `check` nothing is written, and a recording that would change is an error.
pub fn record(filter: &str, jobs: usize, check: bool) -> Result<String, SuiteError> {
    let reference = reference::program()?;
    let venv = reference.venv.clone().unwrap_or_default();
    let cases = selected(filter)?;
    let results = each(&cases, jobs, |case| record_one(case, &reference));
    let mut unfit = String::new();
    let mut made: BTreeMap<&str, Recordings> = BTreeMap::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Ok(observed) => drop(made.entry(&case.group).or_default().insert(case.id.clone(), observed)),
            Err(why) => {
                let _infallible = writeln!(unfit, "{}: {why}", case.name());
            }
        }
    }
    let mut changed = String::new();
    for (group, new) in made {
        let known: Vec<String> = case::load(group)?.into_iter().map(|case| case.id).collect();
        let old = recordings(group).unwrap_or_default();
        if check {
            for (id, observed) in new {
                let was = old.get(&id).unwrap_or(&Json::Null);
                if let Some(difference) = first_difference(was, &observed) {
                    let _infallible = writeln!(changed, "{group}::{id}: {difference}");
                }
            }
            continue;
        }
        let mut all = old;
        all.extend(new);
        all.retain(|id, _| known.contains(id));
        write_recordings(group, &venv, all)?;
    }
    match (unfit.is_empty(), changed.is_empty()) {
        (false, _) => Err(SuiteError::Unfit(unfit)),
        (_, false) => Err(SuiteError::Changed(changed)),
        _ => Ok(format!("{} cases {}\n", cases.len(), if check { "are as recorded" } else { "recorded" })),
    }
}

fn record_one(case: &Case, reference: &Program) -> Result<Json, String> {
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

fn write_recordings(group: &str, venv: &Path, all: Recordings) -> Result<(), SuiteError> {
    let path = recording_path(group);
    let by =
        format!("chaostoolkit 1.19.0, chaostoolkit-lib 1.44.0, Python {}", reference::python_version(venv)?);
    let file = Json::Object(vec![
        ("recorded with".to_owned(), Json::text(by)),
        ("cases".to_owned(), Json::Object(all.into_iter().collect())),
    ]);
    std::fs::write(&path, file.pretty() + "\n").map_err(|source| SuiteError::Io { path, source })
}

/// What came of a whole run of the suite.
#[derive(Debug)]
pub struct Report {
    /// The table of groups and the differences, ready to print.
    pub text: String,
    /// How many cases failed.
    pub failed: usize,
}

/// Runs the selected cases with a program and compares with the recordings.
pub fn run(program: &Path, filter: &str, jobs: usize) -> Result<Report, SuiteError> {
    let cases = selected(filter)?;
    let venv = if cases.iter().any(|case| case.python) { Some(reference::venv()?) } else { None };
    let program = Program { path: program.to_owned(), venv };
    let mut recorded: BTreeMap<&str, Recordings> = BTreeMap::new();
    for case in &cases {
        if !recorded.contains_key(case.group.as_str()) {
            recorded.insert(&case.group, recordings(&case.group)?);
        }
    }
    let start = Instant::now();
    let results = each(&cases, jobs, |case| {
        check(case, &program, recorded.get(case.group.as_str()).and_then(|group| group.get(&case.id)))
    });
    Ok(report(&cases, &results, start.elapsed()))
}

fn report(cases: &[Case], results: &[Result<(), String>], wall: Duration) -> Report {
    let mut groups: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut failures = String::new();
    for (case, result) in cases.iter().zip(results) {
        let row = groups.entry(&case.group).or_default();
        let (passed, differs) = (usize::from(result.is_ok()), usize::from(case.differs.is_some()));
        for (cell, more) in row.iter_mut().zip([1, passed, differs, passed * differs]) {
            *cell += more;
        }
        if let Err(why) = result {
            let _infallible = writeln!(failures, "{}: {why}", case.name());
        }
    }
    let mut text = format!("{:<16}{:>8}{:>8}{:>24}\n", "group", "cases", "passed", "intended differences");
    let mut total = [0; 4];
    for (group, row) in &groups {
        let _ =
            writeln!(text, "{group:<16}{:>8}{:>8}{:>24}", row[0], row[1], format!("{}/{}", row[3], row[2]));
        total.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
    }
    let _infallible = writeln!(
        text,
        "{:<16}{:>8}{:>8}{:>24}",
        "all",
        total[0],
        total[1],
        format!("{}/{}", total[3], total[2])
    );
    if !failures.is_empty() {
        let _infallible = write!(text, "\n{failures}");
    }
    let _infallible =
        writeln!(text, "\n{} of {} cases passed in {:.0} s", total[1], total[0], wall.as_secs_f64());
    Report { text, failed: total[0] - total[1] }
}
