//! `squall doctor`: what this host can do, and what it lacks.

use std::fmt::Write as _;

use squall_host::need;
use squall_model::Value;

use crate::args::DoctorArgs;
use crate::exit;
use crate::output::print;

/// Carries out the command; gives the exit code: 1 where something is missing.
pub fn execute(args: &DoctorArgs) -> u8 {
    let survey = need::survey();
    let whole = survey.iter().all(|(_, needs)| needs.iter().all(|need| need.unmet.is_none()));
    let shown = if args.json {
        let groups = survey.into_iter().map(|(group, needs)| {
            let needs = needs.into_iter().map(|need| {
                Value::map([("what", Value::from(need.what)), ("unmet", Value::from(need.unmet))])
            });
            Value::map([("for", Value::from(group)), ("needs", Value::list(needs))])
        });
        super::faults::as_json(Value::list(groups))
    } else {
        let mut text = String::new();
        for (group, needs) in survey {
            let _infallible = writeln!(text, "{group}");
            for need in needs {
                let _infallible = match need.unmet {
                    None => writeln!(text, "  there    {}", need.what),
                    Some(why) => writeln!(text, "  missing  {}: {why}", need.what),
                };
            }
        }
        text
    };
    print(&shown).max(if whole { exit::OK } else { exit::FAILED })
}
