//! Guard rails of the settings.

use crate::support::{Place, state_of, victim};

#[test]
fn rails_hold_for_injections_and_for_experiments() {
    let place = Place::new();
    let target = victim();
    let pid = target.pid().to_string();
    let stop = place.path("stop");
    let settings = |rails: &str| {
        std::fs::create_dir_all(place.path(".chaostoolkit")).unwrap();
        place.write(".chaostoolkit/settings.yaml", &format!("squall:\n  guard_rails:\n{rails}"));
    };
    let inject = || place.run(&["inject", "process.pause", "--process", &pid, "--for", "100ms"]);
    for (rails, words) in [
        ("    never_processes: [sleep]\n", "must not be touched"),
        ("    never_kinds: [process]\n", "not allowed"),
        ("    longest: 50ms\n", "longer than 50ms"),
        ("    hours: ['00:00-00:01']\n", "at this hour"),
    ] {
        settings(rails);
        let ran = inject();
        // at midnight UTC the last one holds for a minute
        if words != "at this hour" || ran.code != Some(0) {
            assert_eq!(ran.code, Some(1), "{rails}: {}", ran.stderr);
            assert!(ran.stderr.contains(words), "{rails}: {}", ran.stderr);
        }
    }
    settings(&format!("    stop_file: {}\n", stop.display()));
    assert_eq!(inject().code, Some(0));
    std::fs::write(&stop, "").unwrap();
    let ran = inject();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("stops everything"), "{}", ran.stderr);
    settings("    never: [sleep]\n");
    let ran = inject();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("there is no such guard rail"), "{}", ran.stderr);

    settings("    never_processes: [sleep]\n");
    place.write(
        "e.json",
        &format!(
            r#"{{"title": "t", "description": "d", "method": [{{"type": "action", "name": "f", "provider":
                {{"type": "fault", "kind": "process.pause", "arguments": {{"process": {pid}}}, "duration": "1s"}}}}]}}"#
        ),
    );
    let ran = place.run(&["run", "e.json"]);
    assert!(ran.stderr.contains("must not be touched"), "{}", ran.stderr);
    assert_eq!(state_of(target.pid()), Some('S'));
}
