//! How a run is to be carried out: when the hypothesis is checked, when rollbacks are played, and
//! what is only pretended.

use std::time::Duration;

use squall_model::Value;

/// When the steady-state hypothesis is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Before and after the method.
    #[default]
    Default,
    /// Before the method only.
    BeforeMethod,
    /// After the method only.
    AfterMethod,
    /// Beside the method only, again and again.
    DuringMethod,
    /// Before, beside and after the method.
    Continuous,
    /// Never.
    Skip,
}

impl Strategy {
    /// The strategy of that name, as options and files spell it; `continously` is accepted as well.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Strategy::Default,
            "before-method-only" => Strategy::BeforeMethod,
            "after-method-only" => Strategy::AfterMethod,
            "during-method-only" => Strategy::DuringMethod,
            "continuously" | "continously" => Strategy::Continuous,
            "skip" => Strategy::Skip,
            _ => return None,
        })
    }

    /// The name in the log, which differs from the option's for [`Strategy::Continuous`].
    pub fn log_name(self) -> &'static str {
        match self {
            Strategy::Default => "default",
            Strategy::BeforeMethod => "before-method-only",
            Strategy::AfterMethod => "after-method-only",
            Strategy::DuringMethod => "during-method-only",
            Strategy::Continuous => "continuous",
            Strategy::Skip => "skip",
        }
    }

    pub(crate) fn before(self) -> bool {
        matches!(self, Strategy::Default | Strategy::BeforeMethod | Strategy::Continuous)
    }

    pub(crate) fn during(self) -> bool {
        matches!(self, Strategy::DuringMethod | Strategy::Continuous)
    }

    pub(crate) fn after(self) -> bool {
        matches!(self, Strategy::Default | Strategy::AfterMethod | Strategy::Continuous)
    }
}

/// The pace of the hypothesis beside the method.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// From the end of one evaluation to the start of the next.
    pub frequency: Duration,
    /// Whether one evaluation out of tolerance ends the method.
    pub fail_fast: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule { frequency: Duration::from_secs(1), fail_fast: false }
    }
}

/// What is only pretended in a run, or for one activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dry {
    /// Probes are not called.
    Probes,
    /// Actions are not called.
    Actions,
    /// Nothing is called.
    Activities,
    /// Everything is called, without the pauses.
    Pause,
}

impl Dry {
    /// The mode of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "probes" => Dry::Probes,
            "actions" => Dry::Actions,
            "activities" => Dry::Activities,
            "pause" => Dry::Pause,
            _ => return None,
        })
    }

    /// The name in options and in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Dry::Probes => "probes",
            Dry::Actions => "actions",
            Dry::Activities => "activities",
            Dry::Pause => "pause",
        }
    }

    /// What an activity's own `dry` asks for: a mode by name, or `true` for the activity itself.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(true) => Some(Dry::Activities),
            Value::Str(name) => Dry::from_name(name),
            _ => None,
        }
    }

    /// Whether an activity of this type (`probe` or `action`) is not called.
    pub(crate) fn skips(self, activity_type: &str) -> bool {
        match self {
            Dry::Probes => activity_type == "probe",
            Dry::Actions => activity_type == "action",
            Dry::Activities => true,
            Dry::Pause => false,
        }
    }
}
