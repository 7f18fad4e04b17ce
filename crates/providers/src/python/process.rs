//! The worker process: finding an interpreter, starting it, talking to it, ending it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use squall_engine::ports::Lane;
use squall_model::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::replica::Replica;
use super::wire::{Inbound, Message, write_text};
use super::{PythonError, Settings};

/// What `python -c` runs: reads the modules below from the socket and runs the last one's `main`.
const BOOTSTRAP: &str = include_str!("worker/bootstrap.py");

/// The worker's modules, each after those it needs.
const MODULES: [(&str, &str); 8] = [
    ("wire", include_str!("worker/wire.py")),
    ("graph", include_str!("worker/graph.py")),
    ("lanes", include_str!("worker/lanes.py")),
    ("activities", include_str!("worker/activities.py")),
    ("controls", include_str!("worker/controls.py")),
    ("packages", include_str!("worker/packages.py")),
    ("house", include_str!("worker/house.py")),
    ("main", include_str!("worker/main.py")),
];

/// How long the rest of what a process that has ended wrote is waited for.
const DRAIN: Duration = Duration::from_millis(500);

/// Called with the number of a signal that code in the worker sent to its own process.
pub(super) type SignalHandler = Arc<dyn Fn(i32) + Send + Sync>;

/// The interpreter to use: `SQUALL_PYTHON`, the active virtual environment's, or the first on `PATH`.
pub(super) fn interpreter() -> Result<PathBuf, PythonError> {
    choose(|name| squall_os::environment::var(name), |name| squall_os::paths::which(name))
}

fn choose(
    variable: impl Fn(&str) -> Option<String>,
    which: impl Fn(&str) -> Option<PathBuf>,
) -> Result<PathBuf, PythonError> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(chosen) = variable("SQUALL_PYTHON") {
        let found = which(&chosen);
        return found.ok_or_else(|| PythonError::NoInterpreter(format!("`{chosen}` (from SQUALL_PYTHON)")));
    }
    let mut tried = Vec::new();
    if let Some(folder) = variable("VIRTUAL_ENV") {
        tried.push(format!("{folder}/bin/python"));
    }
    tried.extend(["python3".to_owned(), "python".to_owned()]);
    let found = tried.iter().find_map(|name| which(name));
    found.ok_or_else(|| PythonError::NoInterpreter(format!("`{}` on PATH", tried.join("`, `"))))
}

/// A running worker.
pub(super) struct Link {
    state: Mutex<State>,
    frames: mpsc::UnboundedSender<Vec<u8>>,
    kill: Notify,
    over: watch::Sender<bool>,
    runtime: tokio::runtime::Handle,
    settings: Settings,
    program: PathBuf,
    signals: Arc<Mutex<Option<SignalHandler>>>,
}

/// What is known of a worker.
#[derive(Default)]
pub(super) struct State {
    /// The containers both sides have.
    pub(super) replica: Replica,
    /// Whether event handlers are registered there.
    pub(super) listening: bool,
    /// Names of the parameters of controls' functions, by module and function.
    pub(super) parameters: HashMap<(String, String), Vec<String>>,
    /// The version of what [`Settings`] are told to the worker outside calls.
    pub(super) house: u64,
    ready: bool,
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    cancelled: HashSet<u64>,
    /// Why it is of no use any more.
    ended: Option<String>,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Answer {
    /// See [`Inbound::k`].
    pub(super) kind: String,
    /// The value, where there is one.
    pub(super) value: Value,
    /// A message in words.
    pub(super) message: String,
    /// Traceback lines.
    pub(super) exception: Vec<String>,
}

impl Link {
    /// Starts a worker. Must be called inside a tokio runtime with I/O and time.
    pub(super) fn start(
        settings: Settings,
        signals: Arc<Mutex<Option<SignalHandler>>>,
    ) -> Result<Arc<Link>, PythonError> {
        let program = interpreter()?;
        let (child, stream) =
            spawn(&program).map_err(|error| PythonError::NotStarted { program: program.clone(), error })?;
        Ok(Link::attach(program, child, stream, settings, signals))
    }

    fn attach(
        program: PathBuf,
        child: Child,
        stream: UnixStream,
        settings: Settings,
        signals: Arc<Mutex<Option<SignalHandler>>>,
    ) -> Arc<Link> {
        let (frames, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
        let (receiver, mut sender) = stream.into_split();
        let link = Arc::new(Link {
            state: Mutex::default(),
            frames,
            kill: Notify::new(),
            over: watch::Sender::new(false),
            runtime: tokio::runtime::Handle::current(),
            settings,
            program,
            signals,
        });
        link.send(first_frame());
        tokio::spawn(async move {
            while let Some(frame) = queue.recv().await {
                if sender.write_all(&frame).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(attend(Arc::clone(&link), child, receiver));
        link
    }

    /// The state, for as long as the guard lives.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls can still be made.
    pub(super) fn is_alive(&self) -> bool {
        self.state().ended.is_none()
    }

    /// Queues a frame.
    pub(super) fn send(&self, frame: Vec<u8>) {
        // Without a reader the worker is over, and every call learns it from there.
        let _ = self.frames.send(frame);
    }

    /// Sends the call that `build` writes and waits for its answer. Dropping the future cancels the call.
    ///
    /// # Errors
    ///
    /// When the worker ends before it has answered.
    pub(super) async fn call(
        self: &Arc<Self>,
        lane: Lane,
        operation: &str,
        build: impl FnOnce(&mut Message, &mut State),
    ) -> Result<Answer, PythonError> {
        let (sender, receiver) = oneshot::channel();
        let number = {
            let mut state = self.state();
            if let Some(reason) = &state.ended {
                return Err(PythonError::Ended(reason.clone()));
            }
            state.last += 1;
            let number = state.last;
            let mut message = Message::new(operation);
            message.number("id", number).flag("bg", lane == Lane::Background);
            build(&mut message, &mut state);
            state.waiting.insert(number, sender);
            self.send(message.frame());
            number
        };
        let mut waiting = Waiting { link: self, number, lane, done: false };
        let answer = receiver.await;
        waiting.done = true;
        answer.map_err(|_| PythonError::Ended(self.reason()))
    }

    fn reason(&self) -> String {
        self.state().ended.clone().unwrap_or_else(|| "the Python worker has ended".to_owned())
    }

    /// Ends the process; what waits is told why.
    pub(super) fn end(&self, reason: &str) {
        let mut state = self.state();
        state.ended.get_or_insert_with(|| reason.to_owned());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        self.kill.notify_one();
    }

    /// Lets the interpreter finish as a program does, for `patience` at most.
    pub(super) async fn finish(&self, patience: Duration) {
        self.send(Message::new("exit").frame());
        let mut over = self.over.subscribe();
        if tokio::time::timeout(patience, over.wait_for(|over| *over)).await.is_err() {
            self.end("the Python worker was ended: it did not finish by itself");
            let _ = over.wait_for(|over| *over).await;
        }
    }

    /// Asks for the end of a call; if it goes on after the grace period the worker is ended.
    fn cancel(self: &Arc<Self>, number: u64, lane: Lane) {
        {
            let mut state = self.state();
            if state.waiting.remove(&number).is_none() {
                return;
            }
            state.cancelled.insert(number);
        }
        let mut message = Message::new("cancel");
        message.number("id", number);
        self.send(message.frame());
        let grace = match lane {
            Lane::Main => self.settings.main_grace,
            Lane::Background => self.settings.background_grace,
        };
        let link = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(grace).await;
            if link.state().cancelled.contains(&number) {
                link.end(&format!(
                    "the Python worker was ended, because a cancelled call in it went on for {} s",
                    grace.as_secs_f64()
                ));
            }
        });
    }

    fn receive(&self, inbound: Inbound) {
        match &*inbound.op {
            "ready" => self.state().ready = true,
            "log" => emit(&inbound),
            "signal" => {
                let handler = self.signals.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let (Some(handler), Ok(number)) = (handler, i32::try_from(inbound.n)) {
                    handler(number);
                }
            }
            _ => self.answer(inbound),
        }
    }

    fn answer(&self, inbound: Inbound) {
        for (name, value) in inbound.env {
            if let Some(value) = value {
                squall_os::environment::set(name, value);
            }
        }
        if let Some(directory) = inbound.cwd
            && let Err(error) = std::env::set_current_dir(&directory)
        {
            log::debug!("cannot follow Python code to the folder `{directory}`: {error}");
        }
        let mut state = self.state();
        state.listening = inbound.ev;
        let value = state.replica.receive(inbound.up, inbound.seen, inbound.v).unwrap_or(Value::Null);
        state.cancelled.remove(&inbound.id);
        let waiting = state.waiting.remove(&inbound.id);
        drop(state);
        if let Some(waiting) = waiting {
            let answer = Answer { kind: inbound.k, value, message: inbound.m, exception: inbound.x };
            // A caller that has gone needs no answer.
            let _ = waiting.send(answer);
        }
    }

    /// Why a process that ended by itself did so.
    fn describe(&self, status: ExitStatus) -> String {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "unknown status".to_owned(),
        };
        if self.state().ready {
            return format!("the Python worker ended during the call: {how}");
        }
        let program = self.program.display();
        format!(
            "the Python interpreter `{program}` ended before it was ready: {how}; Python 3.7 or newer is needed (SQUALL_PYTHON chooses another)"
        )
    }
}

/// Starts the interpreter with the bootstrap; the stream is ours to talk to it.
fn spawn(program: &Path) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let stream = UnixStream::from_std(ours)?;
    let mut command = Command::new(program);
    command.arg("-c").arg(BOOTSTRAP).arg(theirs.as_raw_fd().to_string());
    command.envs(squall_os::environment::overlay()).kill_on_drop(true);
    // It is inherited under its own number; our copy is closed right after.
    fcntl_setfd(&theirs, FdFlags::empty())?;
    Ok((command.spawn()?, stream))
}

/// A call whose answer is waited for; dropping it too early cancels the call.
struct Waiting<'a> {
    link: &'a Arc<Link>,
    number: u64,
    lane: Lane,
    done: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.link.cancel(self.number, self.lane);
        }
    }
}

/// Reads what the worker says until it ends, then tells everyone who waits.
async fn attend(link: Arc<Link>, mut child: Child, receiver: OwnedReadHalf) {
    let mut reading = tokio::spawn(read(Arc::clone(&link), receiver));
    let status = tokio::select! {
        status = child.wait() => status,
        () = link.kill.notified() => {
            // It may have ended at this very moment.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    if tokio::time::timeout(DRAIN, &mut reading).await.is_err() {
        reading.abort();
    }
    let reason = match status {
        Ok(status) => link.describe(status),
        Err(error) => format!("the Python worker cannot be waited for: {error}"),
    };
    link.end(&reason);
    link.over.send_replace(true);
}

async fn read(link: Arc<Link>, receiver: OwnedReadHalf) {
    let mut receiver = BufReader::new(receiver);
    loop {
        let Ok(length) = receiver.read_u64_le().await else { return };
        let mut body = Vec::new();
        match (&mut receiver).take(length).read_to_end(&mut body).await {
            Ok(read) if read as u64 == length => {}
            _ => return,
        }
        match Inbound::parse(&body) {
            Ok(inbound) => link.receive(inbound),
            Err(error) => return link.end(&format!("the Python worker sent what cannot be read: {error}")),
        }
    }
}

/// The modules and the arguments, for the bootstrap.
fn first_frame() -> Vec<u8> {
    let mut modules = vec![b'['];
    for (index, (name, source)) in MODULES.iter().enumerate() {
        modules.extend_from_slice(if index == 0 { b"[" } else { b",[" });
        write_text(&mut modules, name);
        modules.push(b',');
        write_text(&mut modules, source);
        modules.push(b']');
    }
    modules.push(b']');
    let mut arguments = b"[\"chaos\"".to_vec();
    for argument in std::env::args_os().skip(1) {
        arguments.push(b',');
        write_text(&mut arguments, &argument.to_string_lossy());
    }
    arguments.push(b']');
    let mut message = Message::new("start");
    message.raw("modules", &modules).raw("arguments", &arguments);
    message.frame()
}

/// Hands a record of Python's logging to the `log` crate.
fn emit(inbound: &Inbound) {
    let (level, target) = match inbound.l {
        50.. => (log::Level::Error, squall_engine::log::CRITICAL),
        40.. => (log::Level::Error, squall_engine::log::LOG),
        30.. => (log::Level::Warn, squall_engine::log::LOG),
        20.. => (log::Level::Info, squall_engine::log::LOG),
        10.. => (log::Level::Debug, squall_engine::log::LOG),
        _ => (log::Level::Trace, squall_engine::log::LOG),
    };
    if level > log::max_level() {
        return;
    }
    log::logger().log(
        &log::Record::builder()
            .level(level)
            .target(target)
            .module_path(Some(&inbound.f))
            .line(Some(inbound.n))
            .args(format_args!("{}", inbound.m))
            .build(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], programs: &[&str]) -> Result<PathBuf, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let which = |name: &str| programs.contains(&name).then(|| PathBuf::from(name));
        choose(variable, which).map_err(|error| error.to_string())
    }

    #[test]
    fn the_interpreter_is_the_one_that_users_expect() {
        let all = ["/my/python", "/venv/bin/python", "python3", "python"];
        let (own, venv) = (("SQUALL_PYTHON", "/my/python"), ("VIRTUAL_ENV", "/venv"));
        assert_eq!(chosen(&[own, venv], &all), Ok("/my/python".into()));
        assert_eq!(chosen(&[("SQUALL_PYTHON", ""), venv], &all), Ok("/venv/bin/python".into()));
        assert_eq!(chosen(&[venv], &["python"]), Ok("python".into()));
        assert_eq!(chosen(&[], &all), Ok("python3".into()));
        let message = chosen(&[own], &["python3"]).unwrap_err();
        assert!(message.contains("looked for `/my/python` (from SQUALL_PYTHON);"), "{message}");
        let message = chosen(&[venv], &[]).unwrap_err();
        assert!(message.contains("`/venv/bin/python`, `python3`, `python` on PATH"), "{message}");
    }

    #[tokio::test]
    async fn a_worker_ends_with_whom_it_works_for() {
        let (mut child, mut stream) = spawn(&interpreter().unwrap()).unwrap();
        // `signal.pause()` blocks the main thread for good.
        let mut call = Message::new("run");
        call.number("id", 1).text("module", "signal").text("func", "pause").raw("args", b"[-1]");
        call.raw("up", b"[[-1,1,[]]]");
        stream.write_all(&first_frame()).await.unwrap();
        stream.write_all(&call.frame()).await.unwrap();
        // The first thing it says is that it is ready; it may be in the call by now or not.
        stream.read_u64_le().await.unwrap();
        drop(stream);
        let status = tokio::time::timeout(Duration::from_secs(60), child.wait()).await;
        assert_eq!(status.unwrap().unwrap().code(), Some(0));
    }

    #[tokio::test]
    async fn an_interpreter_that_is_none_is_named() {
        let signals = Arc::default();
        let settings = Settings::default();
        let (child, stream) = spawn(Path::new("/bin/false")).unwrap();
        let link = Link::attach(PathBuf::from("/bin/false"), child, stream, settings, signals);
        let error = link.call(Lane::Main, "import", |_, _| {}).await.unwrap_err().to_string();
        assert!(
            error
                .starts_with("the Python interpreter `/bin/false` ended before it was ready: exit status 1;")
        );
        assert!(!link.is_alive());
    }
}
