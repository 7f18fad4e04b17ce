//! The command line: types only. What they mean is in `cmd`; how mistakes are told is in `usage`.
//!
//! Options, arguments and defaults are the reference's, so that its scripts go on working; what
//! Squall adds is `aws`, `inject`, `faults`, `undo`, `doctor`, `guard`, `halt`, `resume`, `journal`, `rollback`, `completions`, `man`, `run --seed`, `run --python-chaosaws`
//! and `validate --format`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use squall_model::Value;

use crate::values::{parse_float, parse_variable};

/// Runs chaos experiments and puts back what they broke.
#[derive(Debug, Parser)]
#[command(name = "squall", disable_help_subcommand = true, args_override_self = true)]
#[command(subcommand_required = true, arg_required_else_help = true, version)]
#[command(subcommand_value_name = "COMMAND", disable_version_flag = true)]
pub struct Cli {
    /// Options that stand before the command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that stand before the command.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Show the version and exit
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// Show debug messages, and where each message comes from
    #[arg(long)]
    pub verbose: bool,
    /// Accepted for compatibility: Squall never looks for a newer version by itself
    #[arg(long)]
    pub no_version_check: bool,
    /// Change to this directory before the command; the log file stays where it was
    #[arg(long, value_name = "DIR", allow_hyphen_values = true)]
    pub change_dir: Option<PathBuf>,
    /// Write no log file
    #[arg(long)]
    pub no_log_file: bool,
    /// File that the log is appended to
    #[arg(long, value_name = "FILE", default_value = "chaostoolkit.log", allow_hyphen_values = true)]
    pub log_file: PathBuf,
    /// Least level of what goes to the log file
    #[arg(long, value_name = "LEVEL", default_value = "debug", allow_hyphen_values = true)]
    #[arg(value_parser = ["debug", "info", "warning", "error"])]
    pub log_file_level: String,
    /// Form of the messages on the console; the log file is always text
    #[arg(long, value_name = "FORMAT", default_value = "string", allow_hyphen_values = true)]
    #[arg(value_parser = ["string", "json"])]
    pub log_format: String,
    /// Settings file [default: ~/.chaostoolkit/settings.yaml]
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub settings: Option<PathBuf>,
}

/// What to do. Only the grammar of the command that was chosen is made; so what a command's arguments say
/// of it must be what is said here.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Run an experiment
    Run(RunArgs),
    /// Check an experiment without running it
    Validate(ValidateArgs),
    /// Create an experiment by answering questions
    Init(InitArgs),
    /// Find out what a Python package offers to experiments
    Discover(DiscoverArgs),
    /// Show the versions, the settings or the installed extensions
    Info(InfoArgs),
    /// Read or change the settings file
    Settings(SettingsArgs),
    /// Show the services of AWS, their operations and parameters, as activities of type `aws` use them
    Aws(AwsArgs),
    /// Rebuild the journal of a run from its run log, also after a crash
    Journal(JournalArgs),
    /// Play the rollbacks that a killed run did not get to
    Rollback(RollbackArgs),
    /// Inject a fault by hand, and put it back when its time is over
    Inject(InjectArgs),
    /// Show the faults on this host, or the kinds that there are
    Faults(FaultsArgs),
    /// Put back what faults have changed
    Undo(UndoArgs),
    /// Show what faults need of this host, and what is missing
    Doctor(DoctorArgs),
    /// Have faults put back at boot, whatever happened
    Guard(GuardArgs),
    /// Stop all runs, put everything back, and refuse new runs
    Halt(HaltArgs),
    /// Allow new runs again
    Resume(ResumeArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them into a directory
    Man(ManArgs),
}

/// Run an experiment
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Experiment: a JSON or YAML file, an http(s) URL, or `-` for standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// File that the journal is written to
    #[arg(long, value_name = "FILE", default_value = "./journal.json", allow_hyphen_values = true)]
    pub journal_path: PathBuf,
    /// Leave out a part of the run: these activities, or the pauses
    #[arg(long, value_name = "PART", allow_hyphen_values = true)]
    #[arg(value_parser = ["probes", "actions", "activities", "pause"])]
    pub dry: Option<String>,
    /// Show what would be done and undone, by whom and for how long, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// Run without checking the experiment first
    #[arg(long)]
    pub no_validation: bool,
    /// Accept any TLS certificate when SOURCE is fetched
    #[arg(long)]
    pub no_verify_tls: bool,
    /// When rollbacks are played; the default is not after an interruption or a failed hypothesis
    #[arg(long, value_name = "STRATEGY", allow_hyphen_values = true)]
    #[arg(value_parser = ["default", "always", "never", "deviated"])]
    pub rollback_strategy: Option<String>,
    /// Value of a configuration entry: KEY=VALUE or KEY:TYPE=VALUE, TYPE being one of str, int,
    /// float, bytes, bool, json; may be repeated
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true, value_parser = parse_variable)]
    pub var: Vec<Variable>,
    /// File with values of configuration and secrets (JSON, YAML) or of environment variables (any
    /// other name); may be repeated
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub var_file: Vec<PathBuf>,
    /// File with controls that apply to the whole run; may be repeated
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub control_file: Vec<PathBuf>,
    /// When the steady-state hypothesis is checked
    #[arg(long, value_name = "STRATEGY", allow_hyphen_values = true)]
    #[arg(value_parser = ["default", "before-method-only", "after-method-only", "during-method-only",
        "continuously", "continously"])]
    pub hypothesis_strategy: Option<String>,
    /// Seconds between two checks of the hypothesis during the method
    #[arg(long, value_name = "SECONDS", default_value = "1.0", allow_hyphen_values = true)]
    #[arg(value_parser = parse_float)]
    pub hypothesis_frequency: f64,
    /// End the experiment as soon as the hypothesis is not met during the method
    #[arg(long)]
    pub fail_fast: bool,
    /// Number that random choices start from, to repeat a run: its journal has it as `seed`
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Leave functions of `chaosaws` to Python, which must have the package
    #[arg(long)]
    pub python_chaosaws: bool,
}

/// One `--var`: a configuration entry and its value.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Name of the entry; may be empty.
    pub key: String,
    /// Its value, of the type that was asked for.
    pub value: Value,
}

/// Check an experiment without running it
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Experiment: a JSON or YAML file, an http(s) URL, or `-` for standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Accept any TLS certificate when SOURCE is fetched
    #[arg(long)]
    pub no_verify_tls: bool,
    /// Form of the findings: for people on stderr, or a JSON array on stdout
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, allow_hyphen_values = true)]
    pub format: FindingsFormat,
}

/// Form of what `validate` finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// Messages with the place in the source, on stderr.
    #[default]
    Text,
    /// An array of objects, on stdout.
    Json,
}

/// Create an experiment by answering questions
#[derive(Debug, Args)]
pub struct InitArgs {
    /// `aws`: write experiments about what an account holds, without questions
    #[arg(value_name = "TARGET", value_parser = ["aws"])]
    pub target: Option<String>,
    /// With `aws`: folder that the experiments are written to; what is there stays as it is
    #[arg(long, value_name = "DIR", default_value = "./experiments", allow_hyphen_values = true)]
    pub directory: PathBuf,
    /// With `aws`: where to look.
    #[command(flatten)]
    pub scope: AwsScopeArgs,
    /// File that `discover` wrote; its activities are offered
    #[arg(long, value_name = "FILE", default_value = "./discovery.json", allow_hyphen_values = true)]
    pub discovery_path: PathBuf,
    /// File that the experiment is written to: YAML when it ends in .yaml or .yml, else JSON
    #[arg(long, value_name = "FILE", default_value = "./experiment.json", allow_hyphen_values = true)]
    pub experiment_path: PathBuf,
}

/// Find out what a Python package offers to experiments
#[derive(Debug, Args)]
pub struct DiscoverArgs {
    /// Python package, as `pip` knows it; or `aws`: what an account holds that an experiment could touch
    #[arg(value_name = "PACKAGE")]
    pub package: String,
    /// Leave out what the package tells of the system
    #[arg(long)]
    pub no_system_info: bool,
    /// The package is installed already: do not call `pip`
    #[arg(long)]
    pub no_install: bool,
    /// File that the outcome is written to
    #[arg(long, value_name = "FILE", default_value = "./discovery.json", allow_hyphen_values = true)]
    pub discovery_path: PathBuf,
    /// With `aws`, which shows what it found instead of writing a file: in which form
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: ListFormat,
    /// With `aws`: where to look.
    #[command(flatten)]
    pub scope: AwsScopeArgs,
}

/// Show the services of AWS, their operations and parameters, as activities of type `aws` use them
#[derive(Debug, Args)]
pub struct AwsArgs {
    /// Service, as boto3 names it: `ec2`; without one, all are listed
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Operation of the service: `describe_instances` or `DescribeInstances`; without one, all are listed
    #[arg(value_name = "OPERATION")]
    pub operation: Option<String>,
    /// Only services, operations and waiters with these words in their names
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Form of the list
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: ListFormat,
}

/// Form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Columns for people.
    #[default]
    Table,
    /// JSON for programs.
    Json,
}

/// Where in AWS.
#[derive(Debug, Args)]
pub struct AwsScopeArgs {
    /// Region, once for each; without one, `AWS_REGION` or `AWS_DEFAULT_REGION`
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Profile of the shared configuration files; without one, `AWS_PROFILE` or `default`
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Role to assume, by its ARN
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
}

/// Show the versions, the settings or the installed extensions
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// What to show
    #[arg(value_name = "TARGET", value_parser = ["core", "settings", "extensions"])]
    pub target: String,
}

/// Read or change the settings file
#[derive(Debug, Args)]
#[command(subcommand_value_name = "COMMAND", arg_required_else_help = true, disable_help_subcommand = true)]
pub struct SettingsArgs {
    /// What to do with the settings.
    #[command(subcommand)]
    pub command: SettingsCommand,
}

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Show the whole file; secrets are not hidden
    Show {
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "yaml", allow_hyphen_values = true)]
        #[arg(value_parser = ["json", "yaml"])]
        format: String,
    },
    /// Show one value
    Get {
        /// Dotted path, as in `auths.example\.com.type` or `notifications[0].url`
        #[arg(value_name = "KEY")]
        key: String,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "yaml", allow_hyphen_values = true)]
        #[arg(value_parser = ["string", "json", "yaml"])]
        format: String,
    },
    /// Change a value that is there
    Set {
        /// Dotted path, as in `auths.example\.com.type` or `notifications[0].url`
        #[arg(value_name = "KEY")]
        key: String,
        /// New value, as JSON
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Remove a value and all below it
    Remove {
        /// Dotted path, as in `auths.example\.com.type` or `notifications[0].url`
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// Rebuild the journal of a run from its run log, also after a crash
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// Run log (`$XDG_STATE_HOME/squall/runs/ID.jsonl`)
    #[arg(value_name = "RUNLOG")]
    pub run_log: PathBuf,
    /// File that the journal is written to; without it, standard output
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true)]
    pub output: Option<PathBuf>,
}

/// Play the rollbacks that a killed run did not get to
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Run log (`$XDG_STATE_HOME/squall/runs/ID.jsonl`)
    #[arg(value_name = "RUNLOG")]
    pub run_log: PathBuf,
    /// Play the rollbacks without asking
    #[arg(long)]
    pub yes: bool,
    /// Value of a configuration entry, as it was given to the run; may be repeated
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true, value_parser = parse_variable)]
    pub var: Vec<Variable>,
    /// File with values of configuration and secrets, as it was given to the run; may be repeated
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub var_file: Vec<PathBuf>,
}

/// Inject a fault by hand, and put it back when its time is over
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct InjectArgs {
    /// Kind of fault, as `squall faults list` shows them, and its options: `squall inject KIND --help`
    #[arg(value_name = "KIND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Show the faults on this host, or the kinds that there are
#[derive(Debug, Args)]
pub struct FaultsArgs {
    /// `list`: the kinds of faults; with a kind after it, its arguments
    #[arg(value_name = "WHAT", num_args = 0..=2)]
    pub what: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Show those that were put back, too
    #[arg(long)]
    pub all: bool,
}

/// Put back what faults have changed
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Faults, by their ids or the beginnings of these
    #[arg(value_name = "ID")]
    pub faults: Vec<String>,
    /// All faults of this user that are not put back
    #[arg(long, conflicts_with = "faults")]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Show what faults need of this host, and what is missing
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Have faults put back at boot, whatever happened
#[derive(Debug, Args)]
pub struct GuardArgs {
    /// `install`, `uninstall` or `status`
    #[arg(value_name = "WHAT", value_parser = ["install", "uninstall", "status"])]
    pub what: String,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub plan: bool,
    /// Root of the system, for images that are being made
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
}

/// Stop all runs, put everything back, and refuse new runs
#[derive(Debug, Args)]
pub struct HaltArgs {
    /// How long runs may take to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub patience: u64,
}

/// Allow new runs again
#[derive(Debug, Args)]
pub struct ResumeArgs {}

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete for
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// Print the manual page, or write all of them into a directory
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Directory that the pages of all commands are written to
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

impl Command {
    /// The word that chooses the command.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Run(_) => "run",
            Command::Validate(_) => "validate",
            Command::Init(_) => "init",
            Command::Discover(_) => "discover",
            Command::Info(_) => "info",
            Command::Settings(_) => "settings",
            Command::Aws(_) => "aws",
            Command::Journal(_) => "journal",
            Command::Rollback(_) => "rollback",
            Command::Inject(_) => "inject",
            Command::Faults(_) => "faults",
            Command::Undo(_) => "undo",
            Command::Doctor(_) => "doctor",
            Command::Guard(_) => "guard",
            Command::Halt(_) => "halt",
            Command::Resume(_) => "resume",
            Command::Completions(_) => "completions",
            Command::Man(_) => "man",
        }
    }
}
