//! Notifications of what happens, to the channels that the settings name.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use squall_model::{Map, Value, json};
use squall_providers::http::{HttpClient, Limit, Request, Timeouts, Verify};
use squall_providers::python::PythonWorker;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// How long the end of a command waits for notifications that are still on their way.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends notifications one after the other beside everything else, so that no channel holds up a run.
pub struct Notifier {
    queue: Option<UnboundedSender<Value>>,
    task: RefCell<Option<JoinHandle<()>>>,
}

impl Notifier {
    /// For the channels under `notifications` in `settings`; does nothing when there are none. Must be
    /// called on a `LocalSet`.
    pub fn new(settings: &Value, python: &PythonWorker) -> Self {
        let channels = match settings.get("notifications") {
            Some(Value::List(channels)) if !channels.is_empty() => channels.to_vec(),
            _ => return Notifier { queue: None, task: RefCell::default() },
        };
        let (queue, events) = unbounded_channel();
        let task = tokio::task::spawn_local(deliver(channels, events, python.clone()));
        Notifier { queue: Some(queue), task: RefCell::new(Some(task)) }
    }

    /// Tells the channels about `event` with its payload as it is now, and the text of an error.
    pub fn send(&self, event: &str, payload: &Value, error: Option<&str>) {
        let Some(queue) = &self.queue else { return };
        let phase = event.split('-').next().unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let message: [(&str, Value); 4] = [
            ("name", Value::from(event)),
            ("payload", payload.deep_clone()),
            ("phase", Value::from(phase)),
            ("ts", Value::Float(now.as_secs_f64())),
        ];
        let message: Map = message.into_iter().collect();
        if let Some(error) = error {
            message.insert("error", Value::from(error));
        }
        // The task ends only when this sender is gone.
        let _ = queue.send(Value::Map(message));
    }

    /// Waits until everything is delivered, for a while.
    pub async fn finish(mut self) {
        self.queue = None;
        let Some(task) = self.task.take() else { return };
        let abort = task.abort_handle();
        if tokio::time::timeout(PATIENCE, task).await.is_err() {
            abort.abort();
            log::debug!("some notifications could not be sent in {} s and are dropped", PATIENCE.as_secs());
        }
    }
}

/// Sends one notification and waits until it is delivered, for a while; for commands without a
/// runtime of their own.
pub fn send(settings: &Value, event: &str, payload: &Value, error: Option<&str>) {
    if settings.get("notifications").is_none_or(|channels| !channels.is_truthy()) {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let python = PythonWorker::default();
        let notifier = Notifier::new(settings, &python);
        notifier.send(event, payload, error);
        notifier.finish().await;
        python.shutdown().await;
    });
}

async fn deliver(channels: Vec<Value>, mut events: UnboundedReceiver<Value>, python: PythonWorker) {
    let client = HttpClient::new();
    while let Some(message) = events.recv().await {
        let name = message.get("name").unwrap_or(Value::Null);
        for channel in &channels {
            let wanted = match channel.get("events") {
                Some(Value::List(events)) if !events.is_empty() => events.to_vec().contains(&name),
                _ => true,
            };
            if !wanted {
                continue;
            }
            match channel.get("type").as_ref().and_then(|kind| kind.as_str()) {
                Some("http") => send_http(&client, channel, &message).await,
                Some("plugin") => send_plugin(&python, channel, &message).await,
                _ => {}
            }
        }
    }
}

async fn send_http(client: &HttpClient, channel: &Value, message: &Value) {
    let Some(url) = channel.get("url").filter(|url| url.is_truthy()) else {
        log::debug!("missing url in notification channel");
        return;
    };
    let url = squall_model::python::str(&url);
    let headers = match channel.get("headers") {
        Some(Value::Map(headers)) => headers
            .entries()
            .into_iter()
            .map(|(name, value)| {
                (squall_model::python::str(name.value()), Some(squall_model::python::str(&value)))
            })
            .collect(),
        _ => Vec::new(),
    };
    let flag = |name: &str| channel.get(name).is_none_or(|flag| flag.is_truthy());
    let with_payload = flag("forward_event_payload");
    let body =
        with_payload.then(|| json::write(&message_over_http(message), &json::Style::SPACED).into_bytes());
    let request = Request {
        method: if with_payload { "POST" } else { "GET" }.to_owned(),
        url: url.clone(),
        headers,
        content_type: with_payload.then_some("application/json"),
        body,
        timeouts: Timeouts { connect: Some(Limit::seconds(2)), read: Some(Limit::seconds(5)) },
        verify: if flag("verify_tls") { Verify::default() } else { Verify::No },
        ..Request::default()
    };
    let sent = client.send(&request).await;
    match sent {
        Ok(response) if response.status >= 400 => {
            log::debug!("notification sent to {url} failed with: status {}", response.status);
        }
        Ok(_) => {}
        Err(error) => log::debug!("failed calling notification endpoint: {error}"),
    }
}

/// Over HTTP an error is told in the reference's words.
fn message_over_http(message: &Value) -> Value {
    let (Some(error), Some(map)) = (message.get("error"), message.as_map()) else { return message.clone() };
    let copy = map.shallow_clone();
    let text = format!("An exception was raised: InvalidExperiment('{}')", squall_model::python::str(&error));
    copy.insert("error", Value::from(text));
    Value::Map(copy)
}

async fn send_plugin(python: &PythonWorker, channel: &Value, message: &Value) {
    let module = squall_model::python::str(&channel.get("module").unwrap_or(Value::Null));
    let function =
        channel.get("func").map_or_else(|| "notify".to_owned(), |func| squall_model::python::str(&func));
    let error = message.get("error").map(|error| squall_model::python::str(&error));
    let error = error.as_deref().map(|text| ("chaoslib.exceptions.InvalidExperiment", text));
    if let Err(error) = python.notify(&module, &function, channel, message, error).await {
        log::debug!("failed calling notification plugin: {error}");
    }
}
