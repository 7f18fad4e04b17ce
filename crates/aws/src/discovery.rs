//! What the functions of `chaosaws` look like in a discovery document.

use squall_model::{List, Value, json};

use crate::activities;
use crate::activity::{Function, Kind};

/// The version of chaostoolkit-aws whose functions these are.
pub const VERSION: &str = "0.35.1";

/// The modules in the order in which the reference lists them; functions follow by name.
const MODULES: &[&str] = &[
    "chaosaws.ec2.actions",
    "chaosaws.ec2.probes",
    "chaosaws.ecs.actions",
    "chaosaws.ecs.probes",
    "chaosaws.iam.actions",
    "chaosaws.iam.probes",
    "chaosaws.eks.actions",
    "chaosaws.eks.probes",
    "chaosaws.elbv2.actions",
    "chaosaws.elbv2.probes",
    "chaosaws.asg.actions",
    "chaosaws.asg.probes",
    "chaosaws.awslambda.actions",
    "chaosaws.awslambda.probes",
    "chaosaws.cloudwatch.actions",
    "chaosaws.cloudwatch.probes",
    "chaosaws.rds.actions",
    "chaosaws.rds.probes",
    "chaosaws.elasticache.actions",
    "chaosaws.elasticache.probes",
    "chaosaws.emr.actions",
    "chaosaws.emr.probes",
    "chaosaws.route53.actions",
    "chaosaws.route53.probes",
    "chaosaws.ssm.actions",
    "chaosaws.fis.actions",
    "chaosaws.s3.probes",
    "chaosaws.s3.actions",
    "chaosaws.msk.probes",
    "chaosaws.msk.actions",
    "chaosaws.s3.controls.upload",
    "chaosaws.xray.probes",
    "chaosaws.incidents.probes",
];

/// The `activities` of the discovery document of `chaostoolkit-aws`, in the reference's order. The
/// descriptions are ours.
pub fn activities() -> List {
    let mut listed: Vec<(usize, &Function)> = activities::all()
        .filter(|function| function.discovered)
        .filter_map(|function| {
            Some((MODULES.iter().position(|module| *module == function.module)?, function))
        })
        .collect();
    listed.sort_by_key(|(module, function)| (*module, function.name));
    listed.into_iter().map(|(_, function)| entry(function)).collect()
}

fn entry(function: &Function) -> Value {
    let kind = match function.kind {
        Kind::Action => "action",
        Kind::Probe => "probe",
        Kind::Control => "control",
    };
    let mut arguments: Vec<Value> = Vec::new();
    for parameter in function.parameters {
        let mut entry = vec![("name", Value::from(parameter.name))];
        if let Some(default) = parameter.default {
            let default = json::parse(default).expect("a default is JSON; a test reads them all");
            entry.push(("default", default));
        }
        entry.push(("type", discovered_type(parameter.kind).into()));
        arguments.push(Value::map(entry));
    }
    let injected = |name: &str| {
        Value::map([("name", name.into()), ("default", Value::Null), ("type", "mapping".into())])
    };
    // One function has it in the middle of the others.
    let place = if function.name == "wait_desired_equals_healthy" { 1 } else { arguments.len() };
    arguments.insert(place, injected("configuration"));
    arguments.push(injected("secrets"));
    let mut entry = vec![
        ("type", Value::from(kind)),
        ("name", function.name.into()),
        ("mod", function.module.into()),
        ("doc", function.about.into()),
        ("arguments", Value::list(arguments)),
    ];
    if !function.returns.is_empty() {
        entry.push(("return_type", discovered_type(function.returns).into()));
    }
    Value::map(entry)
}

/// What discovery calls a Python annotation.
fn discovered_type(annotation: &str) -> &'static str {
    match annotation {
        "str" => "string",
        "int" => "integer",
        "float" => "number",
        "bool" => "boolean",
        "None" => "null",
        _ if annotation.starts_with("List[") => "list",
        _ if annotation.starts_with("Dict[") => "mapping",
        _ => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::{MODULES, activities, discovered_type};
    use crate::activities as functions;

    #[test]
    fn every_discovered_function_is_listed_once() {
        let listed = activities();
        assert_eq!(listed.len(), functions::all().filter(|function| function.discovered).count());
        assert_eq!(listed.len(), 154);
        for function in functions::all() {
            assert!(
                !function.discovered || MODULES.contains(&function.module),
                "`{}` is not in MODULES",
                function.module
            );
            assert!(
                !function.about.is_empty(),
                "`{}.{}` says nothing of itself",
                function.module,
                function.name
            );
        }
    }

    #[test]
    fn annotations_become_types() {
        assert_eq!(discovered_type("List[Dict[str, Any]]"), "list");
        assert_eq!(discovered_type("Union[str, List[str]]"), "object");
        assert_eq!(discovered_type("Optional[str]"), "object");
        assert_eq!(discovered_type("Dict[str, Any]"), "mapping");
    }
}
