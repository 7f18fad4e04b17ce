//! Functions answered without Python give what Python gives.

use std::path::Path;

use squall_engine::ports::{Outcome, Provider};
use squall_model::{Value, json};
use squall_providers::python::{ActivityCheck, PythonWorker, Settings};

use crate::support::{call_of, settings, value, worker};

/// A folder with a file, a folder, links, and one file too little.
fn prepare(folder: &Path) {
    std::fs::write(folder.join("file"), "content").unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    std::fs::write(folder.join("folder/inner"), "").unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    std::os::unix::fs::symlink("file", folder.join("link")).unwrap();
    std::os::unix::fs::symlink("nothing", folder.join("dangling")).unwrap();
}

/// Function and arguments; `@` stands for the folder.
const CALLS: &[(&str, &str, &str)] = &[
    ("os.path", "exists", r#"{"path": "@/file"}"#),
    ("os.path", "exists", r#"{"path": "@/dangling"}"#),
    ("os.path", "exists", r#"{"path": ""}"#),
    ("os.path", "exists", r#"{"path": "@/file/below"}"#),
    ("os.path", "lexists", r#"{"path": "@/dangling"}"#),
    ("os.path", "isfile", r#"{"path": "@/link"}"#),
    ("os.path", "isfile", r#"{"path": "@/folder"}"#),
    ("os.path", "isdir", r#"{"s": "@/folder"}"#),
    ("os.path", "isdir", r#"{"s": "@/file"}"#),
    ("os.path", "islink", r#"{"path": "@/link"}"#),
    ("os.path", "isabs", r#"{"s": "@"}"#),
    ("os.path", "isabs", r#"{"s": "a/b"}"#),
    ("os.path", "basename", r#"{"p": "@/file"}"#),
    ("os.path", "basename", r#"{"p": "a/"}"#),
    ("os.path", "dirname", r#"{"p": "//a"}"#),
    ("os.path", "dirname", r#"{"p": "a//b"}"#),
    ("os.path", "dirname", r#"{"p": "///"}"#),
    ("os.path", "dirname", r#"{"p": "a"}"#),
    ("os.path", "getsize", r#"{"filename": "@/file"}"#),
    ("os.path", "getsize", r#"{"filename": "@/nothing"}"#),
    ("os", "remove", r#"{"path": "@/nothing's"}"#),
    ("os", "remove", r#"{"path": "@/folder"}"#),
    ("os", "remove", r#"{"path": "@/link"}"#),
    ("os", "unlink", r#"{"path": "@/file"}"#),
    ("os", "unlink", r#"{"path": "@/file"}"#),
    ("os", "rmdir", r#"{"path": "@/folder"}"#),
    ("os", "rmdir", r#"{"path": "@/empty"}"#),
    ("os", "rmdir", r#"{"path": "@/empty"}"#),
    ("os", "mkdir", r#"{"path": "@/new"}"#),
    ("os", "mkdir", r#"{"path": "@/new"}"#),
    ("os", "mkdir", r#"{"path": "@/no/parent"}"#),
    ("os", "makedirs", r#"{"name": "@/a/b/c"}"#),
    ("os", "makedirs", r#"{"name": "@/a/b/c"}"#),
    ("os", "makedirs", r#"{"name": "@/a/b/c/", "exist_ok": true}"#),
    ("os", "makedirs", r#"{"name": "@/folder/inner", "exist_ok": true}"#),
    ("os", "rename", r#"{"src": "@/new", "dst": "@/renamed"}"#),
    ("os", "rename", r#"{"src": "@/new", "dst": "@/it's"}"#),
    ("os", "listdir", r#"{"path": "@/folder"}"#),
    ("os", "listdir", r#"{"path": "@/nothing"}"#),
    ("os", "listdir", r#"{"path": "@/folder/inner"}"#),
    ("os", "getcwd", "{}"),
    ("os", "getenv", r#"{"key": "HOME"}"#),
    ("os", "getenv", r#"{"key": "SQUALL_NOT_SET"}"#),
    ("os", "getenv", r#"{"key": "SQUALL_NOT_SET", "default": [1]}"#),
];

/// What a run through all calls gives, with the folder's name taken out.
async fn results(worker: &PythonWorker) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let name = folder.path().to_str().unwrap();
    let mut results = Vec::new();
    for (module, func, arguments) in CALLS {
        let outcome = worker.call(&call_of(module, func, value(&arguments.replace('@', name)))).await;
        let shown = match outcome {
            Outcome::Returned(value) => format!("{value:?}"),
            Outcome::Failed(failure) => {
                format!("{} / {}", failure.message, failure.exception.last().unwrap())
            }
            other => format!("{other:?}"),
        };
        results.push(format!("{module}.{func}({arguments}) = {}", shown.replace(name, "@")));
    }
    results
}

#[tokio::test]
async fn results_are_pythons() {
    let native = PythonWorker::new(Settings { native: true, ..settings() });
    for (ours, theirs) in results(&native).await.iter().zip(results(&worker()).await) {
        assert_eq!(*ours, theirs);
    }
}

#[tokio::test]
async fn times_of_files_are_pythons() {
    let native = PythonWorker::new(Settings { native: true, ..settings() });
    let call = call_of(
        "os.path",
        "getmtime",
        Value::map([("filename", Value::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/main.rs")))]),
    );
    let manifest = call_of(
        "os.path",
        "getmtime",
        value(&format!(
            r#"{{"filename": {}}}"#,
            json_text(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        )),
    );
    for call in [call, manifest] {
        let (ours, theirs) = (native.call(&call).await, worker().call(&call).await);
        assert_eq!(format!("{ours:?}").lines().next(), format!("{theirs:?}").lines().next());
    }
}

fn json_text(text: &str) -> String {
    format!("{text:?}")
}

#[tokio::test]
async fn checks_are_pythons() {
    let native = PythonWorker::new(Settings { native: true, ..settings() });
    let mut checks = Vec::new();
    for (module, func, _) in CALLS {
        for arguments in [
            "{}",
            r#"{"path": 1}"#,
            r#"{"s": 1}"#,
            r#"{"p": 1, "x": 2}"#,
            r#"{"src": 1}"#,
            r#"{"src": 1, "dst": 1, "src_dir_fd": 1}"#,
            r#"{"name": 1, "mode": 1}"#,
            r#"{"filename": 1}"#,
            r#"{"key": 1, "default": 1}"#,
            r#"{"nothing": 1}"#,
        ] {
            checks.push(ActivityCheck {
                module: (*module).to_owned(),
                func: (*func).to_owned(),
                arguments: json::parse(arguments).unwrap(),
            });
        }
    }
    let ours = native.check_activities(checks.clone()).await.unwrap();
    let theirs = worker().check_activities(checks.clone()).await.unwrap();
    for (check, (ours, theirs)) in checks.iter().zip(ours.iter().zip(&theirs)) {
        assert_eq!(ours, theirs, "{check:?}");
    }
}

#[tokio::test]
async fn python_is_asked_once_it_runs() {
    let native = PythonWorker::new(Settings { native: true, ..settings() });
    let patch = call_of("acts", "patch_exists", value("{}"));
    let exists = call_of("os.path", "exists", value(r#"{"path": "/"}"#));
    assert_eq!(crate::support::returned(native.call(&exists).await).as_bool(), Some(true));
    crate::support::returned(native.call(&patch).await);
    assert_eq!(crate::support::returned(native.call(&exists).await).as_str(), Some("patched"));
}
