//! The shared configuration files of AWS: `~/.aws/config` and `~/.aws/credentials`.

use std::path::{Path, PathBuf};

use aws_config::profile::{Profile, ProfileSet};
#[allow(deprecated)]
use aws_runtime::env_config::file::EnvConfigFileKind;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};
use squall_engine::configuration::Environment;

use crate::error::AwsError;

/// What the two files say. Missing files say nothing.
pub(super) struct SharedFiles {
    sections: ProfileSet,
    files: EnvConfigFiles,
    /// The names of the `services` sections.
    services: Vec<String>,
}

impl SharedFiles {
    /// Reads the files that `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name, else those in the
    /// home directory.
    ///
    /// # Errors
    ///
    /// A file that is there and cannot be understood.
    pub(super) async fn read(environment: &dyn Environment) -> Result<Self, AwsError> {
        let home = environment.var("HOME");
        let config = path(environment, "AWS_CONFIG_FILE", ".aws/config", home.as_deref());
        let credentials =
            path(environment, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", home.as_deref());
        SharedFiles::read_at(config, credentials).await
    }

    /// As [`read`](Self::read), with the files named.
    pub(super) async fn read_at(
        config: Option<PathBuf>,
        credentials: Option<PathBuf>,
    ) -> Result<Self, AwsError> {
        let mut files = EnvConfigFiles::builder();
        let mut services = Vec::new();
        for (kind, path) in
            [(EnvConfigFileKind::Config, &config), (EnvConfigFileKind::Credentials, &credentials)]
        {
            let text = contents(path.as_deref());
            services.extend(text.lines().filter_map(services_section).map(ToOwned::to_owned));
            files = files.with_contents(kind, text);
        }
        let files = files.build();
        let sections = aws_config::profile::load(&Fs::default(), &Env::from_slice(&[]), &files, None).await;
        let sections = sections.map_err(|error| AwsError::Other {
            class: "botocore.exceptions.ConfigParseError",
            message: format!(
                "Unable to parse config file: {}: {}",
                config.or(credentials).unwrap_or_default().display(),
                super::innermost(&error)
            ),
        })?;
        Ok(SharedFiles { sections, files, services })
    }

    /// The profile of that name.
    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        self.sections.get_profile(name)
    }

    /// A setting of a `[services]` section.
    pub(super) fn service_setting(&self, section: &str, service: &str, key: &str) -> Option<&str> {
        let key = PropertiesKey::builder()
            .section_key("services")
            .section_name(section)
            .property_name(service)
            .sub_property_name(key)
            .build()
            .ok()?;
        self.sections.other_sections().get(&key).map(String::as_str)
    }

    /// Whether there is a `[services]` section of that name.
    pub(super) fn has_services(&self, section: &str) -> bool {
        self.services.iter().any(|name| name == section)
    }

    /// The files' contents, for the providers of credentials.
    pub(super) fn files(&self) -> EnvConfigFiles {
        self.files.clone()
    }
}

/// The name in a line `[services name]`.
fn services_section(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix('[')?.split_once(']')?.0.trim();
    let name = inner.strip_prefix("services")?;
    name.starts_with([' ', '\t']).then(|| name.trim())
}

/// A setting in the nested part of a profile: `addressing_style` in `s3`.
pub(super) fn nested<'a>(profile: &'a Profile, part: &str, key: &str) -> Option<&'a str> {
    profile.get(part)?.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

fn path(environment: &dyn Environment, variable: &str, usual: &str, home: Option<&str>) -> Option<PathBuf> {
    match environment.var(variable) {
        Some(given) => Some(match (given.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => PathBuf::from(given),
        }),
        None => home.map(|home| Path::new(home).join(usual)),
    }
}

fn contents(path: Option<&Path>) -> String {
    let Some(path) = path else { return String::new() };
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            log::debug!("`{}` is not read: {error}", path.display());
            String::new()
        }
    }
}
