//! CBOR bodies.

use aws_smithy_cbor::Encoder;
use aws_smithy_types::Blob;
use squall_model::{Map, Value};

use super::{Field, Moment, Request};
use crate::model::{Operation, Service, ShapeType};

pub(super) fn write(
    service: &'static Service,
    operation: &Operation,
    input: Option<Field>,
    parameters: &Map,
    request: &mut Request,
) {
    let prefix = service.metadata.target_prefix.as_deref().unwrap_or_default();
    "POST".clone_into(&mut request.method);
    request.path = format!("/service/{prefix}/operation/{}", operation.name);
    request.set_header("smithy-protocol", "rpc-v2-cbor");
    request.set_header("Accept", "application/cbor");
    if let Some(input) = input {
        let mut encoder = Encoder::new(Vec::new());
        encode(input, &Value::Map(parameters.clone()), &mut encoder);
        request.body = encoder.into_writer();
        request.set_header("Content-Type", "application/cbor");
    }
}

fn encode(field: Field, value: &Value, out: &mut Encoder) {
    match (field.kind(), value) {
        (ShapeType::Structure, Value::Map(map)) => {
            let members: Vec<_> = super::known(field, map).filter(|(.., value)| !value.is_null()).collect();
            out.map(members.len());
            for (name, member, value) in members {
                out.str(member.wire_name().unwrap_or(&name));
                encode(member, &value, out);
            }
        }
        (ShapeType::Map, Value::Map(map)) => {
            let (key_field, value_field) = field.entry();
            out.map(map.len());
            for (key, value) in map.entries() {
                encode(key_field, key.value(), out);
                encode(value_field, &value, out);
            }
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            out.array(list.len());
            list.to_vec().iter().for_each(|item| encode(element, item, out));
        }
        (_, Value::Null) => {
            out.null();
        }
        (ShapeType::Boolean, value) => {
            out.boolean(value.is_truthy());
        }
        (ShapeType::Blob, value) => {
            out.blob(&Blob::new(super::bytes(value)));
        }
        (ShapeType::Timestamp, value) => {
            if let Some(moment) = Moment::of(value) {
                out.timestamp(&moment.to_smithy());
            }
        }
        (ShapeType::Float, value) => {
            out.float(value.as_f64().unwrap_or_default() as f32);
        }
        (ShapeType::Double, value) => {
            out.double(value.as_f64().unwrap_or_default());
        }
        (ShapeType::Integer | ShapeType::Long, Value::Int(int)) => match int.to_i64() {
            Some(int) => {
                out.long(int);
            }
            None => {
                out.double(int.to_f64());
            }
        },
        (ShapeType::Integer | ShapeType::Long, Value::Bool(flag)) => {
            out.long(i64::from(*flag));
        }
        (_, value) => {
            out.str(&super::text(value));
        }
    }
}
