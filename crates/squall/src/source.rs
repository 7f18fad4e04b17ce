//! Where experiments come from: a file, a URL, standard input.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use squall_model::Value;
use squall_model::document::{Document, Format, SyntaxError};
use squall_providers::fetch::{self, TOKEN_VARIABLE};
use squall_providers::http::{HttpClient, Verify};

/// An experiment cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file, and the source is no URL.
    #[error("Path \"{0}\" does not exist.")]
    Missing(String),
    /// The URL's scheme is none that experiments can be fetched by.
    #[error("'{0}' is not a supported source scheme.")]
    Scheme(String),
    /// Its name or content type tells of another format.
    #[error("only files with json, yaml or yml extensions are supported; {0}")]
    Format(String),
    /// It cannot be read.
    #[error("cannot read the experiment from `{name}`: {source}")]
    Read {
        /// The source.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The server answered with something else than the experiment.
    #[error("Failed to fetch the experiment: {0}")]
    Refused(String),
    /// The server cannot be reached.
    #[error("cannot fetch the experiment from `{url}`: {message}")]
    Unreachable {
        /// The URL.
        url: String,
        /// Why.
        message: String,
    },
    /// It is not well-formed.
    #[error("{}{}", prefix(*.format), .error)]
    Syntax {
        /// In which format it was read.
        format: Format,
        /// What was read, for the excerpt.
        text: String,
        /// What is wrong.
        error: Box<SyntaxError>,
    },
}

/// Loads the experiment from `source`.
pub async fn load(source: &str, settings: &Value, verify_tls: bool) -> Result<Document, SourceError> {
    if source == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| read_error("standard input", error))?;
        return parse("standard input", &bytes, sniff(&bytes));
    }
    let path = Path::new(source);
    if path.exists() {
        let format = format_of(path)?;
        let bytes = fs::read(path).map_err(|error| read_error(source, error))?;
        return parse(source, &bytes, format);
    }
    match source.split_once("://") {
        Some(("http" | "https", _)) => fetch_document(source, settings, verify_tls).await,
        Some((scheme, _)) => Err(SourceError::Scheme(scheme.to_owned())),
        None => Err(SourceError::Missing(source.to_owned())),
    }
}

fn read_error(name: &str, source: io::Error) -> SourceError {
    SourceError::Read { name: name.to_owned(), source }
}

fn format_of(path: &Path) -> Result<Format, SourceError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("json") => Ok(Format::Json),
        Some("yaml" | "yml") => Ok(Format::Yaml),
        _ if path.is_dir() => Err(SourceError::Format(format!("`{}` is a directory", path.display()))),
        _ => Err(SourceError::Format(format!("rename `{}`, or pass `-` and its content", path.display()))),
    }
}

/// JSON where the text starts like a JSON object or list, which YAML would read as well, but slower.
fn sniff(bytes: &[u8]) -> Format {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Format::Json,
        _ => Format::Yaml,
    }
}

fn parse(name: &str, bytes: &[u8], format: Format) -> Result<Document, SourceError> {
    Document::parse(name, bytes, format).map_err(|error| SourceError::Syntax {
        format,
        text: String::from_utf8_lossy(bytes).into_owned(),
        error: Box::new(error),
    })
}

/// The reference's words for a document that is not well-formed.
fn prefix(format: Format) -> &'static str {
    match format {
        Format::Yaml => "Failed parsing YAML experiment: ",
        Format::Json => "Failed parsing JSON experiment: ",
    }
}

async fn fetch_document(url: &str, settings: &Value, verify_tls: bool) -> Result<Document, SourceError> {
    let token = squall_os::environment::var(TOKEN_VARIABLE);
    let authorization = fetch::authorization(url, token.as_deref(), settings);
    let verify = if verify_tls { Verify::default() } else { Verify::No };
    let fetched = fetch::fetch(&HttpClient::new(), url, verify, authorization)
        .await
        .map_err(|error| SourceError::Unreachable { url: url.to_owned(), message: error.to_string() })?;
    if fetched.status != 200 {
        return Err(SourceError::Refused(fetched.text));
    }
    log::debug!("Fetched experiment: \n{}", fetched.text);
    let content_type = fetched.content_type.as_deref().unwrap_or_default();
    let format = if content_type.contains("application/json") {
        Format::Json
    } else if content_type.contains("application/x-yaml") || content_type.contains("text/yaml") {
        Format::Yaml
    } else if content_type.contains("text/plain") {
        return parse(url, fetched.text.as_bytes(), Format::Json)
            .or_else(|_| parse(url, fetched.text.as_bytes(), Format::Yaml));
    } else if content_type.is_empty() {
        return Err(SourceError::Format(format!("`{url}` was sent without a content type")));
    } else {
        return Err(SourceError::Format(format!("`{url}` was sent as `{content_type}`")));
    };
    parse(url, fetched.text.as_bytes(), format)
}
