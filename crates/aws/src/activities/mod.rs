//! The functions of `chaosaws`, by module and name.

mod ecs;
mod eks;
mod elasticache;
mod elbv2;
mod emr;
mod rds;
mod support;

use crate::activity::Function;

/// All functions, in the order that discovery lists them.
pub fn all() -> impl Iterator<Item = &'static Function> {
    SERVICES.iter().copied().flatten()
}

/// The function that `module` and `name` mean.
pub fn find(module: &str, name: &str) -> Option<&'static Function> {
    all().find(|function| function.module == module && function.name == name)
}

/// One table a service.
const SERVICES: &[&[Function]] = &[
    ecs::FUNCTIONS,
    eks::FUNCTIONS,
    elbv2::FUNCTIONS,
    rds::FUNCTIONS,
    elasticache::FUNCTIONS,
    emr::FUNCTIONS,
];
