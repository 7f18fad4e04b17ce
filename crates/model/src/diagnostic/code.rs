//! The table of all codes.

use std::fmt;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never affects an exit code.
    Hint,
    /// Works, and should be changed.
    Warning,
    /// The experiment cannot be run as it is.
    Error,
}

impl Severity {
    /// `error`, `warning` or `hint`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        /// The kinds of diagnostic. A code starts with `E` for errors, `W` for warnings and `H` for
        /// hints; it keeps its meaning for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as it is shown: a letter and four digits.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    EmptyExperiment = "E0101", "the document holds no experiment";
    NoTitle = "E0102", "the experiment has no title";
    NoDescription = "E0103", "the experiment has no description";
    BadTag = "E0104", "a tag is not a text, or empty";
    BadExtension = "E0105", "an extension has no name";
    NoMethod = "E0106", "the experiment has no method";
    WrongShape = "E0107", "a part of the experiment is of another type than it must be";
    MissingVariable = "E0201", "a configuration entry asks for an environment variable that is not set";
    NoVariableName = "E0202", "an entry of type `env` does not name its environment variable";
    BadCast = "E0203", "a configuration value cannot become what `env_var_type` asks for";
    MissingSecretVariable = "E0211", "a secret asks for an environment variable that is not set";
    FlatSecret = "E0212", "a secret stands outside of any scope";
    NoHypothesisTitle = "E0301", "the steady-state hypothesis has no title";
    NoTolerance = "E0302", "a probe of the hypothesis has no tolerance";
    BadTolerance = "E0303", "a tolerance is of a type that tolerances cannot have";
    UnknownTolerance = "E0304", "a tolerance names a type that does not exist";
    NoPattern = "E0305", "a regex tolerance has no pattern";
    BadPattern = "E0306", "a regex tolerance's pattern is not a regular expression";
    NoPath = "E0307", "a jsonpath tolerance has no path";
    BadPath = "E0308", "a jsonpath tolerance's path is not a JSON path";
    NoRange = "E0309", "a range tolerance has no range";
    BadRange = "E0310", "a range is not a pair of numbers";
    EmptyActivity = "E0401", "an activity is empty";
    BadReference = "E0402", "a reference to an activity is not a text, or empty";
    UnknownReference = "E0403", "a reference names no activity of the experiment";
    NoActivityType = "E0404", "an activity has no type";
    BadActivityType = "E0405", "an activity is neither a probe nor an action";
    NoActivityName = "E0406", "an activity has no name";
    NoProvider = "E0407", "an activity has no provider";
    NoProviderType = "E0408", "a provider has no type";
    UnknownProvider = "E0409", "a provider's type does not exist";
    BadTimeout = "E0410", "an activity's timeout is not a number";
    BadPause = "E0411", "a pause is neither a number nor a variable";
    BadBackground = "E0412", "an activity's `background` is not a boolean";
    NoModule = "E0501", "a Python activity names no module";
    NoFunction = "E0502", "a Python activity names no function";
    UnknownModule = "E0503", "a Python module cannot be found";
    BrokenModule = "E0504", "a Python module fails while it is imported";
    UnknownFunction = "E0505", "a Python module has no such function";
    MissingArgument = "E0506", "a Python function needs an argument that is not given";
    UnknownArgument = "E0507", "a Python function has no such argument";
    BadSignature = "E0508", "the arguments do not fit the Python function";
    NoProcessPath = "E0511", "a process activity names no program";
    UnknownProgram = "E0512", "a program cannot be found";
    NoUrl = "E0521", "an HTTP activity has no URL";
    BadHeaders = "E0522", "an HTTP activity's headers are not a mapping";
    NoService = "E0531", "an AWS activity names no service";
    UnknownService = "E0532", "an AWS service does not exist";
    NoOperation = "E0533", "an AWS activity names no operation";
    UnknownOperation = "E0534", "an AWS service has no such operation";
    BadParameter = "E0535", "a parameter does not fit the AWS operation";
    UnknownWaiter = "E0536", "an AWS service has no such waiter";
    NoPages = "E0537", "all pages are asked for of an AWS operation that has none";
    BadQuery = "E0538", "a query is not a JMESPath expression";
    BadOption = "E0539", "an option of an AWS activity is not known, or of another type than it must be";
    UnknownControl = "E0601", "a reference names no control of the experiment";
    NoControlName = "E0602", "a control has no name";
    NoControlProvider = "E0603", "a control has no provider";
    BadScope = "E0604", "a control's scope is neither `before` nor `after`";
    NoControlModule = "E0605", "a Python control names no module";
    RefusedControl = "E0606", "a control refuses its own declaration";
    MappedArguments = "W0701", "a process activity has its arguments as a mapping";
    VaultKeyWithoutPath = "W0702", "a Vault secret has a key and no path";
    UnknownControlModule = "W0703", "a control's Python module cannot be found";
    Misspelled = "H0801", "a key is not known, and one very much like it is";
    Ignored = "H0802", "a key has no effect where it stands";
    Undeclared = "H0803", "a variable is used that nothing declares";
}

impl Code {
    /// How much it matters.
    pub fn severity(self) -> Severity {
        match self.as_str().as_bytes().first() {
            Some(b'W') => Severity::Warning,
            Some(b'H') => Severity::Hint,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
