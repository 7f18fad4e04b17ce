//! The method and the rollbacks: lists of activities, one after the other.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use squall_model::event::{Place, RunEventKind, Section, Status};
use squall_model::{Value, python};

use crate::background::Pool;
use crate::control::Level;
use crate::critical;
use crate::halt::Halt;
use crate::log::LOG;
use crate::ports::Lane;
use crate::run::Run;

impl Run {
    /// Plays the method; `false` when an unexpected error aborted it.
    pub(crate) async fn play_method(self: &Rc<Self>) -> Result<bool, Halt> {
        log::info!(target: LOG, "Playing your experiment's method now...");
        self.notify("start_method", vec![self.live_experiment()], Lane::Main).await;
        self.begin_section(Section::Method);
        let result = self.play_activities().await;
        self.recorder.emit(RunEventKind::SectionEnded(Section::Method));
        match result {
            Ok(()) => {
                let runs = Value::List(self.recorder.section(Section::Method.key()));
                self.notify("method_completed", vec![self.live_experiment(), runs], Lane::Main).await;
                Ok(true)
            }
            Err(Halt::Error(failure, _)) => {
                self.recorder.set_status(Status::Aborted);
                self.notify("method_completed", vec![self.live_experiment()], Lane::Main).await;
                self.log_fatal(&failure);
                Ok(false)
            }
            Err(halt) => {
                if matches!(halt, Halt::Interrupted(_)) {
                    self.notify("method_completed", vec![self.live_experiment()], Lane::Main).await;
                }
                Err(halt)
            }
        }
    }

    async fn play_activities(self: &Rc<Self>) -> Result<(), Halt> {
        let state = RefCell::new(Value::Null);
        let body = async {
            let activities = self.activities("method");
            if activities.is_empty() {
                log::info!(target: LOG, "No declared activities, let's move on.");
            }
            let mut pool = Pool::new(&activities);
            let mut result = Ok(());
            let mut index = 0;
            // By index: a control may change the list while it is played.
            while let Some(activity) = activities.get(index) {
                index += 1;
                if activity.get("background").is_some_and(|flag| flag.is_truthy()) {
                    log::debug!(target: LOG, "activity will run in the background");
                    pool.submit(self, activity, Section::Method);
                    tokio::task::yield_now().await;
                } else {
                    let place = Place::Section(Section::Method);
                    if let Err(halt) = self.execute(&activity, Lane::Main, place).await {
                        result = Err(halt);
                        break;
                    }
                }
                if self.recorder.is_over() {
                    break;
                }
            }
            *state.borrow_mut() = Value::List(self.recorder.section(Section::Method.key()));
            pool.finish(self, result.as_ref().err()).await?;
            result
        };
        self.with_controls(Level::Method, &self.experiment, Lane::Main, &state, pin!(body)).await
    }

    /// Plays the rollbacks if the strategy of that name asks for it now.
    pub(crate) async fn roll_back(self: &Rc<Self>, strategy: &str) {
        let status = self.recorder.status();
        let play = match strategy {
            "always" => {
                log::warn!(target: LOG, "Rollbacks were explicitly requested to be played");
                true
            }
            "never" => {
                log::warn!(target: LOG, "Rollbacks were explicitly requested to not be played");
                false
            }
            "default" => !status.is_some_and(|status| matches!(&*status, "failed" | "interrupted")),
            "deviated" if self.recorder.deviated() => {
                log::warn!(target: LOG, "Rollbacks will be played only because the experiment deviated");
                true
            }
            "deviated" => {
                log::warn!(
                    target: LOG,
                    "Rollbacks were explicitely requested to be played only if the experiment \
                     deviated. Since this is not the case, we will not play them."
                );
                false
            }
            _ => false,
        };
        if play {
            self.play_rollback_section().await;
        }
    }

    /// Plays the rollbacks, and notes how that went.
    pub(crate) async fn play_rollback_section(self: &Rc<Self>) {
        self.notify("start_rollbacks", vec![self.live_experiment()], Lane::Main).await;
        self.begin_section(Section::Rollbacks);
        let result = self.play_rollbacks().await;
        self.recorder.emit(RunEventKind::SectionEnded(Section::Rollbacks));
        match result {
            Ok(()) => {}
            Err(Halt::Interrupted(text)) => {
                self.recorder.set_status(Status::Interrupted);
                critical!("{text}");
            }
            Err(Halt::Keyboard | Halt::Exit(_)) => {
                self.recorder.set_status(Status::Interrupted);
                log::warn!(
                    target: LOG,
                    "Received an exit signal.Terminating now without running the remaining rollbacks."
                );
            }
            Err(Halt::Error(failure, _)) => {
                self.recorder.set_status(Status::Aborted);
                self.log_fatal(&failure);
            }
        }
        self.notify("rollbacks_completed", vec![self.live_experiment(), self.live_journal()], Lane::Main)
            .await;
    }

    async fn play_rollbacks(self: &Rc<Self>) -> Result<(), Halt> {
        log::info!(target: LOG, "Let's rollback...");
        let state = RefCell::new(Value::Null);
        let body = async {
            let activities = self.activities("rollbacks");
            if activities.is_empty() {
                log::info!(target: LOG, "No declared rollbacks, let's move on.");
            }
            let mut pool = Pool::new(&activities);
            let mut result = Ok(());
            let mut index = 0;
            while let Some(activity) = activities.get(index) {
                index += 1;
                let name = activity.get("name").unwrap_or(Value::Null);
                log::info!(target: LOG, "Rollback: {}", python::str(&name));
                if activity.get("background").is_some_and(|flag| flag.is_truthy()) {
                    log::debug!(target: LOG, "rollback activity will run in the background");
                    pool.submit(self, activity, Section::Rollbacks);
                    tokio::task::yield_now().await;
                    continue;
                }
                match self.execute(&activity, Lane::Main, Place::Section(Section::Rollbacks)).await {
                    Ok(_) => {}
                    // What one rollback ran into must not keep the others from being played.
                    Err(Halt::Error(failure, _)) => {
                        self.recorder.set_status(Status::Aborted);
                        self.log_fatal(&failure);
                    }
                    Err(halt) => {
                        result = Err(halt);
                        break;
                    }
                }
            }
            *state.borrow_mut() = Value::List(self.recorder.section(Section::Rollbacks.key()));
            pool.finish(self, result.as_ref().err()).await?;
            result
        };
        self.with_controls(Level::Rollback, &self.experiment, Lane::Main, &state, pin!(body)).await
    }
}
