//! `--plan`: what would be done and undone. Nothing is changed.

use std::fmt::Write as _;
use std::time::Duration;

use squall_engine::fault::arguments::Arguments;
use squall_engine::fault::injector::{GRACE, Injector, Plan};
use squall_engine::fault::port::{Description, FaultError, Guard, Lock, Need, Orphaned, Store, StoreError};
use squall_engine::fault::provider::Asked;
use squall_engine::fault::record::{Class, FaultId, Identity, Moment, Record};
use squall_engine::fault::{ledger::Ledger, rails::Rails};
use squall_host::Host;
use squall_model::expr::substitute::Scope;
use squall_model::quantity::show_duration;
use squall_model::{Map, Value, python};

use crate::exit;
use crate::faults::Faults;
use crate::output::print;

/// Plans one fault, without a ledger and without a guard.
///
/// # Errors
/// The arguments do not fit, or the guard rails are not understood.
pub fn of_one(
    kind: &str,
    arguments: &Arguments,
    duration: Option<Duration>,
    faults: &Faults,
) -> Result<Plan, String> {
    let rails = faults.rails()?;
    let injector = planner(rails);
    injector.plan(kind, arguments, duration).map_err(|refusal| refusal.to_string())
}

/// An injector that can only plan.
fn planner(rails: Rails) -> Injector {
    let host = std::rc::Rc::new(Host);
    let nowhere = std::rc::Rc::new(Nowhere);
    Injector::new(host.clone(), host, nowhere.clone(), nowhere, rails, "plan".to_owned())
}

/// Shows what a run of an experiment would do; gives the exit code: 1 where something stands against it.
pub fn of_experiment(experiment: &Map, configuration: &Map, secrets: &Map, faults: &Faults) -> u8 {
    let rails = match faults.rails() {
        Ok(rails) => rails,
        Err(error) => return crate::output::fail(error),
    };
    let injector = planner(rails);
    let scope = Scope::new(Some(configuration), Some(secrets));
    let mut text = String::new();
    let mut code = exit::OK;
    let mut longest = Duration::ZERO;
    for section in ["method", "rollbacks"] {
        let Some(Value::List(activities)) = experiment.get(section) else { continue };
        let _infallible = writeln!(text, "{section}");
        for activity in activities.to_vec() {
            match step(&activity, &injector, &scope) {
                Ok(Step::Fault(name, plan)) => {
                    let bad = !plan.unmet().is_empty() || !plan.objections.is_empty();
                    code = code.max(if bad { exit::FAILED } else { exit::OK });
                    longest += plan.duration.unwrap_or_default();
                    let _infallible = writeln!(text, "- {name}\n{}", indented(&to_text(&plan)));
                }
                Ok(Step::Other(line)) => {
                    let _infallible = writeln!(text, "- {line}");
                }
                Err(error) => {
                    code = exit::FAILED;
                    let _infallible = writeln!(text, "- {error}");
                }
            }
        }
    }
    let _infallible =
        writeln!(text, "faults are held for {} in all, if one follows the other", show_duration(longest));
    print(&text).max(code)
}

enum Step {
    Fault(String, Box<Plan>),
    Other(String),
}

fn step(activity: &Value, injector: &Injector, scope: &Scope) -> Result<Step, String> {
    if let Some(reference) = activity.get("ref") {
        return Ok(Step::Other(format!("{} (as it stands elsewhere)", python::str(&reference))));
    }
    let text = |key: &str| python::str(&activity.get(key).unwrap_or_default());
    let name = text("name");
    let provider = activity.get("provider").unwrap_or_default();
    let kind = python::str(&provider.get("type").unwrap_or_default());
    if kind != "fault" {
        let what = match text("type").as_str() {
            "probe" => "looks only",
            _ => "what it changes cannot be undone by Squall; the rollbacks are the way",
        };
        return Ok(Step::Other(format!("{name}: {} of type {kind}: {what}", text("type"))));
    }
    let told = |error: String| format!("{name}: {error}");
    let asked = Asked::read(&provider, scope, injector.catalogue()).map_err(told)?;
    let plan = injector.plan(asked.kind.name, &asked.arguments, asked.duration);
    Ok(Step::Fault(name.clone(), Box::new(plan.map_err(|refusal| told(refusal.to_string()))?)))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// A plan for people.
pub fn to_text(plan: &Plan) -> String {
    let mut text = format!("{} ({}): {}\n", plan.kind.name, plan.kind.class.name(), plan.summary.title);
    let mut part = |title: &str, lines: &[String]| {
        for (index, line) in lines.iter().enumerate() {
            let title = if index == 0 { title } else { "" };
            let _infallible = writeln!(text, "  {title:<9} {line}");
        }
    };
    let summary = &plan.summary;
    part("targets", &summary.targets);
    part("needs", &summary.needs.iter().map(show_need).collect::<Vec<_>>());
    part("changes", &summary.changes);
    part("undo", &summary.undo);
    part("notes", &summary.notes);
    part("forbidden", &plan.objections);
    part("time", &[time(plan)]);
    part("orphaned", &orphaned(plan.kind).into_iter().collect::<Vec<_>>());
    text
}

/// What becomes of faults of a kind when runner and guard are killed at once.
pub fn orphaned(kind: &Description) -> Option<String> {
    match kind.orphaned {
        Orphaned::Ends(how) => {
            Some(format!("Where runner and guard are both killed it ends by itself: {how}."))
        }
        Orphaned::Waits if kind.class == Class::Held => {
            Some("Where runner and guard are both killed it stays until `squall undo`.".to_owned())
        }
        Orphaned::Waits => None,
    }
}

fn show_need(need: &Need) -> String {
    match &need.unmet {
        None => format!("{}: there", need.what),
        Some(why) => format!("{}: MISSING, {why}", need.what),
    }
}

fn time(plan: &Plan) -> String {
    let held = match plan.duration {
        Some(duration) => format!("held for {}", show_duration(duration)),
        None if plan.kind.class == Class::OneShot => "happens once".to_owned(),
        None => "held until the end of the run".to_owned(),
    };
    let (grace, bound) = (show_duration(GRACE), show_duration(plan.kind.bound));
    format!("{held}; the guard acts {grace} later; the undo is verified within {bound}")
}

/// A plan for programs, as JSON with a line end.
pub fn to_json(plan: &Plan) -> String {
    let texts = |lines: &[String]| Value::list(lines.iter().map(|line| Value::from(line.as_str())));
    let seconds = |duration: Duration| Value::Float(duration.as_secs_f64());
    let needs = plan.summary.needs.iter().map(|need| {
        Value::map([("what", Value::from(need.what.as_str())), ("unmet", Value::from(need.unmet.clone()))])
    });
    let plan = Value::map([
        ("kind", Value::from(plan.kind.name)),
        ("class", Value::from(plan.kind.class.name())),
        ("title", Value::from(plan.summary.title.as_str())),
        ("targets", texts(&plan.summary.targets)),
        ("needs", Value::list(needs)),
        ("changes", texts(&plan.summary.changes)),
        ("undo", texts(&plan.summary.undo)),
        ("notes", texts(&plan.summary.notes)),
        ("forbidden", texts(&plan.objections)),
        ("duration_s", plan.duration.map_or(Value::Null, seconds)),
        ("undo_verified_within_s", seconds(plan.kind.bound)),
    ]);
    super::faults::as_json(plan)
}

/// A ledger and a guard for those who change nothing.
struct Nowhere;

impl Guard for Nowhere {
    fn look(&self) -> Result<(), FaultError> {
        Err(FaultError::new("a plan is not carried out"))
    }
}

impl Store for Nowhere {
    fn append(&self, _: &Record) -> Result<(), StoreError> {
        let source = std::io::Error::other("a plan is not carried out");
        Err(StoreError::Io { place: "nowhere".to_owned(), what: "written", source })
    }

    fn load(&self) -> Result<Ledger, StoreError> {
        Ok(Ledger::default())
    }

    fn lock(&self, _: &FaultId) -> Result<Box<dyn Lock>, StoreError> {
        struct Free;
        impl Lock for Free {}
        Ok(Box::new(Free))
    }

    fn now_micros(&self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
    }

    fn now(&self) -> Moment {
        Moment { boot: String::new(), millis: 0 }
    }

    fn identity(&self) -> Identity {
        Identity { pid: std::process::id(), start: 0, boot: String::new() }
    }

    fn new_id(&self) -> FaultId {
        FaultId::from_bits(0)
    }
}
