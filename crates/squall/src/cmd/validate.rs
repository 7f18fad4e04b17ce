//! `squall validate`.

use squall_engine::configuration::Variables;
use squall_model::Value;

use super::Context;
use crate::args::{FindingsFormat, ValidateArgs};
use crate::notify::Notifier;
use crate::wiring::{Adapters, block_on};
use crate::{aws_options, exit, experiment, output, render, settings};

/// Carries out the command; gives the exit code.
pub fn execute(args: &ValidateArgs, cx: &Context) -> u8 {
    block_on(async {
        let adapters = Adapters::new();
        let code = validate(args, cx, &adapters).await;
        adapters.python.shutdown().await;
        code
    })
}

async fn validate(args: &ValidateArgs, cx: &Context, adapters: &Adapters) -> u8 {
    let settings = match settings::load(&cx.settings_path, &cx.redactor) {
        Ok(settings) => settings.map_or(Value::Null, Value::Map),
        Err(error) => return output::fail(error),
    };
    let controls = adapters.controls();
    let loaded = experiment::load(&args.source, &settings, !args.no_verify_tls, &[], &*controls).await;
    let Ok(document) = loaded else { return exit::FAILED };
    if let Err(error) = aws_options::configure(&adapters.aws, &document.value, &settings, false, None) {
        return output::fail(error);
    }
    let notifier = Notifier::new(&settings, &adapters.python);
    notifier.send("validate-started", &document.value, None);
    let diagnostics = experiment::find_problems(&document.value, &Variables::new(), adapters).await;
    let error = experiment::first_error(&diagnostics);
    if args.format == FindingsFormat::Json {
        output::print(&render::to_json(&document, &diagnostics));
    } else {
        experiment::report_problems(&document, &diagnostics);
    }
    let code = match error {
        None => {
            log::info!("Experiment looks valid");
            notifier.send("validate-completed", &document.value, None);
            log::info!("experiment syntax and semantic look valid");
            exit::OK
        }
        Some(error) => {
            notifier.send("validate-failed", &document.value, Some(&error.message));
            exit::FAILED
        }
    };
    notifier.finish().await;
    code
}
