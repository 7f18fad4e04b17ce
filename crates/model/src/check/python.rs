//! What only Python knows: whether modules can be imported, and whether arguments fit functions.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::value::Map;

/// A question to Python.
#[derive(Clone, Debug)]
pub struct PythonCheck {
    /// The provider that it is about.
    pub at: Pointer,
    /// What is to be found out.
    pub kind: CheckKind,
    /// The name of the activity or the control.
    pub name: String,
    /// `probe` or `action`, as the activity has it.
    pub activity_type: String,
    /// The module to import.
    pub module: String,
    /// The function to look for.
    pub func: String,
    /// The arguments that the function must take, besides `configuration` and `secrets`.
    pub arguments: Map,
    /// The activity or the control.
    pub definition: Map,
}

/// What is to be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// Whether the module can be imported, has the function (a plain one or a builtin, no class), and
    /// the function takes the arguments.
    Activity,
    /// Whether the module can be imported, and, where it has the function, whether that accepts the
    /// definition.
    Control,
}

/// What Python said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonAnswer {
    /// Nothing is wrong.
    Fine,
    /// The import raised `ImportError`.
    NotImportable,
    /// The import raised something else: its text.
    ImportRaised(String),
    /// The module has no such function.
    NoFunction,
    /// The function needs this argument.
    Missing(String),
    /// The function does not take this argument.
    Unexpected(String),
    /// The arguments do not fit, or the function cannot be looked into: the exception's text.
    Other(String),
    /// A control's `validate_control` raised: the exception's text.
    ValidateRaised(String),
}

impl PythonCheck {
    /// The finding that an answer means, if any.
    pub(super) fn judge(self, answer: PythonAnswer) -> Option<Diagnostic> {
        let PythonCheck { at, kind, name, activity_type, module, func, .. } = self;
        let (on_module, on_func) = (at.then("module"), at.then("func"));
        let control = kind == CheckKind::Control;
        let whose = if control { format!("control `{name}`") } else { format!("activity `{name}`") };
        let found = match answer {
            PythonAnswer::Fine => return None,
            PythonAnswer::NotImportable if control => {
                let message = format!(
                    "Could not find Python module '{module}' in control '{name}'. Did you install the Python module? \
                     The experiment will carry on running nonetheless."
                );
                Diagnostic::new(Code::UnknownControlModule, &on_module, message)
            }
            PythonAnswer::NotImportable => {
                let message = format!("could not find Python module '{module}' in activity '{name}'");
                let package = module.split('.').next().unwrap_or_default();
                let help =
                    format!("install the package that has `{package}`, or set PYTHONPATH to where it is");
                Diagnostic::new(Code::UnknownModule, &on_module, message).help(help)
            }
            PythonAnswer::ImportRaised(text) => {
                let message = format!("importing Python module '{module}' in {whose} failed: {text}");
                Diagnostic::new(Code::BrokenModule, &on_module, message)
            }
            PythonAnswer::NoFunction => {
                let message = format!(
                    "The python module '{module}' does not expose a function called '{func}' in {activity_type} \
                     '{name}'"
                );
                let help = "the function must be a plain one: no class, no method, no other callable";
                Diagnostic::new(Code::UnknownFunction, &on_func, message).help(help)
            }
            PythonAnswer::Missing(argument) => {
                let message = format!("required argument '{argument}' is missing from activity '{func}'");
                Diagnostic::new(Code::MissingArgument, &at, message)
                    .label(format!("{whose} calls `{module}.{func}`"))
                    .help(format!("add `{argument}` to the provider's `arguments`"))
            }
            PythonAnswer::Unexpected(argument) => {
                let message = format!(
                    "argument '{argument}' is not part of the function signature in activity '{func}'"
                );
                Diagnostic::new(Code::UnknownArgument, &at.then("arguments").then(&*argument), message)
                    .on_key()
                    .label(format!("{whose} calls `{module}.{func}`"))
            }
            PythonAnswer::Other(text) => {
                let message = format!("the arguments of {whose} do not fit `{module}.{func}`: {text}");
                Diagnostic::new(Code::BadSignature, &on_func, message)
            }
            PythonAnswer::ValidateRaised(text) => Diagnostic::new(Code::RefusedControl, &at, text)
                .label(format!("`{module}.{func}` refuses {whose}")),
        };
        Some(found)
    }
}
