//! The page with the figures.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::REFERENCE;
use super::items::Table;
use crate::Failure;
use crate::process::{program, read};

/// What the figures depend on.
pub struct Facts {
    date: String,
    processor: String,
    cores: usize,
    memory: String,
    kernel: String,
    rustc: String,
    python: String,
    commit: String,
}

impl Facts {
    /// Asks this machine. Nothing that names it is kept.
    pub fn gather(venv: &Path) -> Result<Self, Failure> {
        let line = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
            value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
        };
        let memory = line("/proc/meminfo", "MemTotal");
        let kib: u64 = memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let said = |command: &mut std::process::Command| Ok::<_, Failure>(read(command)?.trim().to_owned());
        Ok(Facts {
            date: Timestamp::now().strftime("%Y-%m-%d").to_string(),
            processor: line("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: format!("{} GiB", (kib + (1 << 19)) >> 20),
            kernel: said(program("uname").arg("-r"))?,
            rustc: said(program("rustc").arg("--version"))?,
            python: said(program(venv.join("bin/python")).arg("--version"))?,
            commit: said(program("git").args(["rev-parse", "--short", "HEAD"]))?,
        })
    }
}

/// The page, as Markdown.
pub fn page(table: &Table, facts: &Facts, quick: bool) -> String {
    let Facts { date, processor, cores, memory, kernel, rustc, python, commit } = facts;
    let command = if quick { "cargo xtask measure --quick" } else { "cargo xtask measure" };
    let mut page = format!(
        "# What Squall costs\n\n\
         Made by `{command}` on {date} at commit {commit}; do not edit.\n\n\
         Squall is the shipped build (static, musl). The reference is `{REFERENCE}` alone in a venv, the leanest\n\
         install there is. Both run in turns on the same machine, without version check and log file; figures are\n\
         medians, with the least and the greatest in parentheses. CPU time is user and system time of the program\n\
         itself, without the processes that it starts; memory is the peak of what is resident.\n\n\
         Machine: {processor}, {cores} cores, {memory} of memory, Linux {kernel}; {rustc}; {python}.\n\n\
         | what | Squall | reference, or other | comparison | target | |\n\
         |---|---|---|---|---|---|\n"
    );
    for row in &table.rows {
        let mark = match row.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {mark} |",
            row.item, row.squall, row.other, row.ratio, row.target
        )
        .expect("writing to a string");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::super::items::Row;
    use super::*;

    #[test]
    fn a_missed_target_is_seen() {
        let row = |met| Row {
            item: "cold `run`: CPU time".to_owned(),
            squall: "3.0 ms".to_owned(),
            other: "330.0 ms".to_owned(),
            ratio: "1/110".to_owned(),
            target: "≤ 1/100".to_owned(),
            met,
        };
        let table = Table { rows: vec![row(Some(true)), row(Some(false)), row(None)] };
        let facts = Facts {
            date: "2026-01-02".to_owned(),
            processor: "a processor".to_owned(),
            cores: 2,
            memory: "4 GiB".to_owned(),
            kernel: "6.1".to_owned(),
            rustc: "rustc 1".to_owned(),
            python: "Python 3".to_owned(),
            commit: "abc1234".to_owned(),
        };
        let page = page(&table, &facts, false);
        let ends: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("| cold"))
            .filter_map(|line| line.rsplit('|').nth(1))
            .collect();
        assert_eq!(ends, [" met ", " **missed** ", "  "]);
    }
}
