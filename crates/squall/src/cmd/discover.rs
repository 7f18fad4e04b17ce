//! `squall discover`: what a Python package offers to experiments.

pub mod aws;
mod chaosaws;

use std::process::{Command, Stdio};

use squall_engine::critical;
use squall_model::Value;
use squall_providers::python::{PythonError, PythonWorker};

use super::Context;
use crate::args::{DiscoverArgs, ListFormat};
use crate::output::{fail, print};
use crate::program::REFERENCE_LIBRARY;
use crate::session::{SessionError, with_python};
use crate::values::indented_json;
use crate::{exit, notify, settings};

/// What stands for an AWS account in place of a package.
const ACCOUNT: &str = "aws";

/// Why nothing was discovered.
#[derive(Debug, thiserror::Error)]
enum DiscoverError {
    #[error("failed to install `{0}`")]
    NotInstalled(String),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl DiscoverError {
    /// Whether the reference has an answer to this, with which the command ends well all the same.
    fn is_answer(&self) -> bool {
        matches!(
            self,
            DiscoverError::NotInstalled(_)
                | DiscoverError::Session(SessionError::Python(PythonError::Refused(_)))
        )
    }
}

/// Carries out the command; gives the exit code, which is 0 too where the package has nothing to offer.
pub fn execute(args: &DiscoverArgs, cx: &Context) -> u8 {
    if args.package == ACCOUNT {
        return account(args);
    }
    let settings = match settings::load(&cx.settings_path, &cx.redactor) {
        Ok(settings) => settings.map_or(Value::Null, Value::Map),
        Err(error) => return fail(error),
    };
    let package = Value::from(args.package.as_str());
    notify::send(&settings, "discovery-started", &package, None);
    let discovery = match discover(args) {
        Ok(discovery) => discovery,
        Err(error) => {
            notify::send(&settings, "discovery-failed", &package, Some(&error.to_string()));
            log::debug!("Failed to discover {}", args.package);
            critical!("{error}");
            return if error.is_answer() { exit::OK } else { exit::FAILED };
        }
    };
    let path = &args.discovery_path;
    let text = indented_json(&discovery, 2);
    if let Err(error) =
        squall_os::files::write_atomically(path, squall_os::files::Durability::Forced, |file| {
            file.write_all(text.as_bytes())
        })
    {
        return fail(format_args!("cannot write the discovery to `{}`: {error}", path.display()));
    }
    log::info!("Discovery outcome saved in {}", path.display());
    notify::send(&settings, "discovery-completed", &discovery, None);
    exit::OK
}

/// Shows what an AWS account holds; gives the exit code.
fn account(args: &DiscoverArgs) -> u8 {
    match aws::take(&args.scope) {
        Ok(found) if args.format == ListFormat::Json => {
            let found = Value::list(found.iter().map(squall_aws::inventory::Inventory::to_value));
            print(&format!("{}\n", indented_json(&found, 2)))
        }
        Ok(found) => print(&aws::table(&found)),
        Err(error) => fail(error),
    }
}

fn discover(args: &DiscoverArgs) -> Result<Value, DiscoverError> {
    if args.package == chaosaws::PACKAGE {
        log::info!("Discovering capabilities from {}", args.package);
        return Ok(chaosaws::document(REFERENCE_LIBRARY));
    }
    if !args.no_install {
        install(&args.package)?;
    }
    Ok(with_python(async |python| python.discover(&args.package, !args.no_system_info).await)?)
}

/// Has `pip` install the package, or bring it up to date, where the user's Python looks for packages.
fn install(package: &str) -> Result<(), DiscoverError> {
    log::info!("Attempting to download and install package '{package}'");
    let python = PythonWorker::interpreter().map_err(SessionError::from)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "-U", package]).stdin(Stdio::null());
    let failed = || DiscoverError::NotInstalled(package.to_owned());
    let output = pip.output().map_err(|error| {
        log::debug!("cannot run {pip:?}: {error}");
        failed()
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    log::debug!("{}", text(&output.stdout));
    if !output.status.success() {
        let line = "=================";
        log::debug!("{}\n{line}\n{}\n{line}\n{}", failed(), text(&output.stdout), text(&output.stderr));
        return Err(failed());
    }
    log::info!("Package downloaded and installed in current environment");
    Ok(())
}
