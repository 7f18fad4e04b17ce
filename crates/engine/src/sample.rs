//! Activities of type `sample`: a probe again and again at a fixed rate, and what users saw in all.
//!
//! Sample *n* begins at *n* times the period, whether those before it are over or not: a probe that hangs does not
//! hide what its successors would have seen. When too many are under way at once, the next ones are counted as missed.

mod summary;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use squall_model::expr::substitute::{Scope, substitute};
use squall_model::expr::tolerance::{self, Verdict};
use squall_model::{Map, Value, python, quantity};

pub use summary::{Sample, Summary};

use crate::ports::{BoxFuture, Call, Clock, Failure, Lane, Notes, Outcome, Provider};

/// How many samples may be under way at once.
const AT_ONCE: usize = 64;

/// How long it is sampled where `for` is not given, and there is an `until`.
const LONGEST: Duration = Duration::from_secs(3600);

/// Takes samples with the other providers.
pub struct SampleProvider {
    providers: HashMap<&'static str, Rc<dyn Provider>>,
    clock: Rc<dyn Clock>,
}

impl SampleProvider {
    /// Probes are called through these.
    pub fn new(providers: HashMap<&'static str, Rc<dyn Provider>>, clock: Rc<dyn Clock>) -> Self {
        SampleProvider { providers, clock }
    }

    async fn carry_out(&self, call: &Call) -> Result<Value, Failure> {
        let plan = Plan::of(call).map_err(Failure::activity)?;
        let summary = self.sample(call, &plan).await?;
        let output = summary.to_value();
        for (name, expected) in plan.expect.entries() {
            let name = python::str(name.value());
            let Some(found) = output.get(&name) else {
                let message =
                    format!("`expect`: there is no `{name}`; known are {}", Summary::NAMES.join(", "));
                return Err(Failure::activity(message));
            };
            let met = tolerance::within(&expected, &found, &plan.scope);
            if !matches!(met, Ok(Verdict::Met(true))) {
                let (expected, found) = (python::str(&expected), python::str(&found));
                let all = python::str(&output);
                return Err(Failure::activity(format!(
                    "`{name}` is {found}, expected {expected}; in all: {all}"
                )));
            }
        }
        Ok(output)
    }

    async fn sample(&self, call: &Call, plan: &Plan) -> Result<Summary, Failure> {
        let start = self.clock.elapsed();
        let mut under_way: FuturesUnordered<Taking<'_>> = FuturesUnordered::new();
        let mut summary = Summary::new(plan.every);
        let mut number: u32 = 0;
        loop {
            let due = plan.every * number;
            if due >= plan.length || plan.until.is_some_and(|until| until.holds(&summary)) {
                break;
            }
            let passed = self.clock.elapsed().saturating_sub(start);
            if passed >= due {
                if under_way.len() < AT_ONCE {
                    under_way.push(Box::pin(self.take(call, plan, due)));
                } else {
                    summary.miss(due);
                }
                number += 1;
                continue;
            }
            tokio::select! {
                () = self.clock.sleep(due - passed) => {}
                Some(taken) = under_way.next() => self.note(call, &mut summary, taken?),
            }
        }
        // What is under way was asked in time, and is waited for. Nothing is asked any more.
        while let Some(taken) = under_way.next().await {
            self.note(call, &mut summary, taken?);
        }
        summary.end(plan.every * number);
        Ok(summary)
    }

    fn note(&self, call: &Call, summary: &mut Summary, sample: Sample) {
        call.notes.tell(sample.to_value());
        summary.add(sample);
    }

    /// Takes the sample that is due at `at`; an error is one that no tolerance can judge.
    async fn take(&self, call: &Call, plan: &Plan, at: Duration) -> Result<Sample, Failure> {
        let began = self.clock.elapsed();
        let outcome = self.ask(call, plan.probe.clone()).await?;
        let latency = self.clock.elapsed().saturating_sub(began);
        let ok = match outcome {
            Outcome::Returned(output) => self.is_ok(call, plan, output).await?,
            Outcome::Failed(_) => false,
            Outcome::Errored(failure) => return Err(failure),
            Outcome::Exit(_) => return Err(Failure::activity("the probe asked for the end of the run")),
        };
        Ok(Sample { at, latency, ok })
    }

    async fn ask(&self, call: &Call, activity: Map) -> Result<Outcome, Failure> {
        let kind = activity.get("provider").and_then(|provider| provider.get("type")).unwrap_or_default();
        let provider = kind.as_str().and_then(|kind| self.providers.get(kind)).ok_or_else(|| {
            Failure::activity(format!("a probe of type `{}` cannot be sampled", python::str(&kind)))
        })?;
        // Several at once: each in the background, whatever the sampling itself is.
        let lane = Lane::Background;
        let inner = Call { activity, lane, notes: Notes::default(), ..call.clone() };
        Ok(provider.call(&inner).await)
    }

    async fn is_ok(&self, call: &Call, plan: &Plan, output: Value) -> Result<bool, Failure> {
        let Some(ok) = &plan.ok else { return Ok(true) };
        match tolerance::within(ok, &output, &plan.scope) {
            Ok(Verdict::Met(met)) => Ok(met),
            Ok(Verdict::NeedsProbe(probe)) => {
                let probe = Value::Map(probe).deep_clone();
                let provider = probe.get("provider").unwrap_or_default();
                let arguments = provider.get("arguments");
                match (arguments, provider) {
                    (Some(Value::Map(arguments)), _) => arguments.insert("value", output),
                    (_, Value::Map(provider)) => {
                        provider.insert("arguments", Value::map([("value", output)]));
                    }
                    _ => return Err(Failure::activity("`ok`: the probe has no provider")),
                }
                let Value::Map(probe) = probe else { return Ok(false) };
                match self.ask(call, probe).await? {
                    Outcome::Returned(output) => Ok(output.is_truthy()),
                    _ => Ok(false),
                }
            }
            // A value of another type than expected, as an error page is, is not ok.
            Err(_) => Ok(false),
        }
    }
}

type Taking<'a> = Pin<Box<dyn Future<Output = Result<Sample, Failure>> + 'a>>;

impl Provider for SampleProvider {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.carry_out(call).await {
                Ok(output) => Outcome::Returned(output),
                Err(failure) => Outcome::Failed(failure),
            }
        })
    }
}

/// What ends the sampling before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The first sample that is not ok.
    Failed,
    /// The first that is ok again after one that was not.
    Recovered,
}

impl Until {
    fn holds(self, summary: &Summary) -> bool {
        match self {
            Until::Failed => summary.has_failed(),
            Until::Recovered => summary.has_recovered(),
        }
    }
}

/// What is asked for.
struct Plan {
    probe: Map,
    every: Duration,
    length: Duration,
    until: Option<Until>,
    ok: Option<Value>,
    expect: Map,
    scope: Scope,
}

impl Plan {
    fn of(call: &Call) -> Result<Self, String> {
        let provider = call.activity.get("provider").unwrap_or_default();
        let scope = Scope::new(Some(&call.configuration), Some(&call.secrets));
        let read = |key: &str| {
            let value = provider.get(key).filter(|value| !value.is_null());
            value.map(|value| substitute(&value, &scope).map_err(|raised| raised.message)).transpose()
        };
        let length = |key: &str| {
            read(key)?
                .map(|value| {
                    quantity::duration(&python::str(&value)).map_err(|error| format!("`{key}`: {error}"))
                })
                .transpose()
        };
        let Some(Value::Map(probe)) = provider.get("probe") else {
            return Err("`probe` is missing: which probe is to be sampled?".to_owned());
        };
        let until = match read("until")?.as_ref().map(python::str).as_deref() {
            None => None,
            Some("failed") => Some(Until::Failed),
            Some("recovered") => Some(Until::Recovered),
            Some(other) => return Err(format!("`until`: expected `failed` or `recovered`, found `{other}`")),
        };
        let every =
            length("every")?.ok_or("`every` is missing: how often is to be sampled, such as 100ms?")?;
        if every < Duration::from_millis(1) {
            return Err("`every`: at least 1ms".to_owned());
        }
        let length = match (length("for")?, until) {
            (Some(length), _) => length,
            (None, Some(_)) => LONGEST,
            (None, None) => {
                return Err("`for` is missing: how long is to be sampled, such as 30s?".to_owned());
            }
        };
        let ok = provider.get("ok").or_else(|| probe.get("tolerance")).filter(|ok| !ok.is_null());
        let expect = match provider.get("expect") {
            Some(Value::Map(expect)) => expect,
            _ => Map::new(),
        };
        Ok(Plan { probe, every, length, until, ok, expect, scope })
    }
}
