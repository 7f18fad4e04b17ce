//! `faults`, `halt`, `resume`, and how `inject` is called.

use serde_json::Value;

use crate::support::{Place, state_of, victim};

#[test]
fn kinds_are_listed_with_what_they_take() {
    let place = Place::new();
    let ran = place.run(&["faults", "list", "--json"]);
    let kinds: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let cpu = kinds.iter().find(|kind| kind["kind"] == "cpu").unwrap();
    assert_eq!(cpu["class"], "held");
    let names: Vec<&Value> =
        cpu["parameters"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["cores", "all", "cpus", "percent", "nice", "cgroup", "of_process"]);
    let table = place.run(&["faults", "list"]);
    for kind in &kinds {
        let name = kind["kind"].as_str().unwrap();
        assert!(table.stdout.contains(name), "{name}");
        let help = place.run(&["inject", name, "--help"]);
        assert_eq!(help.code, Some(0), "{name}: {}", help.stderr);
        for parameter in kind["parameters"].as_array().unwrap() {
            let option = format!("--{}", parameter["name"].as_str().unwrap().replace('_', "-"));
            assert!(help.stdout.contains(&option), "{name} {option}: {}", help.stdout);
        }
    }
    assert!(place.run(&["inject"]).stdout.contains("process.pause"));
    assert!(!place.path("state").exists(), "nothing is written for a look at the catalogue");
}

#[test]
fn mistakes_on_the_command_line_are_all_told_and_nothing_is_done() {
    let place = Place::new();
    let ran = place.run(&["inject", "cpu", "--percent", "120", "--cores", "no"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`percent`: found `120`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`cores`: found `no`"), "{}", ran.stderr);
    let ran = place.run(&["inject", "cpu"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`--for` is missing"), "{}", ran.stderr);
    let ran = place.run(&["inject", "cpuu", "--for", "1s"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("known are"), "{}", ran.stderr);
    assert_eq!(place.run(&["undo"]).code, Some(2));
    let ran = place.run(&["undo", "abc"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("knows no fault `abc`"), "{}", ran.stderr);
}

#[test]
fn halt_ends_runs_puts_back_and_refuses_until_resume() {
    let place = Place::new();
    let target = victim();
    let pid = target.pid().to_string();
    let runner = place.start(&["inject", "process.pause", "--process", &pid, "--for", "10m"]);
    place.wait_for_standing("active");
    // root's `halt` would end the runs of other tests, too: here its marks and the refusal are looked at
    let mark = place.state().join("halted");
    std::fs::write(&mark, "").unwrap();
    for arguments in [&["inject", "cpu", "--for", "1s"][..], &["run", "e.json"]] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains("everything is halted"), "{}", ran.stderr);
    }
    runner.signal("TERM");
    assert_eq!(runner.end().code, Some(0));
    assert_ne!(state_of(target.pid()), Some('T'));
    let ran = place.run(&["resume"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!mark.exists());
    assert_eq!(place.run(&["resume"]).code, Some(0), "again");
}

/// The page of the kinds, from the catalogue.
fn page() -> String {
    let ran = Place::new().run(&["faults", "list", "--json"]);
    let kinds: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let mut page = String::from(
        "# Kinds of faults\n\nMade from the catalogue of the program (`squall faults list`) by \
         `UPDATE_DOCS=1 cargo nextest run -p squall --test faults kinds_page`; do not edit.\n",
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('|', "\\|");
    for kind in &kinds {
        let (name, class, summary) = (text(&kind["kind"]), text(&kind["class"]), text(&kind["summary"]));
        let bound = kind["undo_verified_within_s"].as_f64().unwrap();
        page += &format!("\n## {name}\n\n{summary}.\n\n");
        page += &format!(
            "Class: {class}. Its undo is verified within {bound} s. {}\n\n",
            text(&kind["orphaned"])
        );
        page += "| argument | what it is | form | default |\n|---|---|---|---|\n";
        for parameter in kind["parameters"].as_array().unwrap() {
            let required = if parameter["required"] == true { "required" } else { "" };
            let default = parameter["default"].as_str().unwrap_or(required);
            let (name, help, form) =
                (text(&parameter["name"]), text(&parameter["help"]), text(&parameter["form"]));
            page += &format!("| `{name}` | {help} | {form} | {default} |\n");
        }
    }
    page
}

#[test]
fn the_kinds_page_is_what_the_catalogue_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/fault-kinds.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "make it again: see its first lines");
}

#[test]
fn the_doctor_names_what_is_missing_and_what_to_do() {
    let place = Place::new();
    let ran = place.run(&["doctor", "--json"]);
    let groups: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let needs: Vec<&Value> = groups.iter().flat_map(|group| group["needs"].as_array().unwrap()).collect();
    let missing = needs.iter().filter(|need| !need["unmet"].is_null()).count();
    assert_eq!(ran.code, Some(i32::from(missing > 0)));
    let text = place.run(&["doctor"]).stdout;
    assert_eq!(text.matches("  missing  ").count(), missing, "{text}");
    assert!(text.contains("CAP_NET_ADMIN") && text.contains("netem"), "{text}");
}

#[test]
fn undoing_at_boot_is_installed_once_and_removed() {
    for (folder, file, words) in [
        ("lib/systemd/system", "etc/systemd/system/squall-undo.service", "undo --all"),
        ("etc", "etc/cron.d/squall-undo", "@reboot root"),
    ] {
        let place = Place::new();
        let root = place.path("root");
        std::fs::create_dir_all(root.join(folder)).unwrap();
        let guard = |what: &str| place.run(&["guard", what, "--root", root.to_str().unwrap()]);
        assert_eq!(guard("status").code, Some(1));
        let plan = place.run(&["guard", "install", "--plan", "--root", root.to_str().unwrap()]);
        assert!(plan.stdout.contains(words) && !root.join(file).exists(), "{}", plan.stdout);
        assert_eq!(guard("install").code, Some(0));
        let content = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(content.contains(words) && content.contains("XDG_STATE_HOME="), "{content}");
        assert!(guard("install").stdout.contains("already"));
        assert_eq!(guard("status").code, Some(0));
        assert_eq!(guard("uninstall").code, Some(0));
        assert!(!root.join(file).exists());
        assert_eq!(guard("uninstall").code, Some(0), "again");
    }
}
