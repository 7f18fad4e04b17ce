//! The functions of chaostoolkit-aws, which need neither Python nor the package.

use squall_engine::ports::Clock;
use squall_model::Value;
use squall_model::time::iso_from_micros;

use crate::wiring::HostClock;

/// The package whose functions are native.
pub const PACKAGE: &str = "chaostoolkit-aws";

/// The discovery document of the package.
pub fn document(chaoslib_version: &str) -> Value {
    let host = squall_os::host::identity();
    let text = |text: &str| Value::from(text);
    Value::map([
        ("chaoslib_version", text(chaoslib_version)),
        ("id", Value::from(uuid::Uuid::new_v4().to_string())),
        ("target", text("aws")),
        ("date", Value::from(iso_from_micros(HostClock::new().now_micros()))),
        (
            "platform",
            Value::map([
                ("system", Value::from(host.system)),
                ("node", Value::from(host.node)),
                ("release", Value::from(host.release)),
                ("version", Value::from(host.version)),
                ("machine", Value::from(host.machine)),
                ("proc", text("")),
                ("python", Value::Null),
            ]),
        ),
        (
            "extension",
            Value::map([("name", text(PACKAGE)), ("version", text(squall_aws::discovery::VERSION))]),
        ),
        ("activities", Value::List(squall_aws::discovery::activities())),
        ("system", Value::Null),
    ])
}
