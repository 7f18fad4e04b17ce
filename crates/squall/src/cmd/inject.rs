//! `squall inject`: a fault by hand, held for a while, with what is left of its time.

use std::io::{IsTerminal, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};
use squall_engine::fault::arguments::{Arguments, Form};
use squall_engine::fault::injector::{Injector, Refusal};
use squall_engine::fault::port::{Catalogue, Description};
use squall_engine::fault::record::{Class, FaultId};
use squall_host::Host;
use squall_model::Value;
use squall_model::quantity;
use squall_os::signals::Signals;

use super::{Context, plan};
use crate::args::InjectArgs;
use crate::faults::{Faults, halt, show};
use crate::output::{complain, print};
use crate::wiring::{Adapters, block_on};
use crate::{exit, output, settings};

/// Carries out the command; gives the exit code.
pub fn execute(args: &InjectArgs, cx: &Context) -> u8 {
    let name = match args.words.split_first() {
        Some((name, _)) if !name.starts_with('-') => name,
        _ => {
            let kinds = super::faults::table();
            return print(&format!(
                "Usage: {0} inject KIND [OPTIONS] --for DURATION\n\n{kinds}\n`{0} inject KIND --help` shows a kind's \
                 options.\n",
                cx.program_name
            ));
        }
    };
    let Some(kind) = Host.kind(name) else {
        complain(format_args!("Error: {}", squall_engine::fault::injector::no_such_kind(&Host, name)));
        return exit::USAGE;
    };
    let given = match grammar(kind, &cx.program_name).try_get_matches_from(&args.words) {
        Ok(given) => given,
        Err(error) => {
            let help = !error.use_stderr();
            let _ = error.print();
            return if help { exit::OK } else { exit::USAGE };
        }
    };
    let asked = match Asked::of(kind, &given) {
        Ok(asked) => asked,
        Err(problems) => {
            problems.iter().for_each(|problem| complain(format_args!("Error: {problem}")));
            return exit::USAGE;
        }
    };
    block_on(async {
        let settings = match settings::load(&cx.settings_path, &cx.redactor) {
            Ok(settings) => settings.map_or(Value::Null, Value::Map),
            Err(error) => return output::fail(error),
        };
        let adapters = Adapters::new();
        adapters.faults.begin(&format!("inject-{}", uuid::Uuid::new_v4()), &settings);
        let code = inject(kind, &asked, &adapters).await;
        adapters.faults.end();
        code
    })
}

/// What the command line asks for.
struct Asked {
    arguments: Arguments,
    duration: Option<Duration>,
    plan: bool,
    json: bool,
}

impl Asked {
    fn of(kind: &'static Description, given: &ArgMatches) -> Result<Self, Vec<String>> {
        let mut texts = Vec::new();
        for parameter in kind.parameters {
            if parameter.form == Form::Flag {
                if given.get_flag(parameter.name) {
                    texts.push((parameter.name.to_owned(), "true".to_owned()));
                }
                continue;
            }
            let values = given.get_many::<String>(parameter.name).into_iter().flatten();
            texts.extend(values.map(|text| (parameter.name.to_owned(), text.clone())));
        }
        let mut problems = Vec::new();
        let duration = given.get_one::<String>("for").map(|text| quantity::duration(text));
        let duration = duration.transpose().unwrap_or_else(|expected| {
            problems.push(format!("`--for`: {expected}"));
            None
        });
        let arguments = Arguments::from_texts(kind.parameters, &texts).unwrap_or_else(|found| {
            problems.extend(found.iter().map(ToString::to_string));
            Arguments::default()
        });
        let plan = given.get_flag("plan");
        if duration.is_none() && kind.class != Class::OneShot && !plan && problems.is_empty() {
            problems.push(
                "`--for` is missing: how long is the fault to be held? for example `--for 60s`".to_owned(),
            );
        }
        let json = given.get_flag("json");
        if problems.is_empty() { Ok(Asked { arguments, duration, plan, json }) } else { Err(problems) }
    }
}

/// The options of a kind, and those that every kind has.
pub fn grammar(kind: &'static Description, program: &str) -> Command {
    let mut command = Command::new(kind.name)
        .bin_name(format!("{program} inject {}", kind.name))
        .about(kind.summary)
        .next_line_help(false);
    for parameter in kind.parameters {
        let mut help = parameter.help.to_owned();
        if let Some(default) = parameter.default.filter(|_| parameter.form != Form::Flag) {
            help.push_str(&format!(" [default: {default}]"));
        }
        // `clap` wants names that last; a command line is read once.
        let mut arg = Arg::new(parameter.name).long(&*parameter.option().leak()).help(help);
        arg = match parameter.form {
            Form::Flag => arg.action(ArgAction::SetTrue),
            Form::Texts => arg.action(ArgAction::Append).value_name("TEXT").allow_hyphen_values(true),
            form => arg.value_name(value_name(form)).allow_hyphen_values(true),
        };
        command = command.arg(arg);
    }
    let duration =
        Arg::new("for").long("for").value_name("DURATION").help("How long it is held, such as 60s");
    let plan = Arg::new("plan").long("plan").action(ArgAction::SetTrue);
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    command
        .arg(duration)
        .arg(plan.help("Show what would be done and undone, and change nothing"))
        .arg(json.help("Print the plan or the outcome as JSON"))
}

fn value_name(form: Form) -> &'static str {
    match form {
        Form::Whole(..) | Form::Number(..) => "NUMBER",
        Form::Percent(_) => "PERCENT",
        Form::Duration => "DURATION",
        Form::Bytes => "SIZE",
        Form::Rate => "RATE",
        Form::Choice(_) => "WORD",
        Form::Flag | Form::Text | Form::Texts => "TEXT",
    }
}

async fn inject(kind: &'static Description, asked: &Asked, adapters: &Adapters) -> u8 {
    let faults = &adapters.faults;
    let planned = if asked.plan {
        plan::of_one(kind.name, &asked.arguments, asked.duration, faults)
    } else {
        faults.injector(&adapters.interrupts).and_then(|injector| {
            injector.plan(kind.name, &asked.arguments, asked.duration).map_err(|refusal| refusal.to_string())
        })
    };
    let planned = match planned {
        Ok(planned) => planned,
        Err(error) => return output::fail(error),
    };
    if asked.plan {
        let code =
            if planned.unmet().is_empty() && planned.objections.is_empty() { exit::OK } else { exit::FAILED };
        let shown = if asked.json { plan::to_json(&planned) } else { plan::to_text(&planned) };
        return print(&shown).max(code);
    }
    if let Some(refusal) = halt::refusal() {
        return output::fail(refusal);
    }
    // Before the first change: a signal from now on ends in an undo.
    let mut signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => return output::fail(format_args!("cannot listen for signals: {error}")),
    };
    let injector = match faults.injector(&adapters.interrupts) {
        Ok(injector) => injector,
        Err(error) => return output::fail(error),
    };
    let title = planned.summary.title.clone();
    let fault = match injector.inject(planned) {
        Ok(fault) => fault,
        Err(refusal) => return refused(&refusal),
    };
    let length = asked.duration.map(|duration| format!(", for {}", quantity::show_duration(duration)));
    log::warn!("Fault {fault}: {title}{}", length.unwrap_or_default());
    let ended = hold(kind, &injector, &fault, asked.duration, &mut signals).await;
    let report = injector.report(&fault);
    let clean_up = injector.undo(&fault);
    let in_time = clean_up.is_some_and(|clean_up| clean_up.is_by_guard());
    let ended = if in_time { Ok(()) } else { ended };
    conclude(faults, &injector, ended, &report, asked.json)
}

fn refused(refusal: &Refusal) -> u8 {
    log::error!("{refusal}");
    match refusal {
        Refusal::NotApplied { clean_up, .. } if !clean_up.is_verified() => exit::UNVERIFIED,
        _ => exit::FAILED,
    }
}

/// Holds a fault until its time is over or a signal comes; an error is why it ended before.
async fn hold(
    kind: &Description,
    injector: &Rc<Injector>,
    fault: &FaultId,
    duration: Option<Duration>,
    signals: &mut Signals,
) -> Result<(), String> {
    let Some(duration) = duration else { return Ok(()) };
    let end = Instant::now() + duration;
    let mut shown = Countdown::new(kind.name);
    let interval = injector.interval(fault).unwrap_or(Duration::MAX);
    let mut next_tick = Instant::now().checked_add(interval);
    loop {
        let now = Instant::now();
        if now >= end {
            break;
        }
        // Without a guard it was put back; a run would have been interrupted.
        if !injector.held().contains(fault) {
            return Err("no guard could be had, so it was put back".to_owned());
        }
        shown.show(end - now);
        if next_tick.is_some_and(|tick| tick <= now) {
            injector.tick(fault).map_err(|error| error.to_string())?;
            next_tick = now.checked_add(interval);
        }
        let mut until = (end - now).min(Duration::from_secs(1));
        if let Some(tick) = next_tick {
            until = until.min(tick.saturating_duration_since(now));
        }
        tokio::select! {
            signal = signals.next() => {
                shown.clear();
                log::warn!("Received signal {}; putting everything back now", signal.number());
                return Ok(());
            }
            () = squall_os::timer::sleep(until) => {}
        }
    }
    shown.clear();
    if kind.class == Class::Held { injector.verify(fault).map_err(|error| error.to_string()) } else { Ok(()) }
}

fn conclude(
    faults: &Faults,
    injector: &Injector,
    ended: Result<(), String>,
    report: &Value,
    as_json: bool,
) -> u8 {
    if as_json {
        let outcome = faults.journal().unwrap_or(Value::Null);
        if let Some(map) = outcome.as_map() {
            map.insert("report", report.clone());
            map.insert("ended_early", Value::from(ended.as_ref().err().cloned()));
        }
        print(&super::faults::as_json(outcome));
    } else if !report.is_null() {
        log::info!("It did: {}", squall_model::python::str(report));
    }
    let left = show::left(&injector.clean_ups());
    if !left.is_empty() {
        left.iter().for_each(|line| log::error!("Left behind: {line}"));
        return exit::UNVERIFIED;
    }
    for found in show::found(&injector.clean_ups()) {
        log::info!("Put back and verified: {found}");
    }
    match ended {
        Ok(()) => exit::OK,
        Err(error) => output::fail(format_args!("the fault ended before its time: {error}")),
    }
}

/// What is left of the time, on a terminal.
struct Countdown {
    name: &'static str,
    terminal: bool,
    shown: bool,
}

impl Countdown {
    fn new(name: &'static str) -> Self {
        Countdown { name, terminal: std::io::stderr().is_terminal(), shown: false }
    }

    fn show(&mut self, left: Duration) {
        if self.terminal {
            let seconds = left.as_secs_f64().ceil() as u64;
            let left = quantity::show_duration(Duration::from_secs(seconds));
            let _ = write!(std::io::stderr(), "\r\x1b[K{}: {left} left (Ctrl-C puts it back now)", self.name);
            self.shown = true;
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        self.clear();
    }
}
