//! Two network namespaces with a cable between them, which go with the test; and the built program.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use squall_os::netspace::Netspace;
use tempfile::TempDir;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// The address of the near side, in which faults are injected.
pub const NEAR: &str = "10.66.0.1";
/// That of the far side.
pub const FAR: &str = "10.66.0.2";

/// The place.
pub struct Lab {
    home: TempDir,
    near: String,
    far: String,
}

impl Lab {
    pub fn new() -> Lab {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (near, far) = (format!("sqt-{pid}-{count}-a"), format!("sqt-{pid}-{count}-b"));
        let lab = Lab { home: TempDir::new().expect("a folder"), near, far };
        for space in [&lab.near, &lab.far] {
            tool("ip", &["netns", "add", space]);
            tool("ip", &["-n", space, "link", "set", "lo", "up"]);
        }
        let cable = [
            "link", "add", "va", "netns", &lab.near, "type", "veth", "peer", "name", "vb", "netns", &lab.far,
        ];
        tool("ip", &cable);
        for (space, link, address) in [(&lab.near, "va", NEAR), (&lab.far, "vb", FAR)] {
            tool("ip", &["-n", space, "addr", "add", &format!("{address}/24"), "dev", link]);
            tool("ip", &["-n", space, "link", "set", link, "up"]);
        }
        lab
    }

    /// A file in the test's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The name of the near namespace.
    pub fn near(&self) -> &str {
        &self.near
    }

    /// What a program prints in the near namespace; it may fail.
    pub fn look(&self, words: &[&str]) -> String {
        let ran = self.command(&self.near, words).output().expect("nsenter runs");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// A program in the near namespace, which must succeed.
    pub fn tool(&self, words: &[&str]) {
        let ran = self.command(&self.near, words).output().expect("nsenter runs");
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// A program that runs in the far namespace until it is dropped.
    pub fn serve(&self, words: &[&str]) -> Ended {
        Ended(
            self.command(&self.far, words)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts"),
        )
    }

    fn command(&self, space: &str, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{space}")).args(words).stdin(Stdio::null());
        command
    }

    /// Does something in the near namespace.
    pub fn near_side<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        within(&self.near, work)
    }

    /// Does something in the far namespace.
    pub fn far_side<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        within(&self.far, work)
    }

    /// Somebody who takes connections at a port of the far side.
    pub fn listen(&self, port: u16) -> TcpListener {
        self.far_side(|| TcpListener::bind((FAR, port)).expect("a listener"))
    }

    /// What becomes of a connection from the near to the far side.
    pub fn connect(&self, port: u16, patience: Duration) -> std::io::Result<TcpStream> {
        let address: SocketAddr = format!("{FAR}:{port}").parse().expect("an address");
        self.near_side(|| TcpStream::connect_timeout(&address, patience))
    }

    /// How many of so many pings from the near side are answered.
    pub fn ping(&self, count: u32, interval: &str) -> u32 {
        let said = self.look(&["ping", "-q", "-c", &count.to_string(), "-i", interval, "-W", "1", FAR]);
        let received = said.split(" received").next().and_then(|before| before.rsplit(' ').next());
        received.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("ping says {said}"))
    }

    /// The average time of pings in milliseconds.
    pub fn ping_millis(&self, count: u32) -> f64 {
        let said = self.look(&["ping", "-q", "-c", &count.to_string(), "-i", "0.05", "-W", "3", FAR]);
        let average = said.split("mdev = ").nth(1).and_then(|times| times.split('/').nth(1));
        average.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("ping says {said}"))
    }

    /// All that faults may change in the near namespace: rules, queueing disciplines, filters, interfaces.
    pub fn state(&self) -> String {
        [
            &["nft", "list", "ruleset"][..],
            &["tc", "qdisc", "show"],
            &["tc", "filter", "show", "dev", "va"],
            &["tc", "filter", "show", "dev", "va", "ingress"],
            &["ip", "-o", "link", "show"],
        ]
        .map(|words| self.look(words))
        .join("---\n")
        .split(' ')
        // a counter, which neighbour discovery moves
        .fold((String::new(), false), |(text, counts), word| {
            let word_shown = if counts { "" } else { word };
            (text + " " + word_shown, word == "direct_packets_stat")
        })
        .0
    }

    /// The built program, with a ledger of the test's own.
    pub fn squall(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_squall"));
        command
            .args(words)
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same, run to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        done(self.squall(words).output().expect("the program runs"))
    }

    /// Injects a fault into the near namespace, and waits until it is in force.
    pub fn inject(&self, kind: &str, words: &[&str], length: &str) -> Held {
        let mut all = vec!["inject", kind, "--netns", &self.near, "--for", length, "--json"];
        all.extend(words);
        self.hold(self.squall(&all))
    }

    /// The same command, started in the near namespace.
    pub fn inside(&self, command: Command) -> Command {
        let mut inside = self.command(&self.near, &[]);
        inside.arg(command.get_program()).args(command.get_args()).current_dir(self.home.path()).env_clear();
        for (name, value) in command.get_envs() {
            inside.env(name, value.unwrap_or_default());
        }
        inside.stdout(Stdio::piped()).stderr(Stdio::piped());
        inside
    }

    /// Starts a command that injects, and waits until the fault is in force.
    pub fn hold(&self, mut command: Command) -> Held {
        let mut child = command.spawn().expect("the program runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        while !said.contains("Fault ") {
            let read = stderr.read_line(&mut said).expect("it can be read");
            assert!(read > 0, "it was not injected: {said}");
        }
        let id = said.split("Fault ").nth(1).and_then(|rest| rest.get(..12)).expect("an id").to_owned();
        Held { child, stderr, id }
    }

    /// Waits until `condition` holds.
    pub fn wait_for(&self, what: &str, mut condition: impl FnMut() -> bool) -> Duration {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}: {}", self.state());
            std::thread::yield_now();
        }
        start.elapsed()
    }

    /// The processes that have the test's folder on their command line: guards.
    pub fn guards(&self) -> Vec<u32> {
        let folder = self.home.path().to_string_lossy().into_owned();
        let all = squall_os::procfs::processes().expect("/proc");
        let guards = all.into_iter().filter(|process| {
            let words = process.arguments();
            words.get(1).is_some_and(|word| word == "--guard")
                && words.iter().any(|word| word.contains(&folder))
        });
        guards.map(|process| process.pid).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for space in [&self.near, &self.far] {
            let _ = Command::new("ip").args(["netns", "del", space]).output();
        }
    }
}

fn within<T: Send>(space: &str, work: impl FnOnce() -> T + Send) -> T {
    let path = Path::new("/run/netns").join(space);
    Netspace::open(&path).and_then(|space| space.within(work)).expect("the namespace can be entered")
}

fn tool(program: &str, words: &[&str]) {
    let ran = Command::new(program).args(words).output().expect("the program is there");
    assert!(ran.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A process that ends with the test.
pub struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a run printed, and its code.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

fn done(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A fault in force.
pub struct Held {
    child: Child,
    stderr: BufReader<ChildStderr>,
    pub id: String,
}

impl Held {
    /// The runner's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the runner.
    pub fn send(&self, signal: &str) {
        send(signal, self.child.id());
    }

    /// Waits until the runner has ended.
    pub fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("it can be read");
        self.stderr.read_to_string(&mut stderr).expect("it can be read");
        Ran { code: self.child.wait().expect("it ends").code(), stdout, stderr }
    }

    /// Kills runner and guard, so that neither can put anything back; gives the fault's id.
    pub fn kill_both(self, lab: &Lab) -> String {
        // Stopped, the runner cannot notice that its guard is gone.
        self.send("STOP");
        lab.guards().into_iter().for_each(|guard| send("KILL", guard));
        self.send("KILL");
        let id = self.id.clone();
        self.end();
        lab.wait_for("the guard's end", || lab.guards().is_empty());
        id
    }

    /// Ends it by Ctrl-C; the clean-up must be verified.
    pub fn stop(self) -> Ran {
        self.send("INT");
        let ran = self.end();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("\"clean_up\": \"verified\""), "{ran:?}");
        ran
    }
}

/// Sends a signal by its name.
pub fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "{signal} to {pid}");
}
