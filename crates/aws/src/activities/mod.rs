//! The functions of `chaosaws`, by module and name.

mod asg;
mod awslambda;
mod cloudwatch;
mod ec2;
mod ecs;
mod eks;
mod elasticache;
mod elbv2;
mod emr;
mod fis;
mod helpers;
mod iam;
mod incidents;
mod msk;
mod rds;
mod route53;
mod s3;
mod ssm;
pub(crate) mod support;
mod times;
mod xray;

use crate::activity::Function;

/// All functions, in the order that discovery lists them.
pub fn all() -> impl Iterator<Item = &'static Function> {
    SERVICES.iter().copied().flatten()
}

/// The function that `module` and `name` mean, those that are no activities included.
pub fn find(module: &str, name: &str) -> Option<&'static Function> {
    all().chain(helpers::FUNCTIONS).find(|function| function.module == module && function.name == name)
}

/// One table a service.
const SERVICES: &[&[Function]] = &[
    ec2::FUNCTIONS,
    ecs::FUNCTIONS,
    iam::FUNCTIONS,
    eks::FUNCTIONS,
    elbv2::FUNCTIONS,
    asg::FUNCTIONS,
    awslambda::FUNCTIONS,
    cloudwatch::FUNCTIONS,
    rds::FUNCTIONS,
    elasticache::FUNCTIONS,
    emr::FUNCTIONS,
    route53::FUNCTIONS,
    ssm::FUNCTIONS,
    fis::FUNCTIONS,
    s3::FUNCTIONS,
    msk::FUNCTIONS,
    s3::control::FUNCTIONS,
    xray::FUNCTIONS,
    incidents::FUNCTIONS,
];
