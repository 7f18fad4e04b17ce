//! The steady-state hypothesis: before, beside and after the method.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use squall_model::event::{Phase, Place, RunEventKind, StateId, Status};
use squall_model::expr::substitute::substitute;
use squall_model::expr::tolerance::{self, Verdict};
use squall_model::{List, Map, Value, python};

use crate::activity::Execution;
use crate::background::{Background, Stop};
use crate::control::Level;
use crate::critical;
use crate::halt::Halt;
use crate::log::LOG;
use crate::ports::{Failure, Lane, Notes, Outcome};
use crate::run::Run;
use crate::strategy::Dry;

/// How an evaluation came out.
struct Evaluation {
    id: StateId,
    state: Map,
    met: bool,
    /// Why it could not be verified at all.
    trouble: Option<Trouble>,
    /// The name of the last probe that was called.
    probe: String,
}

/// Why an evaluation is without a verdict.
enum Trouble {
    /// A probe failed.
    ProbeFailed,
    /// Something unexpected: a tolerance that cannot be applied, an error in a provider.
    Error(Failure),
}

impl Run {
    /// Evaluates the hypothesis before the method; `false` when the method must not be played.
    pub(crate) async fn evaluate_gate(self: &Rc<Self>) -> Result<bool, Halt> {
        log::debug!(target: LOG, "Running steady-state hypothesis before the method");
        self.notify("start_hypothesis_before", vec![self.live_experiment()], Lane::Main).await;
        let Some(evaluation) = self.evaluate(Phase::Before, Lane::Main).await? else { return Ok(true) };
        self.note_evaluation("hypothesis_before_completed", &evaluation).await;
        if evaluation.met {
            return Ok(true);
        }
        self.recorder.set_status(evaluation.status());
        self.log_unmet(&evaluation);
        Ok(false)
    }

    /// Evaluates the hypothesis after the method.
    pub(crate) async fn evaluate_deviation(self: &Rc<Self>) -> Result<(), Halt> {
        log::debug!(target: LOG, "Running steady-state hypothesis after the method");
        self.notify("start_hypothesis_after", vec![self.live_experiment()], Lane::Main).await;
        let Some(evaluation) = self.evaluate(Phase::After, Lane::Main).await? else { return Ok(()) };
        self.note_evaluation("hypothesis_after_completed", &evaluation).await;
        if !evaluation.met {
            self.recorder.set_deviated(evaluation.status());
            self.log_unmet(&evaluation);
        }
        Ok(())
    }

    async fn note_evaluation(&self, event: &'static str, evaluation: &Evaluation) {
        self.end_evaluation(evaluation);
        let arguments =
            vec![self.live_experiment(), Value::Map(evaluation.state.clone()), self.live_journal()];
        self.notify(event, arguments, Lane::Main).await;
    }

    fn end_evaluation(&self, evaluation: &Evaluation) {
        self.recorder.emit(RunEventKind::HypothesisEnded { state: evaluation.id, met: Some(evaluation.met) });
        self.recorder.note_state(evaluation.id);
    }

    fn log_unmet(&self, evaluation: &Evaluation) {
        if let Some(Trouble::Error(failure)) = &evaluation.trouble {
            self.log_fatal(failure);
        }
        critical!(
            "Steady state probe '{}' is not in the given tolerance so failing this experiment",
            evaluation.probe
        );
    }

    /// Starts to evaluate the hypothesis beside the method.
    pub(crate) fn evaluate_continuously(self: &Rc<Self>) -> Background {
        let stop = Rc::new(Stop::default());
        let (run, asked) = (Rc::clone(self), Rc::clone(&stop));
        let task = tokio::task::spawn_local(async move {
            let halt = run.evaluate_until(&asked).await.err();
            let error = match &halt {
                Some(Halt::Interrupted(text)) => Value::from(text.as_str()),
                Some(Halt::Error(failure, _)) => Value::from(failure.message.as_str()),
                _ => Value::Null,
            };
            let arguments = vec![run.live_experiment(), run.live_journal(), error];
            run.notify("continuous_hypothesis_completed", arguments, Lane::Background).await;
            match halt {
                Some(Halt::Interrupted(text)) => {
                    run.recorder.set_status(Status::Interrupted);
                    critical!("{text}");
                }
                Some(Halt::Error(failure, _)) => {
                    run.recorder.set_status(Status::Aborted);
                    critical!("{}", failure.message);
                }
                Some(Halt::Keyboard | Halt::Exit(_)) | None => {}
            }
            log::info!(target: LOG, "Continuous steady state hypothesis terminated");
        });
        Background::new(task, stop)
    }

    async fn evaluate_until(self: &Rc<Self>, stop: &Stop) -> Result<(), Halt> {
        let frequency = self.schedule.frequency.as_secs_f64();
        self.notify("start_continuous_hypothesis", vec![Value::Float(frequency)], Lane::Background).await;
        log::info!(
            target: LOG,
            "Executing the steady-state hypothesis continuously every {} seconds",
            python::float_repr(frequency)
        );
        let (mut iterations, mut unmet) = (0u32, 0u32);
        while !stop.is_requested() && !self.recorder.is_over() {
            iterations += 1;
            let Some(evaluation) = self.evaluate(Phase::During, Lane::Background).await? else { break };
            self.end_evaluation(&evaluation);
            let arguments = vec![Value::from(i64::from(iterations)), Value::Map(evaluation.state.clone())];
            self.notify("continuous_hypothesis_iteration", arguments, Lane::Background).await;
            if !evaluation.met {
                unmet += 1;
                log::warn!(
                    target: LOG,
                    "Continuous steady state probe '{}' is not in the given tolerance",
                    evaluation.probe
                );
                if self.schedule.fail_fast {
                    let ratio = f64::from(unmet) * 100.0 / f64::from(iterations);
                    log::info!(
                        target: LOG,
                        "Terminating immediately the experiment after {ratio:.1}% hypothesis deviated"
                    );
                    self.recorder.set_status(Status::Failed);
                    break;
                }
            }
            // The pace is from the end of one evaluation to the start of the next.
            tokio::select! {
                () = stop.requested() => {}
                () = self.world.clock.sleep(self.schedule.frequency) => {}
            }
        }
        Ok(())
    }

    /// Evaluates the hypothesis once: probe after probe, until one is out of its tolerance.
    async fn evaluate(self: &Rc<Self>, phase: Phase, lane: Lane) -> Result<Option<Evaluation>, Halt> {
        let Some(Value::Map(hypothesis)) = self.experiment.get("steady-state-hypothesis") else {
            log::debug!(target: LOG, "No hypothesis declared.");
            return Ok(None);
        };
        let title = hypothesis.get("title").unwrap_or(Value::Null);
        log::info!(target: LOG, "Steady state hypothesis: {}", python::str(&title));
        let content: [(&str, Value); 2] =
            [("steady_state_met", Value::Null), ("probes", Value::List(List::new()))];
        let state: Map = content.into_iter().collect();
        let id = self.recorder.next_id();
        self.recorder.emit(RunEventKind::HypothesisStarted { state: id, phase, content: state.clone() });
        let mut evaluation =
            Evaluation { id, state: state.clone(), met: true, trouble: None, probe: String::new() };
        let shown = RefCell::new(Value::Map(state.clone()));
        let body = self.evaluate_probes(&hypothesis, &mut evaluation, phase, lane);
        self.with_controls(Level::Hypothesis, &hypothesis, lane, &shown, pin!(body)).await?;
        Ok(Some(evaluation))
    }

    async fn evaluate_probes(
        self: &Rc<Self>,
        hypothesis: &Map,
        evaluation: &mut Evaluation,
        phase: Phase,
        lane: Lane,
    ) -> Result<(), Halt> {
        let probes = match hypothesis.get("probes") {
            Some(Value::List(probes)) => probes,
            _ => List::new(),
        };
        let mut index = 0;
        while let Some(probe) = probes.get(index) {
            index += 1;
            evaluation.probe = python::str(&probe.get("name").unwrap_or(Value::Null));
            let judged = self.judge(&probe, evaluation.id, lane, &mut evaluation.probe).await;
            match judged {
                Ok(None) => {}
                Ok(Some(trouble)) => {
                    evaluation.met = false;
                    evaluation.trouble = trouble;
                    break;
                }
                // Beside the method an error ends the run; before and after it, it is the verdict.
                Err(Halt::Error(failure, entry)) if phase != Phase::During => {
                    if let Some(entry) = entry {
                        self.judged(evaluation.id, entry, false);
                    }
                    evaluation.met = false;
                    evaluation.trouble = Some(Trouble::Error(failure));
                    break;
                }
                Err(halt) => return Err(halt),
            }
        }
        evaluation.state.insert("steady_state_met", Value::Bool(evaluation.met));
        if evaluation.met {
            log::info!(target: LOG, "Steady state hypothesis is met!");
        }
        Ok(())
    }

    /// Calls a probe and compares its output with its tolerance: `None` when it is within, else why
    /// not, where there is more to say than that.
    async fn judge(
        self: &Rc<Self>,
        probe: &Value,
        state: StateId,
        lane: Lane,
        name: &mut String,
    ) -> Result<Option<Option<Trouble>>, Halt> {
        let execution = self.execute(probe, lane, Place::Hypothesis(state)).await?;
        let called = execution.entry.get("activity").and_then(|activity| activity.get("name"));
        *name = python::str(&called.unwrap_or(Value::Null));
        if execution.has_failed() {
            self.judged(state, execution.id, false);
            log::warn!(
                target: LOG,
                "Probe terminated unexpectedly, so its tolerance could not be validated"
            );
            return Ok(Some(Some(Trouble::ProbeFailed)));
        }
        // The reference looks at the run's mode here, not at the activity's own.
        if matches!(self.dry, Some(Dry::Probes | Dry::Activities)) {
            self.judged(state, execution.id, true);
            return Ok(None);
        }
        let met = self.is_within_tolerance(probe, &execution, lane).await?;
        self.judged(state, execution.id, met);
        Ok(if met { None } else { Some(None) })
    }

    fn judged(&self, state: StateId, entry: u64, met: bool) {
        self.recorder.emit(RunEventKind::ProbeJudged { state, entry, met });
    }

    async fn is_within_tolerance(
        &self,
        probe: &Value,
        execution: &Execution,
        lane: Lane,
    ) -> Result<bool, Halt> {
        let error = |failure: Failure| Halt::Error(failure, Some(execution.id));
        let scope = self.scope();
        let tolerance = probe.get("tolerance").unwrap_or_default();
        if log::log_enabled!(target: LOG, log::Level::Debug) {
            let shown = match &tolerance {
                Value::Str(_) => substitute(&tolerance, &scope).unwrap_or_else(|_| tolerance.clone()),
                other => other.clone(),
            };
            log::debug!(target: LOG, "allowed tolerance is {}", python::str(&shown));
        }
        let value = execution.output();
        match tolerance::within(&tolerance, &value, &scope) {
            Ok(Verdict::Met(met)) => Ok(met),
            Ok(Verdict::NeedsProbe(probe)) => {
                self.is_within_probe(&probe, value, lane).await.map_err(|halt| match halt {
                    Halt::Error(failure, _) => error(failure),
                    other => other,
                })
            }
            Err(trouble) => {
                let message = trouble.to_string();
                Err(error(Failure { exception: vec![format!("{message}\n")], message }))
            }
        }
    }

    /// A tolerance that is a probe itself: it is given the value, and its output counts as true or
    /// false in Python's sense.
    async fn is_within_probe(&self, tolerance: &Map, value: Value, lane: Lane) -> Result<bool, Halt> {
        let provider = tolerance.get("provider").unwrap_or_default();
        let known_to_reference = ["python", "process", "http"].map(Value::from);
        match (provider.get("arguments"), &provider) {
            (Some(Value::Map(arguments)), _) => arguments.insert("value", value),
            (None, Value::Map(provider))
                if !known_to_reference.contains(&provider.get("type").unwrap_or_default()) =>
            {
                provider.insert("arguments", Value::map([("value", value)]));
            }
            _ => return Err(Halt::error("KeyError", "'arguments'")),
        }
        match self.call(tolerance, lane, Notes::default()).await? {
            Outcome::Returned(output) => Ok(output.is_truthy()),
            Outcome::Failed(_) => Ok(false),
            Outcome::Errored(failure) => Err(Halt::Error(failure, None)),
            Outcome::Exit(exit) => Err(exit.into()),
        }
    }
}

impl Evaluation {
    /// The status of a run whose hypothesis came out like this.
    fn status(&self) -> Status {
        match self.trouble {
            None => Status::Completed,
            Some(Trouble::ProbeFailed) => Status::Failed,
            Some(Trouble::Error(_)) => Status::Aborted,
        }
    }
}
