//! Load balancers, security groups and subnets, found for the actions.

use squall_model::{List, Map, Value, python};

use crate::activities::support::{debug, entries, entry, items, member, parameters, refused};
use crate::activity::Raised;
use crate::client::Client;

/// The ARNs of active load balancers, by their type.
pub(super) struct LoadBalancers(Map);

impl LoadBalancers {
    /// The load balancers of these names.
    ///
    /// # Errors
    ///
    /// Where one is not there or not active.
    pub(super) async fn named(client: &Client, names: &Value) -> Result<Self, Raised> {
        debug!("Searching for load balancer name(s): {}.", python::str(names));
        let parameters = parameters! { "Names": names.clone() };
        let response =
            client.call("DescribeLoadBalancers", parameters).await.map_err(refused(str::to_owned))?;

        let (by_type, mut found) = (Map::new(), Vec::new());
        for balancer in entries(&response, "LoadBalancers")? {
            let state = member(&member(&balancer, "State")?, "Code")?;
            let name = member(&balancer, "LoadBalancerName")?;
            if state.as_str() != Some("active") {
                return Err(Raised::failed(format!(
                    "Invalid state for load balancer {}: {} is not active",
                    python::str(&name),
                    python::str(&state)
                )));
            }
            let kind = python::str(&member(&balancer, "Type")?);
            let arns = by_type.get(&kind).and_then(|arns| arns.as_list().cloned()).unwrap_or_else(|| {
                let arns = List::new();
                by_type.insert(kind, Value::List(arns.clone()));
                arns
            });
            arns.push(member(&balancer, "LoadBalancerArn")?);
            found.push(name);
        }

        let names_wanted = items(names)?;
        if found.is_empty() {
            if names_wanted.is_empty() {
                return Err(Raised::failed(format!(
                    "Unable to find any load balancer(s) matching name(s): {}",
                    python::str(names)
                )));
            }
            return Err(Raised::of_class("KeyError", "'Names'"));
        }
        let missing: Vec<Value> = names_wanted.into_iter().filter(|name| !found.contains(name)).collect();
        if !missing.is_empty() {
            let missing = python::repr(&Value::list(missing));
            return Err(Raised::failed(format!("Unable to locate load balancer(s): {missing}")));
        }
        Ok(LoadBalancers(by_type))
    }

    /// Those that can have other security groups or subnets (`things`): application load balancers, and
    /// no network load balancer among them.
    pub(super) fn changeable(&self, things: &str) -> Result<Vec<Value>, Raised> {
        if self.0.contains_key("network") {
            return Err(Raised::failed(format!("Cannot change {things} of network load balancers.")));
        }
        items(&entry(&self.0, "application")?)
    }

    /// The application and network load balancers, by type in the order in which AWS named them.
    pub(super) fn deletable(&self) -> Result<Vec<Value>, Raised> {
        let mut arns = Vec::new();
        for (kind, of_kind) in self.0.entries() {
            if matches!(kind.as_str(), Some("application" | "network")) {
                arns.extend(items(&of_kind)?);
            }
        }
        Ok(arns)
    }
}

/// The security groups of these ids, in the order in which EC2 names them.
pub(super) async fn security_groups(client: &Client, ids: &Value) -> Result<Value, Raised> {
    let parameters = parameters! { "GroupIds": ids.clone() };
    let response = client.call("DescribeSecurityGroups", parameters).await.map_err(refused(str::to_owned))?;
    all_found(ids, &entries(&response, "SecurityGroups")?, "GroupId", "security group")
}

/// The subnets of these ids, in the order in which EC2 names them.
pub(super) async fn subnets(client: &Client, ids: &Value) -> Result<Value, Raised> {
    let parameters = parameters! { "SubnetIds": ids.clone() };
    let response = client.call("DescribeSubnets", parameters).await.map_err(refused(str::to_owned))?;
    all_found(ids, &entries(&response, "Subnets")?, "SubnetId", "subnet")
}

/// The ids of what was `found`; a failure where one of the `wanted` is not among them.
fn all_found(wanted: &Value, found: &[Value], id: &str, thing: &str) -> Result<Value, Raised> {
    let found: Vec<Value> = found.iter().map(|item| member(item, id)).collect::<Result<_, _>>()?;
    let missing: Vec<Value> = items(wanted)?.into_iter().filter(|id| !found.contains(id)).collect();
    if missing.is_empty() {
        return Ok(Value::list(found));
    }
    let missing = python::repr(&Value::list(missing));
    Err(Raised::failed(format!("Invalid {thing} id(s): {missing}")))
}
