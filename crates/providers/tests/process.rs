//! The `process` provider behaves as the reference's, and better where that loses or leaks.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use squall_engine::ports::{Call, Lane, Notes, Outcome, Provider};
use squall_model::{Map, Value, json};
use squall_providers::process::ProcessProvider;

fn definition(provider: &str, configuration: &str) -> Call {
    let map = |text: &str| json::parse(text).unwrap().as_map().unwrap().clone();
    let activity = Map::new();
    activity.insert("provider", Value::Map(map(provider)));
    Call {
        activity,
        configuration: map(configuration),
        secrets: Map::new(),
        lane: Lane::Main,
        notes: Notes::default(),
    }
}

async fn call(provider: &str, configuration: &str) -> Outcome {
    ProcessProvider::default().call(&definition(provider, configuration)).await
}

/// Status, standard output and standard error.
fn returned(outcome: Outcome) -> (i64, String, String) {
    let Outcome::Returned(output) = outcome else { panic!("not returned: {outcome:?}") };
    let keys: Vec<String> =
        output.as_map().unwrap().entries().iter().map(|(k, _)| k.as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, ["status", "stdout", "stderr"]);
    let text = |key: &str| output.get(key).unwrap().as_str().unwrap().to_owned();
    let Some(Value::Int(status)) = output.get("status") else { panic!("no status") };
    (status.to_i64().unwrap(), text("stdout"), text("stderr"))
}

fn errored(outcome: Outcome) -> String {
    match outcome {
        Outcome::Errored(failure) => failure.exception.concat().trim_end().to_owned(),
        other => panic!("not an error: {other:?}"),
    }
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => failure.exception.concat(),
        other => panic!("not failed: {other:?}"),
    }
}

#[tokio::test]
async fn arguments_are_text_a_list_or_a_mapping() {
    for (provider, stdout) in [
        (r#"{"path": "echo"}"#, "\n"),
        (r#"{"path": "echo", "arguments": ""}"#, "\n"),
        (r#"{"path": "echo", "arguments": "a  b '$HOME' ; echo two | tr a-z A-Z"}"#, "a b $HOME\nTWO\n"),
        (
            r#"{"path": "echo", "arguments": ["a  b", true, 1.0, null, "", 0, [1, "x"]]}"#,
            "a  b True 1.0 0 [1, 'x']\n",
        ),
        (r#"{"path": "echo", "arguments": {"-a": 1, "--flag": "", "b": null}}"#, "-a 1 --flag b\n"),
        (r#"{"path": "sh", "arguments": ["-c", "echo $$X"]}"#, "no configuration"),
    ] {
        let (status, out, _) = returned(call(provider, "{}").await);
        assert_eq!(status, 0, "{provider}");
        if stdout == "no configuration" {
            assert!(out.trim_end().strip_suffix('X').unwrap().parse::<u32>().is_ok(), "{out}");
        } else {
            assert_eq!(out, stdout, "{provider}");
        }
    }
    let provider = r#"{"path": "sh", "arguments": ["-c", "echo $$ $X ${Y:-d}"]}"#;
    assert_eq!(returned(call(provider, r#"{"X": "cfgX"}"#).await).1, "$ cfgX d\n");
}

#[tokio::test]
async fn a_status_is_an_output() {
    assert_eq!(
        returned(call(r#"{"path": "sh", "arguments": "-c 'echo e >&2; exit 3'"}"#, "{}").await),
        (3, String::new(), "e\n".to_owned())
    );
    assert_eq!(returned(call(r#"{"path": "sh", "arguments": ["-c", "kill -9 $$"]}"#, "{}").await).0, -9);
}

#[tokio::test]
async fn a_missing_program_fails_the_activity() {
    for arguments in [r#""x""#, r#"["x"]"#, r#"{"x": 1}"#] {
        let provider = format!(r#"{{"path": "no-such-program", "arguments": {arguments}}}"#);
        let failure = failed(call(&provider, "{}").await);
        assert!(failure.contains("path 'no-such-program' cannot be found"), "{failure}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_program_comes_out_as_in_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    std::fs::write(&file, "").unwrap();
    let provider = format!(r#"{{"path": "{}", "arguments": "x"}}"#, file.display());
    let (status, out, err) = returned(call(&provider, "{}").await);
    assert_eq!((status, out.as_str()), (127, ""));
    assert!(err.contains("None"), "{err}");
}

#[tokio::test]
async fn malformed_definitions_abort_the_run() {
    for (provider, expected) in [
        ("{}", "KeyError: 'path'"),
        (r#"{"path": 3}"#, "TypeError: expected str, bytes or os.PathLike object, not int"),
        (r#"{"path": "true", "arguments": 5}"#, "TypeError: 'int' object is not iterable"),
        (r#"{"path": "true", "arguments": null}"#, "TypeError: 'NoneType' object is not iterable"),
        (
            r#"{"path": "true", "timeout": "1"}"#,
            "TypeError: unsupported operand type(s) for +: 'float' and 'str'",
        ),
        (r#"{"path": "echo", "arguments": ["a\u0000b"]}"#, "ValueError: embedded null byte"),
    ] {
        let error = errored(call(provider, "{}").await);
        assert!(error.starts_with(expected), "{provider}: {error}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, "echo no interpreter line\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let provider = format!(r#"{{"path": "{}"}}"#, path.display());
    let error = errored(call(&provider, "{}").await);
    assert_eq!(error, format!("OSError: [Errno 8] Exec format error: '{}'", path.display()));
}

#[tokio::test]
async fn a_timeout_ends_the_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let provider = format!(
        r#"{{"path": "sh", "arguments": "-c 'sleep 1000 & echo $! >{}; wait'", "timeout": 0.5}}"#,
        pid.display()
    );
    let outcome = call(&provider, "{}").await;
    assert_eq!(
        failed(outcome),
        "chaoslib.exceptions.ActivityFailed: process activity took too long to complete\n"
    );
    let pid = std::fs::read_to_string(pid).unwrap();
    let start = Instant::now();
    let runs = || {
        std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
            .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z')))
    };
    while runs() {
        assert!(start.elapsed() < Duration::from_secs(10), "the grandchild {pid} lives on");
        tokio::task::yield_now().await;
    }
    let at_once = call(r#"{"path": "sleep", "arguments": "1000", "timeout": 0}"#, "{}").await;
    assert!(failed(at_once).contains("process activity took too long to complete"));
}

#[tokio::test]
async fn output_is_decoded_without_loss() {
    for (printed, expected) in [
        ("h\\\\303\\\\251llo \\\\342\\\\202\\\\254", "héllo €"),
        ("a\\\\000b", "a\0b"),
        ("\\\\377\\\\376h\\\\000i\\\\000", "hi"),
        ("cr\\\\350me", "crème"),
    ] {
        let provider = format!(r#"{{"path": "printf", "arguments": ["{printed}"]}}"#);
        assert_eq!(returned(call(&provider, "{}").await).1, expected, "{printed}");
    }
}

#[tokio::test]
async fn large_output_is_cut_and_says_so() {
    let provider = ProcessProvider::with_output_limit(1000);
    let script = r#"{"path": "sh", "arguments": ["-c", "printf %0999d 0; printf 'é%0500d' 0"]}"#;
    let (status, out, _) = returned(provider.call(&definition(script, "{}")).await);
    assert_eq!(status, 0);
    let (kept, marker) = out.split_once('\n').unwrap();
    assert_eq!(kept, "0".repeat(999), "the half character is left out");
    assert_eq!(marker, "[squall: 502 more bytes were dropped; SQUALL_MAX_OUTPUT is 1000]\n");
    let script = r#"{"path": "sh", "arguments": ["-c", "printf %01000d 0"]}"#;
    assert_eq!(returned(provider.call(&definition(script, "{}")).await).1, "0".repeat(1000));
}
