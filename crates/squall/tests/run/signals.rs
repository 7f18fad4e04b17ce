//! Signals end activities at once, with everything that they started.

use squall_model::Value;

use crate::support::{Ended, Place, at, done, is_alive, send};

#[test]
fn a_signal_ends_the_process_and_its_children() {
    for signal in ["INT", "TERM", "USR1", "USR2"] {
        let place = Place::new();
        place.write(
            "e.json",
            r#"{"title": "t", "description": "d", "method": [{"type": "action", "name": "a", "provider":
                {"type": "process", "path": "sh", "arguments": ["-c", "sleep 60 & echo $! > child; wait"]}}]}"#,
        );
        let squall = place.command(&["run", "e.json"]).spawn().expect("the binary runs");
        let child = place.wait_for_file("child");
        send(signal, squall.id());
        let ran = done(squall.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(1), "{signal}: {}", ran.stderr);
        assert_eq!(at(&place.journal(), &["status"]), Value::from("interrupted"), "{signal}");
        place.wait_for("the child's end", || !is_alive(&child));
    }
}

#[test]
fn an_ungraceful_end_takes_the_background_with_it() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "method": [
            {"type": "action", "name": "bg", "background": true, "provider":
                {"type": "process", "path": "sh", "arguments": ["-c", "echo $$ > bg; exec sleep 60"]}},
            {"type": "action", "name": "fg", "provider":
                {"type": "process", "path": "sh", "arguments": ["-c", "echo $$ > fg; exec sleep 60"]}}],
            "rollbacks": [{"type": "action", "name": "r", "provider": {"type": "process", "path": "touch", "arguments": "r"}}]}"#,
    );
    let squall = place.command(&["run", "--rollback-strategy", "always", "e.json"]).spawn().expect("it runs");
    let (background, foreground) = (place.wait_for_file("bg"), place.wait_for_file("fg"));
    send("USR2", squall.id());
    let ran = done(squall.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    place.wait_for("both ends", || !is_alive(&background) && !is_alive(&foreground));
    assert!(!place.path("r").exists(), "SIGUSR2 forbids rollbacks");
}

#[test]
fn a_second_signal_ends_the_wait_for_the_background() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "method": [
            {"type": "action", "name": "bg", "background": true, "provider":
                {"type": "process", "path": "sh", "arguments": ["-c", "echo $$ > bg; exec sleep 60"]}},
            {"type": "action", "name": "fg", "provider":
                {"type": "process", "path": "sh", "arguments": ["-c", "echo $$ > fg; exec sleep 60"]}}]}"#,
    );
    let squall = Ended(place.command(&["run", "e.json"]).spawn().expect("it runs"));
    let (background, foreground) = (place.wait_for_file("bg"), place.wait_for_file("fg"));
    send("INT", squall.0.id());
    place.wait_for("the foreground's end", || !is_alive(&foreground));
    assert!(is_alive(&background), "the first signal leaves the background its time");
    send("INT", squall.0.id());
    place.wait_for("the background's end", || !is_alive(&background));
    place.wait_for("the journal", || place.path("journal.json").exists());
    assert_eq!(at(&place.journal(), &["run", "0", "status"]), Value::Null);
}

#[test]
fn a_journal_is_whole_or_not_there() {
    let place = Place::new();
    place.write("e.json", r#"{"title": "t", "description": "d", "method": []}"#);
    let refused = place.run(&["run", "--journal-path", "nowhere/j.json", "e.json"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("no directory `nowhere`"), "{}", refused.stderr);
    assert!(place.run_logs().is_empty(), "nothing was run");

    let shown = place.run(&["run", "--journal-path", "/dev/stdout", "e.json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.starts_with("{\n  \"chaoslib-version\": \"1.44.0\","), "{}", shown.stdout);
}

#[test]
fn a_run_goes_on_where_no_run_log_can_be_kept() {
    let place = Place::new();
    place.write("e.json", r#"{"title": "t", "description": "d", "method": []}"#);
    let output =
        place.command(&["run", "e.json"]).env("XDG_STATE_HOME", "/proc/nowhere").output().expect("it runs");
    let ran = done(output);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("no run log is kept"), "{}", ran.stderr);
    assert_eq!(at(&place.journal(), &["status"]), Value::from("completed"));
}
