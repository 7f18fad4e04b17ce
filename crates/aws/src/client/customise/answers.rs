//! Answers that botocore makes more useful.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use squall_model::json::{self, Style};
use squall_model::{Map, Value};

use crate::client::protocol::{Field, Response};
use crate::model::{Operation, Service, ShapeType};

pub(super) fn complete(service: &'static Service, operation: &'static Operation, parsed: &Map) {
    match (service.name, operation.name.as_str()) {
        ("iam", _) => {
            if let Some(output) = &operation.output {
                policies(Field::new(service, output), &Value::Map(parsed.clone()));
            }
        }
        ("ec2", "GetConsoleOutput") => {
            if let Some(Value::Str(output)) = parsed.get("Output")
                && let Ok(bytes) = BASE64.decode(output.as_bytes())
            {
                parsed.insert("Output", Value::from(String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        ("cloudformation", "GetTemplate") => {
            if let Some(Value::Str(body)) = parsed.get("TemplateBody")
                && let Ok(template) = json::parse(&body)
            {
                parsed.insert("TemplateBody", template);
            }
        }
        _ => {}
    }
}

/// Policy documents come as JSON, percent-encoded, and become mappings.
fn policies(field: Field, value: &Value) {
    match (field.kind(), value) {
        (ShapeType::Structure, Value::Map(map)) => {
            for (name, member) in field.members() {
                let Some(value) = map.get(name) else {
                    continue;
                };
                match &value {
                    Value::Str(text) if member.shape_name() == "policyDocumentType" => {
                        let text = super::s3::unquote(text);
                        map.insert(name, json::parse(&text).unwrap_or_else(|_| value.clone()));
                    }
                    _ => policies(member, &value),
                }
            }
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            list.to_vec().iter().for_each(|item| policies(element, item));
        }
        _ => {}
    }
}

/// SSO OIDC says what is wrong under OAuth's name for it.
pub(super) fn describe(service: &Service, response: &mut Response) {
    if service.name != "sso-oidc" {
        return;
    }
    let Ok(text) = std::str::from_utf8(&response.body) else {
        return;
    };
    let Ok(Value::Map(body)) = json::parse(text) else {
        return;
    };
    let said = |name: &str| body.get(name).is_some_and(|value| value.is_truthy());
    if said("error_description") && !said("Message") && !said("message") {
        body.insert("Message", body.get("error_description").unwrap_or_default());
        response.body = json::write(&Value::Map(body), &Style::COMPACT).into_bytes();
    }
}
