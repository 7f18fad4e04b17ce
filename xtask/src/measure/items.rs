//! What is measured, and the targets.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use super::child::{Cost, SPAWN_LOOP, Subject};
use super::experiments;
use super::stats::{Spread, percentile};
use super::{Bench, aws};
use crate::process::about;
use crate::{Failure, say};

/// All figures.
#[derive(Default)]
pub struct Table {
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
}

/// A figure, and whether it is as it should be.
pub struct Row {
    /// What was measured.
    pub item: String,
    /// Squall's figure, with its unit.
    pub squall: String,
    /// What it is compared with, if anything.
    pub other: String,
    /// How the two compare, if that has a target.
    pub ratio: String,
    /// What the last of these must be.
    pub target: String,
    /// Whether it is; `None` for a figure without a target.
    pub met: Option<bool>,
}

/// Measures one subject and adds its rows.
type Step = fn(&Bench, &mut Table) -> Result<(), Failure>;

/// Options that both programs know: no network, no log file.
pub const QUIET: [&str; 2] = ["--no-version-check", "--no-log-file"];

/// The kernel's unit for peak memory, in MiB.
const KIB: f64 = 1024.0;

/// Measures everything.
pub fn measure(bench: &Bench) -> Result<Table, Failure> {
    let mut table = Table::default();
    let steps: [(&str, Step); 8] = [
        ("cold starts", cold),
        ("process activities", activities),
        ("continuous probing", continuous),
        ("background activities", background),
        ("long methods", methods),
        ("a cold probe of AWS", aws::cold_probe),
        ("the models of AWS", aws::models),
        ("many calls to AWS at once", aws::at_once),
    ];
    for (name, step) in steps {
        say(&format!("measuring {name}"));
        step(bench, &mut table)?;
    }
    Ok(table)
}

/// A cold `validate` and a cold `run` of three native probes, in turns with the reference.
fn cold(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    bench.write("three.json", &experiments::three_probes())?;
    for command in ["validate", "run"] {
        let words = [QUIET[0], QUIET[1], command, "three.json"];
        // Caches of files are warm, as they are for anybody who uses a program more than once.
        bench.squall.run(&words)?;
        bench.reference.run(&words)?;
        let mut pairs = Vec::with_capacity(bench.effort.rounds);
        for _ in 0..bench.effort.rounds {
            pairs.push((bench.squall.run(&words)?, bench.reference.run(&words)?));
        }
        let mut compare = |what: &str, unit: &str, times: f64, figure: fn(&Cost) -> f64| {
            let ours = Spread::of(pairs.iter().map(|(ours, _)| figure(ours)));
            let theirs = Spread::of(pairs.iter().map(|(_, theirs)| figure(theirs)));
            let ratio = theirs.median / ours.median;
            table.rows.push(Row {
                item: format!("cold `{command}`: {what}"),
                squall: shown(ours, unit),
                other: shown(theirs, unit),
                ratio: format!("1/{ratio:.0}"),
                target: format!("≤ 1/{times:.0}"),
                met: Some(ratio >= times),
            });
        };
        compare("CPU time", "ms", 100.0, |cost| millis(cost.own_cpu()));
        compare("wall time", "ms", 40.0, |cost| millis(cost.wall));
        compare("peak memory", "MiB", 4.0, |cost| mib(cost.peak));
    }
    Ok(())
}

/// Many activities that call a program which does nothing, beside a loop that only starts it.
fn activities(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    let (count, rounds) = bench.effort.activities;
    bench.write("processes.json", &experiments::processes(count, "true"))?;
    let words = [QUIET[0], QUIET[1], "run", "--no-validation", "processes.json"];
    let this = std::env::current_exe().map_err(|error| Failure::Found(format!("this program: {error}")))?;
    let bare = Subject::new(&this, &bench.folder);
    let number = count.to_string();
    let (mut ours, mut loops) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(bench.squall.run(&words)?);
        loops.push(bare.run(&[SPAWN_LOOP, &number, "true"])?);
    }
    let reference = bench.reference.run(&words)?;
    let each = |figure: fn(&Cost) -> f64, costs: &[Cost]| {
        let divisor = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Spread::of(costs.iter().map(|cost| figure(cost) / divisor))
    };
    for (what, figure) in [
        ("own CPU time", (|cost| millis(cost.own_cpu())) as fn(&Cost) -> f64),
        ("wall time", |cost| millis(cost.wall)),
    ] {
        let (ours, loops) = (each(figure, &ours), each(figure, &loops));
        let over = ours.median - loops.median;
        table.rows.push(Row {
            item: format!("{count} `true` activities: {what} of each"),
            squall: shown3(ours, "ms"),
            other: format!("bare spawn loop {}", shown3(loops, "ms")),
            ratio: format!("{over:.3} ms above"),
            target: "≤ 0.1 ms above".to_owned(),
            met: Some(over <= 0.1),
        });
    }
    table.rows.push(Row {
        item: format!("{count} `true` activities: wall time of the whole run"),
        squall: format!("{:.2} s", Spread::of(ours.iter().map(|cost| cost.wall.as_secs_f64())).median),
        other: format!("{:.2} s", reference.wall.as_secs_f64()),
        ratio: String::new(),
        target: String::new(),
        met: None,
    });
    Ok(())
}

/// A native probe again and again at 1 ms, beside a method that waits.
fn continuous(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    bench.write("continuous.json", &experiments::continuous(bench.effort.continuous))?;
    bench.squall.run(&[
        QUIET[0],
        QUIET[1],
        "run",
        "--hypothesis-strategy",
        "continuously",
        "--hypothesis-frequency",
        "0.001",
        "continuous.json",
    ])?;
    let journal = bench.journal()?;
    let states = list(&journal["steady_states"]["during"]);
    let starts =
        states.iter().map(|state| micros(&state["probes"][0]["start"])).collect::<Result<Vec<_>, _>>()?;
    let gaps: Vec<f64> = starts.windows(2).map(|pair| to_f64(pair[1] - pair[0]) / 1000.0).collect();
    let (p50, p99, worst) = (percentile(&gaps, 0.5), percentile(&gaps, 0.99), percentile(&gaps, 1.0));
    table.rows.push(Row {
        item: format!("`continuously` at 1 ms for {} s: gap between starts, p99", bench.effort.continuous),
        squall: format!("{p99:.2} ms (median {p50:.2}, worst {worst:.2})"),
        other: String::new(),
        ratio: String::new(),
        target: "≤ 2 ms".to_owned(),
        met: Some(!gaps.is_empty() && p99 <= 2.0),
    });
    let noted = bench.evaluations_beside_the_method()?;
    table.rows.push(Row {
        item: "`continuously` at 1 ms: evaluations in the journal".to_owned(),
        squall: format!("{}", states.len()),
        other: format!("{noted} began"),
        ratio: String::new(),
        // The last one may have been cut short by the method's end; then it is no evaluation.
        target: "all that came to their end".to_owned(),
        met: Some(states.len() > 1 && noted - states.len() <= 1),
    });
    Ok(())
}

/// Background activities that all wait at the same time.
fn background(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    // Long enough for the last one to start before the first one ends, on a slow machine too.
    const SECONDS: u64 = 5;
    let count = bench.effort.background;
    bench.write("background.json", &experiments::background(count, SECONDS))?;
    let cost = bench.squall.run(&[QUIET[0], QUIET[1], "run", "background.json"])?;
    let journal = bench.journal()?;
    let runs = list(&journal["run"]);
    let succeeded = runs.iter().filter(|run| run["status"] == "succeeded").count();
    let last_start =
        runs.iter().map(|run| micros(&run["start"])).collect::<Result<Vec<_>, _>>()?.into_iter().max();
    let first_end =
        runs.iter().map(|run| micros(&run["end"])).collect::<Result<Vec<_>, _>>()?.into_iter().min();
    table.rows.push(Row {
        item: format!("{count} background activities of {SECONDS} s: all at once"),
        squall: format!(
            "{succeeded} succeeded in {:.1} s, {:.2} s own CPU, {:.0} MiB",
            cost.wall.as_secs_f64(),
            cost.own_cpu().as_secs_f64(),
            mib(cost.peak)
        ),
        other: String::new(),
        ratio: String::new(),
        target: "all succeed; the last starts before the first ends".to_owned(),
        met: Some(succeeded == count && last_start < first_end),
    });
    Ok(())
}

/// Methods of more and more native activities: their costs must grow as their lengths do.
fn methods(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    /// How much more an activity of the longest method may cost than one of the shortest.
    const GROWTH: f64 = 1.25;
    let mut costs = Vec::new();
    for &count in bench.effort.methods {
        bench.write("method.json", &experiments::natives(count))?;
        let cost = bench.squall.run(&[QUIET[0], QUIET[1], "run", "method.json"])?;
        let length = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        costs.push((count, cost.wall.as_secs_f64() * 1e6 / length, to_f64(cost.peak) / length, cost));
    }
    let (Some(first), Some(last)) = (costs.first(), costs.last()) else { return Ok(()) };
    let (time, memory) = (last.1 / first.1, last.2 / first.2);
    for (count, micros, kib, cost) in &costs {
        let is_last = *count == last.0;
        table.rows.push(Row {
            item: format!("method of {count} native activities"),
            squall: format!("{:.2} s, {:.0} MiB", cost.wall.as_secs_f64(), mib(cost.peak)),
            other: format!("an activity: {micros:.1} µs, {kib:.2} KiB"),
            ratio: if is_last {
                format!("{time:.2} × the time, {memory:.2} × the memory")
            } else {
                String::new()
            },
            target: if is_last {
                format!("each ≤ {GROWTH} × that of the shortest")
            } else {
                String::new()
            },
            met: is_last.then_some(time <= GROWTH && memory <= GROWTH),
        });
    }
    Ok(())
}

impl Bench {
    pub fn write(&self, name: &str, experiment: &Value) -> Result<(), Failure> {
        experiments::write(&self.folder.join(name), experiment)
    }

    /// The journal of the run before.
    pub fn journal(&self) -> Result<Value, Failure> {
        let path = self.folder.join("journal.json");
        let text = fs::read_to_string(&path).map_err(about(&path))?;
        serde_json::from_str(&text).map_err(|error| Failure::Found(format!("`{}`: {error}", path.display())))
    }

    /// How often the run before began to evaluate the hypothesis beside the method, by its run log.
    fn evaluations_beside_the_method(&self) -> Result<usize, Failure> {
        let runs = self.folder.join("home/.local/state/squall/runs");
        let logs = fs::read_dir(&runs).map_err(about(&runs))?.flatten();
        let newest: Option<PathBuf> = logs
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .max()
            .map(|(_, path)| path);
        let path = newest.ok_or_else(|| Failure::Found(format!("`{}` holds no run log", runs.display())))?;
        let text = fs::read_to_string(&path).map_err(about(&path))?;
        let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(records
            .filter(|record| record["event"] == "hypothesis-started" && record["phase"] == "during")
            .count())
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Microseconds since 1970 of an ISO 8601 time.
fn micros(time: &Value) -> Result<i64, Failure> {
    time.as_str()
        .and_then(|text| text.parse::<Timestamp>().ok())
        .map(Timestamp::as_microsecond)
        .ok_or_else(|| Failure::Found(format!("`{time}` in the journal is no time")))
}

pub fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn mib(kib: i64) -> f64 {
    to_f64(kib) / KIB
}

/// Exact below 2⁵³, which no figure here reaches.
fn to_f64(number: i64) -> f64 {
    number as f64
}

pub fn shown(spread: Spread, unit: &str) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.1} {unit} ({min:.1} to {max:.1})")
}

fn shown3(spread: Spread, unit: &str) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.3} {unit} ({min:.3} to {max:.3})")
}
