//! `cargo xtask kill-matrix`: every kind of fault, killed at every step; the table in `docs/reference/kill-matrix.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use squall_testkit::matrix::{self, STEPS, SUBJECTS, Victim};

use crate::process::{about, is_root, program, read, root};
use crate::{Failure, dist, say};

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("unknown argument `{argument}`")));
    }
    if !is_root() {
        return Err(Failure::Found(
            "the kill matrix needs root: it makes file systems and namespaces".to_owned(),
        ));
    }
    let squall = dist::build()?;
    let mut results = BTreeMap::new();
    for cell in matrix::cells() {
        let result = matrix::play(&cell, &squall);
        if let Err(error) = &result {
            say(&format!("{cell}: {error}"));
        }
        results.insert((cell.subject.kind, cell.step, cell.victim), result);
    }
    let held = results.values().filter(|result| result.is_ok()).count();
    let path = root().join("docs/reference/kill-matrix.md");
    fs::write(&path, page(&results, held)?).map_err(about(&path))?;
    say(&format!("{held} of {} cells: everything was as before", results.len()));
    if held == results.len() {
        Ok(())
    } else {
        Err(Failure::Found("some cells left something behind".to_owned()))
    }
}

type Results = BTreeMap<(&'static str, &'static str, Victim), Result<(), String>>;

fn page(results: &Results, held: usize) -> Result<String, Failure> {
    let commit = read(program("git").args(["rev-parse", "--short", "HEAD"]))?;
    let date = read(program("date").args(["-u", "+%Y-%m-%d"]))?;
    let kernel = read(program("uname").arg("-r"))?;
    let mut page = format!(
        "# The kill matrix\n\nMade by `cargo xtask kill-matrix` on {} at commit {}, Linux {}; do not edit.\n\n\
         Every kind of fault is injected with the shipped program, stopped when it has done a step, and somebody is killed\n\
         there with SIGKILL: the runner, the guard, the runner and then the guard, or both at once. Then the state of the host\n\
         (processes, workers, file systems, firewall tables, queueing disciplines, links) is compared with the state before. Where\n\
         the guard is left it acts by itself, within the kind's bound; where both are gone, `squall undo --all` is called.\n\
         Kinds that happen once must not happen again.\n\n\
         **{held} of {} cells: everything was as before.**\n\n",
        date.trim(),
        commit.trim(),
        kernel.trim(),
        results.len()
    );
    let _infallible = writeln!(page, "| kind | killed | {} |", STEPS.join(" | "));
    let _infallible = writeln!(page, "|---|---|{}", "---|".repeat(STEPS.len()));
    for subject in SUBJECTS {
        for victim in Victim::ALL {
            let cell = |step: &&'static str| match results.get(&(subject.kind, *step, victim)) {
                Some(Ok(())) => "held",
                Some(Err(_)) => "**LEFT**",
                None => "no netem",
            };
            let cells: Vec<&str> = STEPS.iter().map(cell).collect();
            let _infallible =
                writeln!(page, "| {} | {} | {} |", subject.kind, victim.name(), cells.join(" | "));
        }
    }
    Ok(page)
}
