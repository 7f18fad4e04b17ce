//! Accounts on moto, the stand-in for AWS.

pub use squall_compat::aws::moto::{Account, REGION};

/// A fresh account with the resources of `compat/aws/moto/account.py`; it ends when dropped. The first one of a
/// test run waits some seconds for the server behind it.
///
/// # Panics
///
/// When there is none, with what the failed command said.
#[must_use]
pub fn account() -> Account {
    match Account::open() {
        Ok(account) => account,
        Err(error) => panic!("there is no moto account: {error}"),
    }
}

/// The environment with which a program meets that account, or a
/// [recording server](crate::recording::Recording), and nothing else of AWS.
#[must_use]
pub fn environment(url: &str) -> Vec<(&'static str, String)> {
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "AKIATESTKIT"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    let mut environment: Vec<_> = fixed.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    environment.push(("AWS_ENDPOINT_URL", url.to_owned()));
    environment
}
