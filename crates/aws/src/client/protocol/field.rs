//! The use of a shape, with what the shape and its use say together.

use crate::model::{Reference, Service, Shape, ShapeType, XmlNamespace};

/// A shape where it is used: as a member, an element, a key, a whole input.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    service: &'static Service,
    reference: &'static Reference,
    /// What it is.
    pub(crate) shape: &'static Shape,
}

impl Field {
    /// What `reference` refers to.
    pub(crate) fn new(service: &'static Service, reference: &'static Reference) -> Self {
        let shape = service.shape(&reference.shape).expect("a model has every shape that it refers to");
        Field { service, reference, shape }
    }

    /// The sort of value.
    pub(crate) fn kind(&self) -> ShapeType {
        self.shape.kind
    }

    /// The shape's name.
    pub(crate) fn shape_name(&self) -> &'static str {
        &self.reference.shape
    }

    /// A member of a structure.
    pub(crate) fn member(&self, name: &str) -> Option<Field> {
        self.shape.members.get(name).map(|reference| Field::new(self.service, reference))
    }

    /// The members of a structure, in the model's order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static str, Field)> + use<> {
        let service = self.service;
        self.shape
            .members
            .iter()
            .map(move |(name, reference)| (name.as_str(), Field::new(service, reference)))
    }

    /// A list's element.
    pub(crate) fn element(&self) -> Field {
        Field::new(self.service, self.shape.member.as_ref().expect("a list has elements"))
    }

    /// A map's keys and values.
    pub(crate) fn entry(&self) -> (Field, Field) {
        let part = |part: &'static Option<Reference>| part.as_ref().expect("a map has keys and values");
        (Field::new(self.service, part(&self.shape.key)), Field::new(self.service, part(&self.shape.value)))
    }

    /// The name on the wire, where it is not boto3's.
    pub(crate) fn wire_name(&self) -> Option<&'static str> {
        self.reference.location_name.as_deref().or(self.shape.location_name.as_deref())
    }

    /// The name in ec2 requests.
    pub(crate) fn query_name(&self) -> Option<&'static str> {
        self.reference.query_name.as_deref()
    }

    /// Where it is, when not in the body.
    pub(crate) fn location(&self) -> Option<&'static str> {
        self.reference.location.as_deref()
    }

    /// Whether a list or a map has no element of its own around its items.
    pub(crate) fn flattened(&self) -> bool {
        self.reference.flattened || self.shape.flattened
    }

    /// How a point in time is written, where that is not the place's custom.
    pub(crate) fn timestamp_format(&self) -> Option<&'static str> {
        self.reference.timestamp_format.as_deref().or(self.shape.timestamp_format.as_deref())
    }

    /// The XML namespace that it declares.
    pub(crate) fn xml_namespace(&self) -> Option<&'static XmlNamespace> {
        self.reference.xml_namespace.as_ref().or(self.shape.xml_namespace.as_ref())
    }

    /// Whether it is an attribute of the element around it.
    pub(crate) fn xml_attribute(&self) -> bool {
        self.reference.xml_attribute
    }

    /// Whether it is JSON in a header.
    pub(crate) fn json_header(&self) -> bool {
        self.reference.jsonvalue && self.location() == Some("header")
    }

    /// Whether it is a part of the host's name.
    pub(crate) fn host_label(&self) -> bool {
        self.reference.host_label
    }

    /// Whether it is a stream of events.
    pub(crate) fn event_stream(&self) -> bool {
        self.shape.eventstream
    }

    /// The element around an answer (query).
    pub(crate) fn result_wrapper(&self) -> Option<&'static str> {
        self.reference.result_wrapper.as_deref()
    }

    /// Whether it is a structure of any JSON.
    pub(crate) fn is_document(&self) -> bool {
        self.kind() == ShapeType::Structure && self.shape.document
    }

    /// The member that is the whole body, with its name.
    pub(crate) fn payload(&self) -> Option<(&'static str, Field)> {
        let name = self.shape.payload.as_deref()?;
        self.member(name).map(|field| (name, field))
    }

    /// Whether its bytes or its text are the body as they are.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.kind(), ShapeType::Blob | ShapeType::String)
    }
}
