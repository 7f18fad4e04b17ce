//! Requests of Squall's own: notifications, experiments, secrets.

use super::client::{HttpClient, Request, Response};
use super::error::HttpError;
use super::timeouts::Timeouts;
use super::tls::Verify;

/// Headers of a request: a value of `None` leaves the default one out.
pub type HeaderList = Vec<(String, Option<String>)>;

impl HttpClient {
    /// Gets a URL.
    ///
    /// # Errors
    ///
    /// See [`HttpError`]. A status of 400 and above is no error.
    pub async fn get(
        &self,
        url: &str,
        headers: HeaderList,
        verify: Verify,
        timeouts: Timeouts,
    ) -> Result<Response, HttpError> {
        let (method, url) = ("GET".to_owned(), url.to_owned());
        self.send(&Request { method, url, headers, verify, timeouts, ..Request::default() }).await
    }

    /// Posts a JSON text to a URL; its `Content-Type` is `application/json` unless the headers have another.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::get`].
    pub async fn post_json(
        &self,
        url: &str,
        headers: HeaderList,
        body: impl Into<Vec<u8>>,
        verify: Verify,
        timeouts: Timeouts,
    ) -> Result<Response, HttpError> {
        let request = Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers,
            body: Some(body.into()),
            content_type: Some("application/json"),
            verify,
            timeouts,
            ..Request::default()
        };
        self.send(&request).await
    }
}
