//! Who may use whom.

use std::path::Path;

use crate::metadata::Package;
use crate::process::root;

/// What a crate may depend on.
struct Room {
    name: &'static str,
    /// Crates of this workspace, in the product.
    uses: &'static [&'static str],
    /// Crates of this workspace, in its tests besides.
    tests_use: &'static [&'static str],
    /// Crates from elsewhere that would bring in what the room must not know.
    never: &'static [&'static str],
}

/// Crates that are doors to an operating system.
const DOORS: &[&str] = &["libc", "nix", "rustix"];

/// The layers: one line a crate. An edge that is not here fails.
const ROOMS: &[Room] = &[
    Room { name: "squall-model", uses: &[], tests_use: &[], never: &["libc", "nix", "rustix", "tokio"] },
    Room { name: "squall-engine", uses: &["squall-model"], tests_use: &["squall-testkit"], never: DOORS },
    Room { name: "squall-os", uses: &[], tests_use: &["squall-testkit"], never: &[] },
    Room {
        name: "squall-providers",
        uses: &["squall-engine", "squall-model", "squall-os"],
        tests_use: &["squall-testkit"],
        // `rustix` has the file operations of `os`' functions, with the errors that Python names.
        never: &["libc", "nix"],
    },
    Room {
        name: "squall-aws",
        uses: &["squall-engine", "squall-model"],
        tests_use: &["squall-testkit"],
        never: DOORS,
    },
    Room {
        name: "squall-host",
        uses: &["squall-engine", "squall-model", "squall-os"],
        tests_use: &["squall-testkit"],
        never: DOORS,
    },
    Room {
        name: "squall",
        uses: &[
            "squall-aws",
            "squall-engine",
            "squall-host",
            "squall-model",
            "squall-os",
            "squall-providers",
        ],
        tests_use: &["squall-testkit"],
        never: DOORS,
    },
    Room { name: "squall-testkit", uses: &["squall-compat"], tests_use: &[], never: &[] },
    Room { name: "squall-compat", uses: &[], tests_use: &["squall-testkit"], never: &[] },
    // the kill matrix is played by tests and by the command that writes its table
    Room { name: "xtask", uses: &["squall-compat", "squall-testkit"], tests_use: &[], never: &[] },
];

/// Says what is not as the layers ask.
pub fn check(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let Some(room) = ROOMS.iter().find(|room| room.name == package.name) else {
            findings.push(format!(
                "crate `{}` has no line in `ROOMS` of xtask/src/tidy/edges.rs; add it with what it may use",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let allowed = if dependency.path.is_some() {
                room.uses.contains(&name) || (dependency.is_dev() && room.tests_use.contains(&name))
            } else {
                dependency.is_dev() || !room.never.contains(&name)
            };
            if !allowed {
                findings.push(format!(
                    "crate `{}` depends on `{name}`, which its line in xtask/src/tidy/edges.rs does not allow; \
                     go through a port, or through the crate that is the door",
                    package.name
                ));
            }
        }
    }
    findings
}

/// Says which crates the page about the architecture does not name.
pub fn unnamed(page: &str, packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .filter(|package| !is_named(page, package))
        .map(|package| {
            format!(
                "ARCHITECTURE.md does not name crate `{}` (`{}`); say what it is for",
                package.name,
                place(package).display()
            )
        })
        .collect()
}

fn is_named(page: &str, package: &Package) -> bool {
    let place = place(package);
    let folder = place.file_name().map(|name| format!("{}/", name.to_string_lossy()));
    page.contains(&format!("`{}`", package.name))
        || page.contains(&*place.to_string_lossy())
        || folder.is_some_and(|folder| {
            // A tree of folders: `  model/  what it is for`.
            page.lines().any(|line| line.split_whitespace().any(|word| word.trim_matches('`') == folder))
        })
}

/// The crate's folder, in the workspace.
fn place(package: &Package) -> &Path {
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    folder.strip_prefix(root()).unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::metadata::Dependency;

    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Package {
        let dependencies = dependencies.iter().map(|&(name, kind, ours)| Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            path: ours.then(PathBuf::new),
        });
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            manifest_path: root().join("crates").join(name).join("Cargo.toml"),
            dependencies: dependencies.collect(),
        }
    }

    #[test]
    fn an_edge_that_has_no_line_is_a_finding() {
        assert_eq!(check(&[package("squall-engine", &[("squall-model", None, true)])]), Vec::<String>::new());
        assert_eq!(check(&[package("squall-model", &[("squall-engine", None, true)])]).len(), 1);
        assert_eq!(check(&[package("squall-engine", &[("squall-os", Some("dev"), true)])]).len(), 1);
        assert_eq!(check(&[package("a-new-crate", &[])]).len(), 1);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert_eq!(
            check(&[package("squall", &[("squall-testkit", Some("dev"), true)])]),
            Vec::<String>::new()
        );
        assert_eq!(check(&[package("squall", &[("squall-testkit", None, true)])]).len(), 1);
    }

    #[test]
    fn a_room_stays_without_what_it_must_not_know() {
        assert_eq!(check(&[package("squall-model", &[("tokio", None, false)])]).len(), 1);
        assert_eq!(check(&[package("squall-engine", &[("tokio", None, false)])]), Vec::<String>::new());
        assert_eq!(check(&[package("squall-engine", &[("rustix", None, false)])]).len(), 1);
    }

    #[test]
    fn the_architecture_names_a_crate_by_name_path_or_folder() {
        let packages = [package("model", &[])];
        for page in ["the `model` crate", "in crates/model there is", "crates/\n  model/   pure data"] {
            assert_eq!(unnamed(page, &packages), Vec::<String>::new(), "{page}");
        }
        assert_eq!(unnamed("a model of modelling in submodel/", &packages).len(), 1);
    }
}
