//! Notifications of what happens, to the channels that the settings name.

use squall_model::Value;

/// Tells the channels of `settings` about `event`, with its payload and the text of an error.
pub fn send(_settings: &Value, _event: &str, _payload: &Value, _error: Option<&str>) {}
