//! What AWS' services are: botocore's models, embedded, each read when it is first used.
//!
//! The data keep botocore's form (its names of fields are those of the types here) without
//! documentation and without what only documentation needs. `cargo xtask models` makes them. A model
//! that was loaded stays for the life of the process, so everything here is `'static`.

mod pack;
mod service;
mod shape;
mod traffic;

pub use service::{
    ContextParameter, HttpBinding, HttpChecksum, Metadata, Operation, Protocol, RequestCompression, Service,
};
pub use shape::{Reference, Shape, ShapeError, ShapeType, XmlNamespace};
pub use traffic::{Acceptor, Matcher, OneOrMany, Paginator, Verdict, Waiter};

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Services that were loaded.
static LOADED: LazyLock<Mutex<HashMap<&'static str, &'static Service>>> = LazyLock::new(Mutex::default);

/// A model that is not there, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// botocore's text for it.
    #[error("Unknown service: '{0}'. Valid service names are: {list}", list = names().collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// The data are not a model.
    #[error("the model of `{service}` cannot be read: {reason}")]
    Unreadable {
        /// The service.
        service: String,
        /// What is wrong.
        reason: String,
    },
}

/// The names of all services, as boto3 has them, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    pack::index().services.keys().map(String::as_str)
}

/// Loads a service by boto3's name: `autoscaling`.
///
/// # Errors
///
/// Where there is no such service.
pub fn load(name: &str) -> Result<&'static Service, ModelError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(service) = loaded.get(name) {
        return Ok(service);
    }
    let (name, entry) =
        pack::index().services.get_key_value(name).ok_or_else(|| ModelError::Unknown(name.to_owned()))?;
    let service = Service::embedded(name, entry)?;
    loaded.insert(name, service);
    Ok(service)
}

/// The version of botocore that the data come from.
pub fn version() -> &'static str {
    &pack::index().botocore
}

/// `partitions.json`: the partitions of AWS with their regions, for endpoint rules.
pub fn partitions() -> &'static str {
    pack::text(pack::index().partitions)
}

/// `endpoints.json`: endpoints by service and region, for what rule sets do not say.
pub fn endpoints() -> &'static str {
    pack::text(pack::index().endpoints)
}

#[cfg(test)]
mod tests {
    use super::{Protocol, load, names};

    #[test]
    fn every_model_can_be_read_whole() {
        let mut operations = 0;
        for name in names() {
            let service = load(name).unwrap();
            for operation in service.operation_names() {
                let operation = service.operation(operation).unwrap();
                operations += 1;
                for reference in
                    operation.input.iter().chain(operation.output.iter()).chain(operation.errors.iter())
                {
                    assert!(service.shape(&reference.shape).is_some(), "{name}: {}", reference.shape);
                }
            }
            for shape in service.shape_names() {
                for reference in service.shape(shape).unwrap().references() {
                    assert!(service.shape(&reference.shape).is_some(), "{name}: {}", reference.shape);
                }
            }
            for waiter in service.waiters().values() {
                assert!(service.operation(&waiter.operation).is_some(), "{name}: {}", waiter.operation);
            }
            for operation in service.paginators().keys() {
                assert!(service.operation(operation).is_some(), "{name}: {operation}");
            }
            assert!(service.endpoint_rules().starts_with('{'), "{name}");
        }
        assert!(operations > 15_000, "{operations}");
    }

    #[test]
    fn a_service_is_what_botocore_says() {
        let ec2 = load("ec2").unwrap();
        assert_eq!(ec2.metadata.protocol, Protocol::Ec2);
        let describe = ec2.operation("DescribeInstances").unwrap();
        let input = ec2.shape(&describe.input.as_ref().unwrap().shape).unwrap();
        assert_eq!(input.members["InstanceIds"].location_name.as_deref(), Some("InstanceId"));
        assert_eq!(ec2.waiters()["InstanceStopped"].delay, 15);
        assert_eq!(load("cloudwatch").unwrap().metadata.protocol, Protocol::Json);
        assert!(std::ptr::eq(ec2, load("ec2").unwrap()));
        let error = load("ec3").err().unwrap().to_string();
        assert!(error.starts_with("Unknown service: 'ec3'. Valid service names are: "), "{error}");
    }
}
