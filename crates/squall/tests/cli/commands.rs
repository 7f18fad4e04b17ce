//! The command line from outside: usage, versions, settings, information, dialogue.

use std::fs;
use std::process::Stdio;

use crate::support::{SQUALL, Sandbox, ended};

const SETTINGS: &str =
    "auths:\n  example.com:\n    type: bearer\n    value: x\nl:\n- n: 1\n- n: 2\nz: 0\ne: ''\n";

#[test]
fn the_version_and_usage_have_the_name_of_the_link() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall(&["--version"]);
    assert_eq!(run.stdout, format!("squall, version {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run.code, Some(0));

    let link = sandbox.path("chaos");
    std::os::unix::fs::symlink(SQUALL, &link).unwrap();
    let run = ended(sandbox.command(&link, &["--version"]).output().unwrap());
    assert_eq!(run.stdout, "chaos, version 1.19.0\n");
    let run = ended(sandbox.command(&link, &["run"]).output().unwrap());
    assert_eq!(run.code, Some(2));
    let expected = "Usage: chaos run [OPTIONS] SOURCE\nTry 'chaos run --help' for help.\n\nError: Missing argument 'SOURCE'.\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn without_a_command_help_goes_to_stderr() {
    let sandbox = Sandbox::new();
    for arguments in [&[][..], &["settings"]] {
        let run = sandbox.squall(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.contains("Usage: squall"), "{}", run.stderr);
    }
    assert!(!sandbox.path("chaostoolkit.log").exists(), "nothing was done");
}

#[test]
fn asked_for_help_goes_to_stdout() {
    let run = Sandbox::new().squall(&["run", "--help"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.contains("--hypothesis-frequency"), "{}", run.stdout);
}

#[test]
fn files_that_must_exist_are_looked_for_after_the_change_of_directory() {
    let sandbox = Sandbox::new();
    sandbox.write("here.yaml", "");
    sandbox.write("sub/e.json", "{}");
    let run = sandbox.squall(&["--change-dir", "sub", "run", "--var-file", "here.yaml", "e.json"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("WARNING] Moving to sub\n"), "{}", run.stderr);
    assert!(
        run.stderr.ends_with("\n\nError: Invalid value for '--var-file': Path 'here.yaml' does not exist.\n"),
        "{}",
        run.stderr
    );
    let run = sandbox.squall(&["--change-dir", "nowhere", "info", "core"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("ERROR] cannot change to directory `nowhere`"), "{}", run.stderr);
}

#[test]
fn versions_are_shown() {
    let run = Sandbox::new().squall(&["info", "core"]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        run.stdout,
        format!(
            "NAME                VERSION   \nCLI                 {version:<10}\nCore library        1.44.0    \n"
        )
    );
}

#[test]
fn the_settings_file_is_shown_as_it_is() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall(&["info", "settings"]);
    let path = sandbox.path(".chaostoolkit/settings.yaml");
    assert_eq!(run.stdout, format!("No settings file found at {}\n", path.display()));
    assert_eq!(run.code, Some(0));
    sandbox.write(".chaostoolkit/settings.yaml", "# mine\na: $HOME\n");
    assert_eq!(sandbox.squall(&["info", "settings"]).stdout, "# mine\na: $HOME\n\n");
}

#[test]
fn settings_are_shown_and_read() {
    let sandbox = Sandbox::new();
    sandbox.write("s.yaml", SETTINGS);
    let settings = |arguments: &[&str]| {
        let run = sandbox.squall(&[&["--settings", "s.yaml", "settings"], arguments].concat());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        run.stdout
    };
    let sorted =
        "auths:\n  example.com:\n    type: bearer\n    value: x\ne: ''\nl:\n- n: 1\n- n: 2\nz: 0\n\n";
    assert_eq!(settings(&["show"]), sorted);
    assert_eq!(settings(&["get", r"auths.example\.com.type"]), "bearer\n...\n\n");
    assert_eq!(settings(&["get", "--format", "json", "l[1]"]), "{\n  \"n\": 2\n}\n");
    assert_eq!(settings(&["get", "--format", "string", "l"]), "[{'n': 1}, {'n': 2}]\n");
}

#[test]
fn settings_are_changed_in_place() {
    let sandbox = Sandbox::new();
    sandbox.write("s.yaml", SETTINGS);
    let settings = |arguments: &[&str]| {
        let run = sandbox.squall(&[&["--settings", "s.yaml", "settings"], arguments].concat());
        (run.code, run.stdout, run.stderr)
    };
    assert_eq!(settings(&["set", "l[0].n", r#"{"b": [true], "a": null}"#]).0, Some(0));
    assert_eq!(settings(&["remove", "auths"]).0, Some(0));
    let changed = "e: ''\nl:\n- n:\n    a: null\n    b:\n    - true\n- n: 2\nz: 0\n";
    assert_eq!(sandbox.read("s.yaml"), changed);

    for (arguments, message) in [
        (&["set", "new", "1"][..], "the settings have no entry `new`"),
        (&["get", "l[7]"], "the settings have no entry `l[7]`"),
        (&["remove", "z.y"], "the settings have no entry `z.y`"),
        (&["set", "z", "text"], "`text` is not a value in JSON: Expecting value: line 1 column 1 (char 0)"),
    ] {
        let (code, stdout, stderr) = settings(arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(stderr.contains(&format!("ERROR] {message}")), "{stderr}");
    }
    assert_eq!(sandbox.read("s.yaml"), changed, "a refused change changes nothing");
}

#[test]
fn settings_that_are_missing_or_broken() {
    let sandbox = Sandbox::new();
    for arguments in [&["show"][..], &["get", "a"], &["set", "a", "1"], &["remove", "a"]] {
        let run = sandbox.squall(&[&["--settings", "s.yaml", "settings"], arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(run.stderr.contains("ERROR] No settings file found at s.yaml\n"), "{}", run.stderr);
    }
    sandbox.write("s.yaml", "a: [b\n");
    let run = sandbox.squall(&["--settings", "s.yaml", "settings", "show"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "{}\n\n"));
    assert!(run.stderr.contains("ERROR] Failed parsing YAML settings: "), "{}", run.stderr);
}

#[test]
fn an_experiment_is_made_from_answers() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall_given(&["init", "--experiment-path", "e.json"], "\nmy title\nn\n");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(
        run.stdout.contains("\nExperiment's title: Experiment's title: \nA steady state"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("[y/N]: \nExperiment created and saved in 'e.json'\n"), "{}", run.stdout);
    let written = "{\n    \"title\": \"my title\",\n    \"description\": \"N/A\",\n    \"tags\": [],\n    \"method\": []\n}";
    assert_eq!(sandbox.read("e.json"), written);

    let run = sandbox.squall_given(&["init", "--experiment-path", "e.yaml"], "t\ny\nh\n");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let written = "title: t\ndescription: N/A\ntags: []\nsteady-state-hypothesis:\n";
    assert!(sandbox.read("e.yaml").starts_with(written), "{}", sandbox.read("e.yaml"));
}

#[test]
fn a_dialogue_that_breaks_off_writes_nothing() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall_given(&["init"], "my title\n");
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), "Aborted!\n"));
    assert!(!sandbox.path("experiment.json").exists());
    sandbox.write("discovery.json", "{\"activities\": 1}");
    let run = sandbox.squall_given(&["init"], "my title\n");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("ERROR] cannot read the discovery `./discovery.json`"), "{}", run.stderr);
}

#[test]
fn without_python_discovery_says_what_to_do() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(SQUALL, &["discover", "--no-install", "some-package"]);
    let run = ended(command.env("SQUALL_PYTHON", "/nonexistent/python").output().unwrap());
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        run.stderr.contains("CRITICAL] ") && run.stderr.contains("/nonexistent/python"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_package_that_is_not_there_is_no_failure_of_the_command() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall(&["discover", "--no-install", "no-such-package-anywhere"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("CRITICAL] Package no-such-package-anywhere not found\n"), "{}", run.stderr);
    assert!(!sandbox.path("discovery.json").exists());
}

#[test]
fn completions_and_manual_pages_are_made() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.squall(&["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(run.stdout.contains("rollback-strategy"), "{shell}");
    }
    assert!(sandbox.squall(&["man"]).stdout.contains("squall"));
    assert_eq!(sandbox.squall(&["man", "pages"]).code, Some(0));
    for page in ["squall.1", "squall-run.1", "squall-settings-get.1"] {
        assert!(fs::metadata(sandbox.path("pages").join(page)).unwrap().len() > 100, "{page}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(SQUALL, &["completions", "bash"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = ended(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn aws_shows_services_operations_and_parameters() {
    let sandbox = Sandbox::new();
    let aws = |arguments: &[&str]| sandbox.squall(&[&["--no-log-file", "aws"], arguments].concat());

    let run = aws(&["--search", "container registry"]);
    assert!(run.stdout.starts_with("SERVICES\n  ecr "), "{}", run.stdout);
    // Who knows no service finds its operations.
    let run = aws(&["failover"]);
    assert!(run.stdout.starts_with("OPERATIONS\n"), "{}", run.stdout);
    let rds = run.stdout.lines().find(|line| line.starts_with("  rds "));
    assert!(rds.is_some_and(|line| line.ends_with(" failover_db_cluster")), "{}", run.stdout);
    let run = aws(&["--search", "failover", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let rds = found.as_array().unwrap().iter().find(|service| service["service"] == "rds").unwrap();
    assert_eq!(rds["operations"][0], "failover_db_cluster");
    let run = aws(&["--search", "unheard of"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("no service and no operation of AWS has `unheard of` in its name"),
        "{}",
        run.stderr
    );
    let run = aws(&["ec2", "--search", "stop"]);
    assert!(run.stdout.contains("  stop_instances\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("instance_stopped  asks describe_instances every 15 s, 40 times"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("run_instances") && !run.stdout.contains('\x1b'));
    let few = aws(&["ec2", "--search", "stop_instances", "--format", "json"]);
    let few: serde_json::Value = serde_json::from_str(&few.stdout).unwrap();
    assert_eq!(few["operations"].as_array().unwrap().len(), 1);

    let words = aws(&["ec2", "stop"]);
    assert_eq!(words.stdout, run.stdout, "a word that is no name is looked for");
    assert!(aws(&["registry"]).stdout.contains("ecr "));

    for name in ["stop_task", "StopTask"] {
        let run = aws(&["ecs", name]);
        assert!(run.stdout.starts_with("ecs.stop_task (StopTask)\n"), "{}", run.stdout);
        assert!(run.stdout.contains("\n  task     string, required\n"), "{}", run.stdout);
        assert!(
            run.stdout.contains("    operation: stop_task\n    arguments:\n      task: ...\n"),
            "{}",
            run.stdout
        );
    }
    let run = aws(&["ecs", "stop_task", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(shown["parameters"][1]["name"], "task");
    assert_eq!(shown["parameters"][1]["required"], true);

    for (arguments, hint) in [
        (&["ecss"][..], "there is no AWS service `ecss`: did you mean `ecs`?"),
        (&["ecs", "stop_tsk"], "`ecs` has no operation `stop_tsk`: did you mean `stop_task`?"),
    ] {
        let run = aws(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
        assert!(run.stderr.contains(hint), "{}", run.stderr);
    }
}
