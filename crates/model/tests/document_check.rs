//! The findings of a check.

use std::collections::HashMap;

use squall_model::check::{self, CheckKind, Lookup, PythonAnswer, World};
use squall_model::diagnostic::{Code, Diagnostic, Severity};
use squall_model::document::{Document, Format};
use squall_model::{Str, Value, json};

/// A machine with the programs `echo` and `sh`, a file that is not executable, and `HOME`.
struct Bare;

impl World for Bare {
    fn env(&self, name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/someone".to_owned())
    }

    fn which(&self, path: &str) -> Lookup {
        match path {
            "echo" | "sh" => Lookup::Found,
            "./notes.txt" => Lookup::NotExecutable,
            _ => Lookup::NotFound,
        }
    }

    fn cast(&self, kind: &str, value: &Value) -> Result<(), String> {
        match (kind, value) {
            ("int", Value::Str(text)) if text.parse::<i64>().is_err() => Err("no integer".to_owned()),
            ("int" | "str", _) => Ok(()),
            _ => Err("no such type".to_owned()),
        }
    }
}

fn check(experiment: &str) -> Vec<Diagnostic> {
    answered(experiment, [])
}

fn answered(experiment: &str, answers: impl IntoIterator<Item = PythonAnswer>) -> Vec<Diagnostic> {
    let experiment = json::parse(experiment).expect("the test's own JSON");
    check::check(&experiment, &HashMap::new(), &Bare).finish(answers)
}

/// The codes and messages that matter for the exit code, in order.
fn errors(experiment: &str) -> Vec<(Code, String)> {
    check(experiment)
        .into_iter()
        .filter(Diagnostic::is_error)
        .map(|found| (found.code, found.message))
        .collect()
}

/// An experiment with these entries beside title and description.
fn with(entries: &str) -> String {
    format!(r#"{{"title": "t", "description": "d", {entries}}}"#)
}

/// An experiment with this one activity in its method.
fn with_activity(entries: &str) -> String {
    with(&format!(r#""method": [{{{entries}}}]"#))
}

/// An experiment with a hypothesis of one probe with this tolerance.
fn with_tolerance(tolerance: &str) -> String {
    with(&format!(
        r#""method": [], "steady-state-hypothesis": {{"title": "h", "probes": [{{"type": "probe", "name": "a",
        "provider": {{"type": "process", "path": "echo"}}, "tolerance": {tolerance}}}]}}"#
    ))
}

const ECHO: &str = r#""type": "action", "name": "a", "provider": {"type": "process", "path": "echo"}"#;

/// Experiments, and the first error that the reference reports for each.
#[test]
fn the_first_error_is_the_references() {
    let py = |entries: &str| {
        with_activity(&format!(
            r#""type": "action", "name": "a", "provider": {{"type": "python", {entries}}}"#
        ))
    };
    let cases: Vec<(String, &str)> = vec![
        ("{}".into(), "an empty experiment is not an experiment"),
        ("null".into(), "an empty experiment is not an experiment"),
        (r#"{"description": "d", "method": []}"#.into(), "experiment requires a title"),
        (r#"{"title": "", "description": "d", "method": []}"#.into(), "experiment requires a title"),
        (r#"{"title": "t", "method": []}"#.into(), "experiment requires a description"),
        (with(r#""tags": ["a", ""], "method": []"#), "experiment tags must be a non-empty string"),
        (with(r#""tags": [1], "method": []"#), "experiment tags must be a non-empty string"),
        (with(r#""extensions": [{"name": " "}], "method": []"#), "All extensions require a non-empty name"),
        (
            with(r#""configuration": {"x": {"type": "env", "key": "NOPE"}}, "method": []"#),
            "Configuration makes reference to an environment key that does not exist: NOPE",
        ),
        (
            with(r#""secrets": {"s": {"x": {"y": {"type": "env", "key": "NOPE"}}}}, "method": []"#),
            "Secrets make reference to an environment key that does not exist: NOPE",
        ),
        (with(r#""steady-state-hypothesis": {}, "method": []"#), "hypothesis requires a title"),
        (
            with(&format!(
                r#""steady-state-hypothesis": {{"title": "h", "probes": [{{{ECHO}}}]}}, "method": []"#
            )),
            "hypothesis probe must have a tolerance entry",
        ),
        (
            with(r#""steady-state-hypothesis": {"title": "h", "probes": [{"ref": "a"}]}, "method": []"#),
            "hypothesis probe must have a tolerance entry",
        ),
        (
            with(r#""version": "1""#),
            "an experiment requires a method, which can be empty for only checking steady state hypothesis ",
        ),
        (with(r#""method": [{}]"#), "empty activity is no activity"),
        (with_activity(r#""ref": """#), "reference to activity must be non-empty strings"),
        (with_activity(r#""ref": 3"#), "reference to activity must be non-empty strings"),
        (with_activity(r#""ref": "zzz""#), "referenced activity 'zzz' could not be found in the experiment"),
        (with_activity(r#""name": "a""#), "an activity must have a type"),
        (with_activity(r#""type": "python", "name": "a""#), "'python' is not a supported activity type"),
        (with_activity(r#""type": "probe""#), "an activity must have a name"),
        (with_activity(r#""type": "probe", "name": "a""#), "an activity requires a provider"),
        (
            with_activity(r#""type": "probe", "name": "a", "provider": {"x": 1}"#),
            "a provider must have a type",
        ),
        (
            with_activity(r#""type": "probe", "name": "a", "provider": {"type": "ssh"}"#),
            "unknown provider type 'ssh'",
        ),
        (with_activity(&format!(r#"{ECHO}, "timeout": "3""#)), "activity timeout must be a number"),
        (
            with_activity(&format!(r#"{ECHO}, "pauses": {{"before": "3"}}"#)),
            "activity before pause must be a number or a pattern to a variable from the configuration or secrets",
        ),
        (
            with_activity(&format!(r#"{ECHO}, "pauses": {{"after": "${{x"}}"#)),
            "activity after pause must be a number or a pattern to a variable from the configuration or secrets",
        ),
        (with_activity(&format!(r#"{ECHO}, "background": null"#)), "activity background must be a boolean"),
        (py(r#""func": "f""#), "a Python activity must have a module path"),
        (py(r#""module": "m""#), "a Python activity must have a function name"),
        (
            with_activity(r#""type": "probe", "name": "a", "provider": {"type": "process"}"#),
            "a process activity must have a path",
        ),
        (
            with_activity(r#""type": "probe", "name": "a", "provider": {"type": "process", "path": "zz"}"#),
            "path 'zz' cannot be found, in activity 'a'",
        ),
        (
            with_activity(
                r#""type": "probe", "name": "a", "provider": {"type": "process", "path": "./notes.txt"}"#,
            ),
            "path './notes.txt' cannot be found, in activity 'a'",
        ),
        (
            with_activity(r#""type": "probe", "name": "a", "provider": {"type": "http"}"#),
            "a HTTP activity must have a URL",
        ),
        (
            with_activity(
                r#""type": "probe", "name": "a", "provider": {"type": "http", "url": "x", "headers": ["a"]}"#,
            ),
            "a HTTP activities expect headers as a mapping",
        ),
        (with(r#""method": [], "rollbacks": [{"type": "action"}]"#), "an activity must have a name"),
        (with_tolerance(r#"{"type": "zzz"}"#), "hypothesis probe tolerance type 'zzz' is unsupported"),
        (with_tolerance("{}"), "hypothesis probe tolerance type 'None' is unsupported"),
        (
            with_tolerance(r#"{"type": "regex"}"#),
            "hypothesis regex probe tolerance must have a `pattern` key",
        ),
        (
            with_tolerance(r#"{"type": "regex", "pattern": 3}"#),
            "hypothesis probe tolerance pattern 3 has an invalid type",
        ),
        (
            with_tolerance(r#"{"type": "regex", "pattern": "[0-9"}"#),
            "hypothesis probe tolerance pattern [0-9 seems invalid: unterminated character set",
        ),
        (
            with_tolerance(r#"{"type": "jsonpath"}"#),
            "hypothesis jsonpath probe tolerance must have a `path` key",
        ),
        (
            with_tolerance(r#"{"type": "jsonpath", "path": " "}"#),
            "hypothesis probe tolerance JSON path cannot be empty",
        ),
        (
            with_tolerance(r#"{"type": "jsonpath", "path": "$..[["}"#),
            "hypothesis probe tolerance JSON path $..[[ is invalid",
        ),
        (with_tolerance(r#"{"type": "range"}"#), "hypothesis range probe tolerance must have a `range` key"),
        (with_tolerance(r#"{"type": "range", "range": 1}"#), "hypothesis range must be a sequence"),
        (
            with_tolerance(r#"{"type": "range", "range": [1]}"#),
            "hypothesis range sequence must be made of two values",
        ),
        (
            with_tolerance(r#"{"type": "range", "range": ["1", 2]}"#),
            "hypothesis range lower boundary must be a number",
        ),
        (
            with_tolerance(r#"{"type": "range", "range": [1, "2"]}"#),
            "hypothesis range upper boundary must be a number",
        ),
        (
            with_tolerance(r#"{"type": "probe", "provider": {"type": "http", "url": "x"}}"#),
            "an activity must have a name",
        ),
        (with(r#""method": [], "controls": [{"name": "c"}]"#), "Control 'c' must have a `provider` property"),
        (with(r#""method": [], "controls": [{"provider": {}}]"#), "A control must have a `name` property"),
        (
            with(r#""method": [], "controls": [{"name": "c", "scope": "post", "provider": {}}]"#),
            "Control 'c' scope property must be 'before' or 'after' only",
        ),
        (
            with(r#""method": [], "controls": [{"name": "c", "provider": {"type": "python"}}]"#),
            "Control 'c' must have a module path",
        ),
    ];
    for (experiment, message) in cases {
        let found = errors(&experiment);
        assert_eq!(found.first().map(|(_, found)| found.as_str()), Some(message), "{experiment}");
    }
}

#[test]
fn what_makes_the_reference_crash_is_an_error() {
    for entries in [
        r#""method": "a""#,
        r#""method": [null]"#,
        r#""method": ["abc"]"#,
        r#""method": {"a": 1}"#,
        r#""method": [], "steady-state-hypothesis": []"#,
        r#""method": [], "steady-state-hypothesis": {"title": "h", "probes": {}}"#,
        r#""method": [], "configuration": []"#,
        r#""method": [], "configuration": {"x": {"type": "env"}}"#,
        r#""method": [], "configuration": {"x": {"type": "env", "key": "HOME", "env_var_type": "int"}}"#,
        r#""method": [], "configuration": {"x": {"type": "env", "key": "HOME", "env_var_type": "zzz"}}"#,
        r#""method": [], "configuration": {"x": {"type": "env", "key": 3}}"#,
        r#""method": [], "secrets": {"x": "v"}"#,
        r#""method": [], "secrets": "v""#,
        r#""method": [], "tags": 3"#,
        r#""method": [], "extensions": [3]"#,
        r#""method": [], "controls": 3"#,
        r#""method": [], "controls": {"name": "c"}"#,
        r#""method": [], "controls": [{"name": "c", "provider": null}]"#,
        r#""method": [], "rollbacks": 3"#,
        r#""method": [{"type": "probe", "name": "a", "provider": "x"}]"#,
        r#""method": [{"type": "probe", "name": ["a"], "provider": {"type": "process", "path": "echo"}}]"#,
        r#""method": [{"type": "probe", "name": "a", "provider": {"type": "process", "path": 3}}]"#,
        r#""method": [{"type": "probe", "name": "a", "provider": {"type": "python", "module": "m", "func": "f", "arguments": null}}]"#,
        r#""method": [{"type": "probe", "name": "a", "provider": {"type": "process", "path": "echo"}, "pauses": 3}]"#,
    ] {
        assert!(!errors(&with(entries)).is_empty(), "{entries}");
    }
    assert_eq!(errors("[1]")[0].0, Code::WrongShape);
}

#[test]
fn odd_and_harmless_experiments_are_valid() {
    for entries in [
        r#""method": []"#,
        r#""method": [], "tags": "abc""#,
        r#""method": [], "tags": null"#,
        r#""method": [], "contributions": 3, "runtime": 4, "whatever": {}"#,
        r#""method": [], "configuration": null, "secrets": null, "rollbacks": null, "controls": null"#,
        r#""method": [], "steady-state-hypothesis": null"#,
        r#""method": [], "steady-state-hypothesis": {"title": "h"}"#,
        r#""method": [], "steady-state-hypothesis": {"title": "h", "probes": null}"#,
        r#""method": [], "configuration": {"x": {"type": "weird"}, "y": {"type": "probe"}}"#,
        r#""method": [], "configuration": {"x": {"type": "env", "key": "NOPE", "default": null}}"#,
        r#""method": [], "secrets": {"s": {"x": {"type": "vault", "path": "p"}}}"#,
        r#""method": [{"ref": "b"}, {"name": "b", "ref": "b"}]"#,
        r#""method": [], "rollbacks": [{"ref": "nowhere"}]"#,
        r#""method": [], "controls": [{"name": "c", "provider": {"type": "other"}}, {"ref": "c"}]"#,
        r#""method": [], "controls": [{"name": "c", "provider": {"type": "python", "module": "m"}, "scope": ""}]"#,
    ] {
        assert_eq!(errors(&with(entries)), [], "{entries}");
    }
    for entries in [
        r#""timeout": true"#,
        r#""timeout": null"#,
        r#""pauses": null"#,
        r#""pauses": {"before": -1, "after": "${x}"}"#,
        r#""pauses": {"before": [1]}"#,
        r#""background": true"#,
    ] {
        assert_eq!(errors(&with_activity(&format!("{ECHO}, {entries}"))), [], "{entries}");
    }
    for tolerance in [
        "0",
        "true",
        "[]",
        "[1, 2, 3]",
        r#""x""#,
        r#"{"type": "range", "range": [true, false]}"#,
        r#"{"type": "jsonpath", "path": "$.a"}"#,
        r#"{"type": "probe", "ref": "a"}"#,
    ] {
        assert_eq!(errors(&with_tolerance(tolerance)), [], "{tolerance}");
    }
}

#[test]
fn all_errors_are_told_in_the_references_order() {
    let experiment = r#"{"description": "d", "controls": [{}], "rollbacks": [{}], "method": [{"ref": "x"}, {"type": "z"}],
        "secrets": {"s": {"t": {"type": "env", "key": "NOPE"}}}, "configuration": {"c": {"type": "env", "key": "NOPE"}}}"#;
    let codes: Vec<_> = errors(experiment).into_iter().map(|(code, _)| code).collect();
    assert_eq!(
        codes,
        [
            Code::NoTitle,
            Code::MissingVariable,
            Code::MissingSecretVariable,
            Code::UnknownReference,
            Code::BadActivityType,
            Code::NoActivityName,
            Code::NoProvider,
            Code::EmptyActivity,
            Code::NoControlName,
            Code::NoControlProvider,
        ]
    );
}

#[test]
fn variables_of_the_run_stand_in_for_the_environment() {
    let experiment =
        json::parse(&with(r#""configuration": {"x": {"type": "env", "key": "NOPE"}}, "method": []"#))
            .unwrap();
    let given = |value| HashMap::from([(Str::from("x"), value)]);
    let found = |given: &HashMap<Str, Value>| check::check(&experiment, given, &Bare).has_errors();
    assert!(found(&HashMap::new()));
    assert!(!found(&given(Value::from("v"))));
    // A definition is taken as one, from wherever it comes.
    let again = Value::map([("type", Value::from("env")), ("key", Value::from("ALSO_NOPE"))]);
    assert!(found(&given(again)));
}

#[test]
fn answers_of_python_become_findings_in_their_places() {
    let activity = |name: &str| {
        format!(
            r#"{{"type": "probe", "name": "{name}", "provider": {{"type": "python", "module": "pkg.m", "func": "f",
            "arguments": {{"zz": 1}}}}}}"#
        )
    };
    let experiment = with(&format!(
        r#""method": [{}, {{"type": "probe", "name": "b"}}, {}, {}], "controls": [{{"name": "k", "provider":
        {{"type": "python", "module": "ctl"}}}}]"#,
        activity("a"),
        activity("c"),
        activity("d")
    ));
    let value = json::parse(&experiment).unwrap();
    let report = check::check(&value, &HashMap::new(), &Bare);
    let asked: Vec<_> =
        report.python().map(|check| (check.kind, check.name.as_str(), check.at.to_string())).collect();
    assert_eq!(
        asked,
        [
            (CheckKind::Activity, "a", "/method/0/provider".to_owned()),
            (CheckKind::Activity, "c", "/method/2/provider".to_owned()),
            (CheckKind::Activity, "d", "/method/3/provider".to_owned()),
            (CheckKind::Control, "k", "/controls/0/provider".to_owned()),
        ]
    );
    let found = answered(
        &experiment,
        [
            PythonAnswer::NotImportable,
            PythonAnswer::Unexpected("zz".into()),
            PythonAnswer::NoFunction,
            PythonAnswer::NotImportable,
        ],
    );
    let found: Vec<_> =
        found.iter().map(|found| (found.at.to_string(), found.severity(), found.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (
                "/method/0/provider/module".into(),
                Severity::Error,
                "could not find Python module 'pkg.m' in activity 'a'"
            ),
            ("/method/1".into(), Severity::Error, "an activity requires a provider"),
            (
                "/method/2/provider/arguments/zz".into(),
                Severity::Error,
                "argument 'zz' is not part of the function signature in activity 'f'"
            ),
            (
                "/method/3/provider/func".into(),
                Severity::Error,
                "The python module 'pkg.m' does not expose a function called 'f' in probe 'd'"
            ),
            (
                "/controls/0/provider/module".into(),
                Severity::Warning,
                "Could not find Python module 'ctl' in control 'k'. Did you install the Python module? The experiment \
                 will carry on running nonetheless."
            ),
        ]
    );
}

#[test]
fn a_missing_control_is_named() {
    let found = errors(&with(r#""method": [], "controls": [{"ref": "zz"}]"#));
    assert_eq!(found.len(), 1);
    assert!(found[0].1.contains("Control reference '{}' declaration cannot be found"));
    assert!(found[0].1.contains("`zz`"));
}

#[test]
fn deprecations_are_warnings() {
    let arguments = r#"{"type": "action", "name": "a", "provider": {"type": "process", "path": "echo", "arguments": {"-n": 1}}}"#;
    let found = check(&with(&format!(
        r#""method": [{arguments}, {arguments}], "secrets": {{"s": {{"x": {{"type": "vault", "key": "k"}}}}}}"#
    )));
    let found: Vec<_> = found.iter().map(|found| (found.code, found.severity())).collect();
    // The first is told once, however often it occurs.
    assert_eq!(
        found,
        [(Code::MappedArguments, Severity::Warning), (Code::VaultKeyWithoutPath, Severity::Warning)]
    );
}

#[test]
fn hints_are_few_and_never_errors() {
    let found = check(&with(
        r#""rollback": [], "configuration": {"known": 1}, "method": [{"type": "probe", "name": "a", "arguments": {},
        "provider": {"type": "http", "url": "http://x/${known}/${unknown}", "verify-tls": false, "expected_status": 200}}]"#,
    ));
    let found: Vec<_> = found.iter().map(|found| (found.code, found.at.to_string())).collect();
    assert_eq!(
        found,
        [
            (Code::Misspelled, "/rollback".into()),
            (Code::Ignored, "/method/0/arguments".into()),
            (Code::Misspelled, "/method/0/provider/verify-tls".into()),
            (Code::Ignored, "/method/0/provider/expected_status".into()),
            (Code::Undeclared, "/method/0/provider/url".into()),
        ]
    );
    // A control may declare it while the experiment runs.
    let controlled = check(&with(
        r#""controls": [{"name": "c", "provider": {"type": "other"}}], "method": [{"type": "probe", "name": "a",
        "provider": {"type": "http", "url": "${unknown}"}}]"#,
    ));
    assert_eq!(controlled, []);
}

#[test]
fn findings_know_their_place_in_the_text() {
    let text =
        "title: t\ndescription: d\nmethod:\n- type: probe\n  name: a\n  provider: {type: ssh}\n- ref: x\n";
    let document = Document::from_text("e.yaml", text, Format::Yaml).unwrap();
    let found = check::check(&document.value, &HashMap::new(), &Bare).finish([]);
    let places: Vec<_> = found
        .iter()
        .map(|found| {
            let placed = found.resolve(&document);
            (found.code, placed.line, placed.column, &text[placed.span.start..placed.span.end])
        })
        .collect();
    assert_eq!(places, [(Code::UnknownProvider, 6, 20, "ssh"), (Code::UnknownReference, 7, 8, "x")]);
    let value = found[1].to_value(Some(&document));
    assert_eq!(value.get("code"), Some(Value::from("E0403")));
    assert_eq!(value.get("line"), Some(Value::from(7)));
    assert_eq!(value.get("pointer"), Some(Value::from("/method/1/ref")));
}

#[test]
fn codes_are_unique_and_sorted_by_severity_letter() {
    let mut seen = std::collections::HashSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.as_str()), "{code} occurs twice");
        assert!(!code.meaning().is_empty());
        let letter = match code.severity() {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Hint => 'H',
        };
        assert!(code.as_str().starts_with(letter), "{code}");
    }
}
