//! `squall journal`: the journal of a run from its run log.

use squall_model::event::{RunEvent, RunEventKind, Status};
use squall_model::journal::Journal;
use squall_model::{Value, json, time};

use super::Context;
use crate::args::JournalArgs;
use crate::cmd::run::write_journal;
use crate::{exit, output, runlog};

/// Carries out the command; gives the exit code.
pub fn execute(args: &JournalArgs, _cx: &Context) -> u8 {
    let recorded = match runlog::read(&args.run_log) {
        Ok(recorded) => recorded,
        Err(error) => return output::fail(error),
    };
    if recorded.torn {
        log::warn!("the last record of the run log was cut off and is left out");
    }
    let journal = rebuild(&recorded.events);
    match &args.output {
        None => {
            let mut text = json::write(&Value::Map(journal.root().clone()), &json::Style::default());
            text.push('\n');
            output::print(&text)
        }
        Some(path) => match write_journal(path, journal.root()) {
            Ok(()) => {
                log::info!("Journal saved in '{}'", path.display());
                exit::OK
            }
            Err(error) => {
                output::fail(format_args!("cannot write the journal to `{}`: {error}", path.display()))
            }
        },
    }
}

/// The journal that the events make. A run that was killed has the status `interrupted`, and ends with
/// its last event.
pub fn rebuild(events: &[RunEvent]) -> Journal {
    let mut journal = Journal::new();
    let mut ended = false;
    for event in events {
        ended |= matches!(event.kind, RunEventKind::RunEnded { .. });
        journal.apply(&event.kind);
    }
    if let (false, Some(last)) = (ended, events.last()) {
        journal.apply(&RunEventKind::RunEnded {
            status: Status::Interrupted,
            end: time::iso_from_micros(last.at).into(),
            duration: last.elapsed.as_secs_f64(),
        });
    }
    journal
}
