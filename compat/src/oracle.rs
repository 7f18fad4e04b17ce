//! What both sets of cases have in common: files of cases, recordings beside them, and many cases at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::case::{CaseError, home};
use crate::compare::first_difference;
use crate::json::{Json, JsonError};
use crate::program::Program;
use crate::reference::{self, ReferenceError};

/// Cases that run at the same time when nothing else is asked for. They wait more than they work.
pub const JOBS: usize = 3;

/// A case of the oracle, of one set or the other.
pub trait Recorded: Clone + Send + Sync {
    /// The folder of the set below `compat`, with `cases` and `recorded` in it.
    const FOLDER: &'static str;
    /// What recordings of the set are made with, beside Python.
    const TOOLS: &'static str;
    /// The command that makes them.
    const COMMAND: &'static str;

    /// The cases of one group.
    fn load(group: &str) -> Result<Vec<Self>, CaseError>;
    /// The name of its group.
    fn group(&self) -> &str;
    /// Its name within the group.
    fn id(&self) -> &str;
    /// Whether the program needs the reference's interpreter.
    fn needs_python(&self) -> bool;
    /// Whether Squall is meant to differ.
    fn is_difference(&self) -> bool;
    /// What the reference makes of it; the error is why that cannot be a recording.
    fn record(&self, reference: &Program) -> Result<Json, String>;
    /// Judges what the program makes of it by the recording; the error is the first difference.
    fn check(&self, program: &Program, recorded: &Json) -> Result<(), String>;
    /// Runs it through the reference and the program now, and judges the second by the first.
    fn check_live(&self, reference: &Program, program: &Program) -> Result<(), String>;

    /// `group::id`.
    fn name(&self) -> String {
        format!("{}::{}", self.group(), self.id())
    }
}

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
    #[error("the reference does not do what is recorded; run `{command}`:\n{changes}")]
    Changed {
        /// The command that records anew.
        command: &'static str,
        /// A line for each case.
        changes: String,
    },
}

/// The recordings of one group, by the ids of its cases.
pub type Recordings = BTreeMap<String, Json>;

/// The names of all groups, in order.
pub fn groups<C: Recorded>() -> Result<Vec<String>, CaseError> {
    let folder = home().join(C::FOLDER).join("cases");
    let entries = fs::read_dir(&folder).map_err(|source| CaseError::Read { path: folder, source })?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            (path.extension()? == "yaml").then(|| Some(path.file_stem()?.to_string_lossy().into_owned()))?
        })
        .collect();
    names.sort();
    Ok(names)
}

/// All cases of all groups.
pub fn all<C: Recorded>() -> Result<Vec<C>, CaseError> {
    Ok(groups::<C>()?.iter().map(|group| C::load(group)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// The cases whose name contains `filter`. One that begins with a group reads no other.
pub fn selected<C: Recorded>(filter: &str) -> Result<Vec<C>, SuiteError> {
    let group = filter.split_once("::").map(|(group, _)| group.to_owned());
    let known = groups::<C>()?;
    let cases = match group.filter(|group| known.contains(group)) {
        Some(group) => C::load(&group)?,
        None => all()?,
    };
    let cases: Vec<C> = cases.into_iter().filter(|case| case.name().contains(filter)).collect();
    if cases.is_empty() { Err(SuiteError::NoCase(filter.to_owned())) } else { Ok(cases) }
}

fn recording_path<C: Recorded>(group: &str) -> PathBuf {
    home().join(C::FOLDER).join("recorded").join(format!("{group}.json"))
}

/// What the reference made of the cases of a group, by id.
pub fn recordings<C: Recorded>(group: &str) -> Result<Recordings, SuiteError> {
    let path = recording_path::<C>(group);
    let text = fs::read_to_string(&path).map_err(|source| SuiteError::Io { path: path.clone(), source })?;
    let value = Json::parse(&text).map_err(|source| SuiteError::Json { path, source })?;
    Ok(value.get("cases").and_then(Json::as_object).into_iter().flatten().cloned().collect())
}

/// Runs one case and judges it by its recording, which must be there.
pub fn check<C: Recorded>(case: &C, program: &Program, recorded: Option<&Json>) -> Result<(), String> {
    let recorded = recorded.ok_or_else(|| format!("there is no recording; run `{}`", C::COMMAND))?;
    case.check(program, recorded)
}

/// The program, and the interpreter that the case needs with it.
pub fn program<C: Recorded>(path: &Path, case: &C) -> Result<Program, ReferenceError> {
    let venv = if case.needs_python() { Some(reference::venv()?) } else { None };
    Ok(Program { path: path.to_owned(), venv })
}

/// What a judgement says: the first difference, what the case is for, and the end of what was said.
pub(crate) fn verdict(difference: Option<String>, why: &str, stderr: &str) -> Result<(), String> {
    difference.map_or(Ok(()), |difference| {
        let end: Vec<&str> = stderr.lines().rev().take(8).collect();
        let end = end.into_iter().rev().collect::<Vec<_>>().join("\n  | ");
        Err(format!("{difference}\n  {why}\n  | {end}"))
    })
}

/// Applies `work` to every case, `jobs` at a time; the results are in the order of the cases.
fn each<C: Sync, T: Send>(cases: &[C], jobs: usize, work: impl Fn(&C) -> T + Sync) -> Vec<T> {
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
pub fn record<C: Recorded>(filter: &str, jobs: usize, check: bool) -> Result<String, SuiteError> {
    let reference = reference::program()?;
    let venv = reference.venv.clone().unwrap_or_default();
    let cases = selected::<C>(filter)?;
    let results = each(&cases, jobs, |case| case.record(&reference));
    let (mut unfit, mut changes) = (String::new(), String::new());
    let mut made: BTreeMap<&str, Recordings> = BTreeMap::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Ok(observed) => {
                drop(made.entry(case.group()).or_default().insert(case.id().to_owned(), observed))
            }
            Err(why) => {
                let _infallible = writeln!(unfit, "{}: {why}", case.name());
            }
        }
    }
    for (group, new) in made {
        let known: Vec<String> = C::load(group)?.iter().map(|case| case.id().to_owned()).collect();
        let mut all = recordings::<C>(group).unwrap_or_default();
        if check {
            for (id, observed) in new {
                if let Some(difference) = first_difference(all.get(&id).unwrap_or(&Json::Null), &observed) {
                    let _infallible = writeln!(changes, "{group}::{id}: {difference}");
                }
            }
            continue;
        }
        all.extend(new);
        all.retain(|id, _| known.contains(id));
        write_recordings::<C>(group, &venv, all)?;
    }
    match (unfit.is_empty(), changes.is_empty()) {
        (false, _) => Err(SuiteError::Unfit(unfit)),
        (_, false) => Err(SuiteError::Changed { command: C::COMMAND, changes }),
        _ => Ok(format!("{} cases {}\n", cases.len(), if check { "are as recorded" } else { "recorded" })),
    }
}

fn write_recordings<C: Recorded>(group: &str, venv: &Path, all: Recordings) -> Result<(), SuiteError> {
    let path = recording_path::<C>(group);
    let by = format!("{}, Python {}", C::TOOLS, reference::python_version(venv)?);
    let file = Json::Object(vec![
        ("recorded with".to_owned(), Json::text(by)),
        ("cases".to_owned(), Json::Object(all.into_iter().collect())),
    ]);
    fs::write(&path, file.pretty() + "\n").map_err(|source| SuiteError::Io { path, source })
}

/// What came of a whole run of the suite.
#[derive(Debug)]
pub struct Report {
    /// The table of groups and the differences, ready to print.
    pub text: String,
    /// How many cases failed.
    pub failed: usize,
}

/// Runs the selected cases with the program at `path` and compares with the recordings.
pub fn run<C: Recorded>(path: &Path, filter: &str, jobs: usize) -> Result<Report, SuiteError> {
    let cases = selected::<C>(filter)?;
    let mut recorded: BTreeMap<&str, Recordings> = BTreeMap::new();
    for case in &cases {
        if !recorded.contains_key(case.group()) {
            recorded.insert(case.group(), recordings::<C>(case.group())?);
        }
    }
    let start = Instant::now();
    let results = each(&cases, jobs, |case| {
        let program = program(path, case).map_err(|error| error.to_string())?;
        check(case, &program, recorded.get(case.group()).and_then(|group| group.get(case.id())))
    });
    Ok(report(&cases, &results, start.elapsed()))
}

fn report<C: Recorded>(cases: &[C], results: &[Result<(), String>], wall: Duration) -> Report {
    let mut groups: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut failures = String::new();
    for (case, result) in cases.iter().zip(results) {
        let row = groups.entry(case.group()).or_default();
        let (passed, differs) = (usize::from(result.is_ok()), usize::from(case.is_difference()));
        for (cell, more) in row.iter_mut().zip([1, passed, differs, passed * differs]) {
            *cell += more;
        }
        if let Err(why) = result {
            let _infallible = writeln!(failures, "{}: {why}", case.name());
        }
    }
    let mut text = format!("{:<16}{:>8}{:>8}{:>24}\n", "group", "cases", "passed", "intended differences");
    let mut total = [0; 4];
    for row in groups.values() {
        total.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
    }
    for (group, row) in groups.into_iter().chain([("all", total)]) {
        let [cases, passed, differences, met] = row;
        let differences = format!("{met}/{differences}");
        let _infallible = writeln!(text, "{group:<16}{cases:>8}{passed:>8}{differences:>24}");
    }
    if !failures.is_empty() {
        let _infallible = write!(text, "\n{failures}");
    }
    let [cases, passed, ..] = total;
    let _infallible = writeln!(text, "\n{passed} of {cases} cases passed in {:.0} s", wall.as_secs_f64());
    Report { text, failed: cases - passed }
}
