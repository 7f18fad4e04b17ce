//! Commands end with all their descendants, and their output is bounded.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use squall_os::process::{Command, Output};

fn sh(script: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(script)
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout.bytes).unwrap()
}

/// Polls `condition` until it holds, at most for ten seconds.
async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}: not within ten seconds");
        tokio::task::yield_now().await;
    }
}

/// Whether a process of that number runs (a zombie does not).
fn runs(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z')))
}

#[tokio::test]
async fn gives_status_and_both_streams() {
    let output = sh("echo out; echo err >&2; exit 3").output().await.unwrap();
    assert_eq!(output.status, 3);
    assert_eq!(text(&output), "out\n");
    assert_eq!(output.stderr.bytes, b"err\n");
}

#[tokio::test]
async fn a_signal_is_a_negative_status() {
    assert_eq!(sh("kill -9 $$").output().await.unwrap().status, -9);
    assert_eq!(sh("kill -TERM $$").output().await.unwrap().status, -15);
}

#[tokio::test]
async fn a_missing_program_is_an_error() {
    let error = Command::new("/nonexistent/program").output().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn the_child_leads_a_group_and_gets_the_default_sigpipe() {
    let output = sh("cut -d' ' -f1,5 /proc/$$/stat; grep SigIgn /proc/$$/status").output().await.unwrap();
    let lines: Vec<&str> = text(&output).lines().collect();
    let (pid, group) = lines[0].split_once(' ').unwrap();
    assert_eq!(pid, group);
    let ignored = u64::from_str_radix(lines[1].split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_eq!(ignored & (1 << 12), 0, "SIGPIPE is ignored: {}", lines[1]);
}

#[tokio::test]
async fn waits_for_whoever_holds_the_output() {
    let output = sh("(sleep 0.2; echo late) & echo early").output().await.unwrap();
    assert_eq!(text(&output), "early\nlate\n");
}

#[tokio::test]
async fn a_dropped_command_ends_with_its_descendants() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script =
        format!("(sleep 1000 & echo $! >>{0}.tmp; echo $$ >>{0}.tmp; mv {0}.tmp {0}; wait)", file.display());
    let command = sh(&script);
    let mut running = Box::pin(command.output());
    let pids = async {
        until("the script starts", async || Path::new(&file).exists()).await;
        std::fs::read_to_string(&file).unwrap()
    };
    let pids = tokio::select! {
        output = &mut running => panic!("it ended: {output:?}"),
        pids = pids => pids,
    };
    let pids: Vec<&str> = pids.lines().collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| runs(pid)), "{pids:?}");
    drop(running);
    until("all processes end", async || !pids.iter().any(|pid| runs(pid))).await;
}

#[tokio::test]
async fn what_let_go_of_the_output_lives_on() {
    let output = sh("sleep 1000 >/dev/null 2>&1 & echo $!").output().await.unwrap();
    let pid = text(&output).trim().to_owned();
    assert!(runs(&pid));
    assert_eq!(sh(&format!("kill -9 {pid}")).output().await.unwrap().status, 0);
}

#[tokio::test]
async fn output_beyond_the_limit_is_counted() {
    let output =
        sh("head -c 3000000 /dev/zero; echo oops >&2").output_limit(1_000_000).output().await.unwrap();
    assert_eq!(output.status, 0);
    assert_eq!(output.stdout.bytes.len(), 1_000_000);
    assert_eq!(output.stdout.dropped, 2_000_000);
    assert_eq!(output.stderr.bytes, b"oops\n");
    let exact = sh("head -c 100 /dev/zero").output_limit(100).output().await.unwrap();
    assert_eq!((exact.stdout.bytes.len(), exact.stdout.dropped), (100, 0));
}

#[tokio::test]
async fn children_see_the_overlaid_environment() {
    squall_os::environment::set("SQUALL_OS_CHILD_TEST", "from the overlay");
    let output = sh("echo $SQUALL_OS_CHILD_TEST").output().await.unwrap();
    assert_eq!(text(&output), "from the overlay\n");
}
