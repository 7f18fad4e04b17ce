//! Calls whose answers' bodies nobody wants: whether an object is there does not take reading it.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::{Client, ClientConfig};

impl Client {
    /// A client that leaves the bodies of successful answers alone: they are empty, and nothing tells of
    /// their lengths. Refusals are read as ever.
    #[must_use]
    pub fn unread(&self) -> Client {
        let http = SharedHttpClient::new(Unread { inner: self.config.http.clone() });
        Client::new(ClientConfig { http, ..(*self.config).clone() })
    }
}

/// Another HTTP client, whose bodies of success are dropped, and their connections with them.
#[derive(Debug)]
struct Unread {
    inner: SharedHttpClient,
}

impl HttpClient for Unread {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(UnreadConnector { inner: self.inner.http_connector(settings, components) })
    }
}

#[derive(Debug)]
struct UnreadConnector {
    inner: SharedHttpConnector,
}

impl HttpConnector for UnreadConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            let mut response = inner.call(request).await?;
            if response.status().is_success() {
                *response.body_mut() = SdkBody::empty();
                // Nothing is left whose length or checksum would fit.
                let headers = response.headers().iter().map(|(name, _)| name.to_owned());
                let of_body = |name: &String| name == "content-length" || name.starts_with("x-amz-checksum-");
                for name in headers.filter(of_body).collect::<Vec<_>>() {
                    response.headers_mut().remove(name);
                }
            }
            Ok(response)
        })
    }
}
