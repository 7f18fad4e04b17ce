//! What `cargo metadata` tells about the workspace.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Failure;
use crate::process::{cargo, read};

/// The packages of a workspace.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// All members.
    pub packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name, with dashes.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// What it depends on directly.
    pub dependencies: Vec<Dependency>,
}

/// A direct dependency.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package's name, with dashes.
    pub name: String,
    /// `dev`, `build`, or nothing.
    pub kind: Option<String>,
    /// The folder of a package of this workspace.
    pub path: Option<PathBuf>,
}

impl Metadata {
    /// Asks Cargo about the workspace that `manifest` belongs to.
    pub fn of(manifest: &Path) -> Result<Self, Failure> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
        serde_json::from_str(&read(&mut command)?)
            .map_err(|error| Failure::Found(format!("cannot read what `cargo metadata` says: {error}")))
    }

    /// The version of the package of that name.
    pub fn version(&self, name: &str) -> Result<&str, Failure> {
        let package = self.packages.iter().find(|package| package.name == name);
        package
            .map(|package| package.version.as_str())
            .ok_or_else(|| Failure::Found(format!("the workspace has no package `{name}`")))
    }
}

impl Dependency {
    /// Whether only tests use it.
    pub fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}
