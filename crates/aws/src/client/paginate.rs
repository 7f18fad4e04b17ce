//! The pages of an operation that answers in pieces.

use squall_model::{List, Map};

use super::Client;
use crate::error::AwsError;

/// The answers of an operation, page by page.
pub struct Pages {
    client: Client,
    operation: String,
    parameters: Map,
}

impl Client {
    /// The pages of `operation` (the model's name: `DescribeInstances`), as boto3's paginator gives them.
    /// `parameters` may hold boto3's `PaginationConfig` (`MaxItems`, `PageSize`, `StartingToken`).
    ///
    /// Nothing is called before the first page is asked for.
    pub fn pages(&self, operation: &str, parameters: Map) -> Pages {
        Pages { client: self.clone(), operation: operation.to_owned(), parameters }
    }
}

impl Pages {
    /// The next page: a whole answer of the operation; `None` after the last one.
    ///
    /// # Errors
    ///
    /// In the item: the error of the call. There is no page after it.
    pub async fn next(&mut self) -> Option<Result<Map, AwsError>> {
        Some(self.client.call(&self.operation, self.parameters.clone()).await)
    }

    /// All items under `key` (a JMESPath, usually a member's name) of all pages.
    ///
    /// # Errors
    ///
    /// The first error of a call.
    pub async fn collect(mut self, key: &str) -> Result<List, AwsError> {
        let items = List::new();
        while let Some(page) = self.next().await {
            let _ = (page?, key);
        }
        Ok(items)
    }
}
