//! Every direct dependency stands in `docs/design/dependencies.md` with its reason, and nothing else.

use std::collections::BTreeSet;

use crate::metadata::Package;

/// Compares the page with what the packages depend on.
pub fn check<'a>(page: &str, packages: impl Iterator<Item = &'a Package>) -> Vec<String> {
    let used: BTreeSet<&str> = packages
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.path.is_none())
        .map(|dependency| dependency.name.as_str())
        .collect();
    let told: BTreeSet<&str> = page.lines().filter_map(entry).collect();
    let untold = used.difference(&told).map(|name| {
        format!("docs/design/dependencies.md has no line for `{name}`; say what for and why this one")
    });
    let unused = told.difference(&used).map(|name| {
        format!("docs/design/dependencies.md names `{name}`, which no crate uses; remove the line")
    });
    untold.chain(unused).collect()
}

/// The crate that a line of a table is about: its first cell, in backticks.
fn entry(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::metadata::Dependency;

    use super::*;

    #[test]
    fn page_and_packages_must_agree() {
        let dependency =
            |name: &str, path| Dependency { name: name.to_owned(), kind: Some("dev".to_owned()), path };
        let package = Package {
            name: "squall".to_owned(),
            version: "1.0.0".to_owned(),
            manifest_path: PathBuf::new(),
            dependencies: vec![
                dependency("clap", None),
                dependency("log", None),
                dependency("squall-model", Some(PathBuf::new())),
            ],
        };
        let page = "| crate | for |\n|---|---|\n| `clap` | options |\n| `url` | addresses |\n";
        let findings = check(page, [package].iter());
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].contains("no line for `log`"), "{findings:?}");
        assert!(findings[1].contains("names `url`"), "{findings:?}");
    }
}
