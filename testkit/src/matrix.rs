//! The kill matrix: every kind of fault, killed at every step, by whom it may be; and whether all is as it was before.

mod stage;
mod subject;

use std::fmt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use stage::Stage;
pub use subject::{SUBJECTS, Subject};

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Victim {
    /// The runner: the guard has to put everything back, by itself.
    Runner,
    /// The guard: the runner goes on, and puts everything back when it is told to end.
    Guard,
    /// The runner, and then the guard that was about to act.
    RunnerThenGuard,
    /// Both at once.
    Both,
}

impl Victim {
    /// All of them.
    pub const ALL: [Victim; 4] = [Victim::Runner, Victim::Guard, Victim::RunnerThenGuard, Victim::Both];

    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Victim::Runner => "runner",
            Victim::Guard => "guard",
            Victim::RunnerThenGuard => "runner, then guard",
            Victim::Both => "both",
        }
    }
}

/// Steps at which the runner is stopped, in order; the last three belong to its undo.
pub const STEPS: [&str; 9] =
    ["prepared", "recorded", "watched", "applied", "verified", "held", "undo-locked", "undone", "closed"];

/// A cell of the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The kind and how it is called.
    pub subject: &'static Subject,
    /// The step that the runner has just done when somebody is killed.
    pub step: &'static str,
    /// Who is killed there.
    pub victim: Victim,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}, {} killed", self.subject.kind, self.step, self.victim.name())
    }
}

/// Whether this kernel has netem, tried in a network namespace of its own. Needs root.
#[must_use]
pub fn has_netem() -> bool {
    let try_it = "ip link set lo up && tc qdisc add dev lo root netem delay 1ms";
    let tried = Command::new("unshare").args(["--net", "sh", "-c", try_it]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// All cells that this kernel can play.
#[must_use]
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    let netem = has_netem();
    for subject in SUBJECTS.iter().filter(|subject| netem || !subject.netem) {
        for step in STEPS {
            cells.extend(Victim::ALL.map(|victim| Cell { subject, step, victim }));
        }
    }
    cells
}

/// How long anything may take that is not measured here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plays one cell with the program `squall`.
///
/// # Errors
/// What is not as it was before, or did not come.
pub fn play(cell: &Cell, squall: &Path) -> Result<(), String> {
    let stage = Stage::new(cell.subject)?;
    let before = stage.state();
    let mut runner = Runner::start(&stage, cell, squall)?;
    let stopped = wait_for("the step", || runner.is_over() || runner.is_stopped());
    stopped.map_err(|error| format!("{error}: {}", runner.said()))?;
    if runner.is_over() {
        return Err(format!("the runner ended before the step: {}", runner.said()));
    }
    let guard = stage.companions("--guard");
    match cell.victim {
        Victim::Runner => runner.kill(),
        Victim::Guard => {
            guard.iter().for_each(|pid| kill(*pid));
            runner.go_on_and_end()?;
        }
        Victim::RunnerThenGuard => {
            runner.kill();
            guard.iter().for_each(|pid| kill(*pid));
        }
        Victim::Both => {
            // stopped first, so that neither sees the other go
            guard.iter().for_each(|pid| signal("STOP", *pid));
            runner.kill();
            guard.iter().for_each(|pid| kill(*pid));
        }
    }
    let start = Instant::now();
    wait_for("the guard's end", || stage.companions("--guard").is_empty())?;
    if matches!(cell.victim, Victim::RunnerThenGuard | Victim::Both) || guard.is_empty() {
        undo(&stage, squall)?;
    }
    let took = start.elapsed();
    let bound = cell.subject.bound + Duration::from_secs(10);
    wait_for("the state of before", || stage.state() == before)
        .map_err(|error| format!("{error}:\nbefore: {before}\nafter: {}", stage.state()))?;
    if took > bound {
        return Err(format!("it took {took:?}"));
    }
    stage.is_closed(squall)?;
    stage.once()
}

fn undo(stage: &Stage, squall: &Path) -> Result<(), String> {
    let output = stage.command(squall).args(["undo", "--all"]).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`squall undo --all`: {}{}", text(&output.stdout), text(&output.stderr)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The process that injects, stopped where the cell wants it.
struct Runner(Child);

impl Runner {
    fn start(stage: &Stage, cell: &Cell, squall: &Path) -> Result<Self, String> {
        let undoing = STEPS.iter().position(|step| *step == cell.step) > Some(5);
        let length = if undoing { "300ms" } else { "10m" };
        let mut command = stage.command(squall);
        command.args(["inject", cell.subject.kind]).args(stage.arguments());
        if !cell.subject.once {
            command.args(["--for", length]);
        }
        let child = command
            .env("SQUALL_STOP_AT", format!("runner:{}", cell.step))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{}`: {error}", squall.display()))?;
        Ok(Runner(child))
    }

    fn is_stopped(&self) -> bool {
        stage::state_of(self.0.id()) == Some('T')
    }

    fn is_over(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Lets it go on, and asks it to end; it must do so by itself. It may stop at the step once more.
    fn go_on_and_end(&mut self) -> Result<(), String> {
        let pid = self.0.id();
        signal("TERM", pid);
        wait_for("the runner's end", || {
            if self.is_stopped() {
                signal("CONT", pid);
            }
            self.is_over()
        })
    }

    fn said(&mut self) -> String {
        use std::io::Read as _;
        self.kill();
        let mut said = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        said
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kill(pid: u32) {
    signal("KILL", pid);
}

fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) -> Result<(), String> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > PATIENCE {
            return Err(format!("waited in vain for {what}"));
        }
        std::thread::yield_now();
    }
    Ok(())
}
