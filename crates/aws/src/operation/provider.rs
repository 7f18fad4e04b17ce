//! Carries operations out.

use std::rc::Rc;

use squall_engine::log::LOG;
use squall_engine::ports::{BoxFuture, Call, Failure, Outcome, Provider};
use squall_model::document::Pointer;
use squall_model::expr::Scope as Names;
use squall_model::{Map, Value};

use super::check::waiter_arguments;
use super::definition::{Definition, Reader};
use super::names;
use crate::activity::Raised;
use crate::client::Client;
use crate::error::AwsError;
use crate::model;
use crate::provider::{Aws, failed, merged_secrets, resolved};
use crate::session::Scope;

/// The provider of type `aws`.
pub struct Operations {
    aws: Rc<Aws>,
}

impl Operations {
    /// Calls with what the run has of AWS.
    pub fn new(aws: Rc<Aws>) -> Self {
        Operations { aws }
    }

    async fn run(&self, call: &Call) -> Outcome {
        let provider = call.activity.get("provider").unwrap_or_default();
        let (provider, configuration) = with_judged_value(provider, &call.configuration);
        let names = Names::new(Some(&configuration), Some(&call.secrets));
        let provider = match resolved(&provider, &names) {
            Ok(provider) => provider,
            Err(failure) => return Outcome::Errored(failure),
        };
        let root = Pointer::root();
        let mut reader = Reader::new(&provider, &root);
        let definition = reader.read();
        let (Some(definition), []) = (definition, &*reader.problems) else {
            let problems: Vec<_> = reader.problems.iter().map(|problem| &*problem.message).collect();
            return Outcome::Failed(Failure::activity(problems.join("; ")));
        };
        match self.call(&definition, call, &provider).await {
            Ok(output) => Outcome::Returned(output),
            Err(raised) => failed(raised),
        }
    }

    async fn call(&self, definition: &Definition, call: &Call, provider: &Map) -> Result<Value, Raised> {
        let secrets = merged_secrets(provider.get("secrets"), &call.secrets);
        let named = Scope::of(&call.configuration, &secrets)?;
        let scope = Scope {
            region: definition.region.clone().or(named.region),
            // Keys of the secrets belong to another account than a profile that is named here.
            keys: named.keys.filter(|_| definition.profile.is_none()),
            profile: definition.profile.clone().or(named.profile),
            role: definition.role.clone().or(named.role),
        };
        let client = self.aws.session().client(definition.service.name, &scope).await?;
        let mut answer = match definition.operation {
            Some(operation) => called(&client, definition, operation).await?,
            None => Map::new(),
        };
        if let Some(wait) = &definition.wait {
            log::debug!(target: LOG, "Waiting for {}", names::snake_case(wait.name));
            let waited = client.wait_with(wait.name, waiter_arguments(definition), wait.patience).await?;
            if definition.operation.is_none() {
                answer = waited;
            }
        }
        let answer = Value::Map(answer);
        match &definition.query {
            Some(query) => query.search(&answer).map_err(|error| AwsError::from(error).into()),
            None => Ok(answer),
        }
    }
}

/// A tolerance gets the value that it judges as the argument `value`. Where the operation has no such
/// parameter, it is the variable `${value}` instead, in the query for instance.
fn with_judged_value(provider: Value, configuration: &Map) -> (Value, Map) {
    let judged = || {
        let arguments = provider.get("arguments")?;
        let value = arguments.get("value")?;
        let service = model::load(provider.get("service")?.as_str()?).ok()?;
        let operation = names::operation_name(service, provider.get("operation")?.as_str()?)?;
        let input = service.operation(operation)?.input.as_ref();
        let has_it = input
            .and_then(|input| service.shape(&input.shape))
            .is_some_and(|it| it.members.contains_key("value"));
        (!has_it).then_some((arguments.as_map()?.shallow_clone(), value))
    };
    let (Some((arguments, value)), Value::Map(map)) = (judged(), &provider) else {
        return (provider, configuration.clone());
    };
    arguments.remove("value");
    let provider = map.shallow_clone();
    provider.insert("arguments", arguments.into());
    let configuration = configuration.shallow_clone();
    configuration.insert("value", value);
    (provider.into(), configuration)
}

async fn called(client: &Client, definition: &Definition, operation: &str) -> Result<Map, AwsError> {
    let service = definition.service.name;
    log::debug!(target: LOG, "Calling {service}.{}", names::snake_case(operation));
    let arguments = definition.arguments.shallow_clone();
    if definition.paginate {
        client.pages(operation, arguments).full().await
    } else {
        client.call(operation, arguments).await
    }
}

impl Provider for Operations {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }
}
