//! `cargo xtask measure`: what Squall costs beside the reference, in the same run on the same machine.
//!
//! `aws` holds what concerns AWS, `child` measures one process, `experiments` makes what it runs, `items` holds what is measured and
//! the targets, `report` writes `docs/reference/performance.md`.

mod aws;
pub mod child;
mod experiments;
mod items;
mod report;
mod stats;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{about, read, root, run, target};
use crate::{Failure, dist, say};

use child::Subject;

/// The reference, and nothing that it does not need: the leanest install.
const REFERENCE: &str = "chaostoolkit==1.19.0";

/// How thorough a measurement is.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Pairs of cold runs.
    rounds: usize,
    /// `true` activities of a run, and how often the run is made.
    activities: (usize, usize),
    /// Seconds of continuous probing.
    continuous: u64,
    /// Background activities at once.
    background: usize,
    /// Lengths of methods whose costs must grow linearly.
    methods: &'static [usize],
}

const FULL: Effort = Effort {
    rounds: 21,
    activities: (2000, 5),
    continuous: 20,
    background: 1000,
    methods: &[10_000, 20_000, 30_000, 40_000, 50_000],
};

const QUICK: Effort =
    Effort { rounds: 15, activities: (500, 3), continuous: 3, background: 200, methods: &[2_000, 10_000] };

/// The programs under measurement and where they work.
struct Bench {
    squall: Subject,
    reference: Subject,
    folder: PathBuf,
    effort: Effort,
}

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    let (effort, quick) = match arguments {
        [] => (FULL, false),
        [option] if option == "--quick" => (QUICK, true),
        [other, ..] => return Err(Failure::Usage(format!("unknown argument `{other}`"))),
    };
    let binary = dist::build()?;
    let folder = target().join("measure");
    let venv = venv()?;
    let work = folder.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(about(&work))?;
    }
    fs::create_dir_all(work.join("home")).map_err(about(&work))?;
    let bench = Bench {
        squall: Subject::new(&binary, &work),
        reference: Subject::new(&venv.join("bin/chaos"), &work),
        folder: work,
        effort,
    };
    let table = items::measure(&bench)?;
    let facts = report::Facts::gather(&venv)?;
    let page = report::page(&table, &facts, quick);
    say(&page);
    if !quick {
        let path = root().join("docs/reference/performance.md");
        fs::write(&path, page).map_err(about(&path))?;
    }
    let missed = table.rows.iter().filter(|row| row.met == Some(false)).count();
    if missed > 0 {
        return Err(Failure::Found(format!("{missed} figures miss their targets")));
    }
    Ok(())
}

/// The reference in a venv of its own, made when first needed.
fn venv() -> Result<PathBuf, Failure> {
    let venv = target().join("measure/venv");
    let mark = venv.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|made| made == REFERENCE) {
        return Ok(venv);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).map_err(about(&venv))?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/python")).args(["-m", "pip", "install", "--quiet", REFERENCE]))?;
    let version = read(Command::new(venv.join("bin/python")).arg("--version"))?;
    say(&format!("the reference is installed with {}", version.trim()));
    fs::write(&mark, REFERENCE).map_err(about(&mark))?;
    Ok(venv)
}
