//! Rule sets as they are read from their text, from which they borrow what they can.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::functions::Function;
use super::parameters::Parameter;
use super::rules::{Call, Endpoint, Expression, Outcome, ParameterKind, Property, Rule};
use super::template::Template;

/// A rule as it is written.
#[derive(Deserialize)]
pub(super) struct RawRule<'t> {
    #[serde(rename = "type")]
    kind: Cow<'t, str>,
    #[serde(borrow, default)]
    conditions: Vec<Call<'t>>,
    #[serde(borrow)]
    endpoint: Option<Endpoint<'t>>,
    #[serde(borrow)]
    error: Option<Expression<'t>>,
    #[serde(borrow)]
    rules: Option<Vec<Rule<'t>>>,
}

impl<'t> TryFrom<RawRule<'t>> for Rule<'t> {
    type Error = String;

    fn try_from(raw: RawRule<'t>) -> Result<Self, String> {
        let outcome = match (&*raw.kind, raw.endpoint, raw.error, raw.rules) {
            ("endpoint", Some(endpoint), _, _) => Outcome::Endpoint(endpoint),
            ("error", _, Some(error), _) => Outcome::Error(error),
            ("tree", _, _, Some(rules)) => Outcome::Tree(rules),
            (kind, ..) => {
                return Err(format!(
                    "a rule is `endpoint`, `error` or `tree` and has what that needs; found `{kind}`"
                ));
            }
        };
        Ok(Rule { conditions: raw.conditions, outcome })
    }
}

/// Text that is borrowed where it can be: serde does so for plain fields, not within containers.
struct Text<'t>(Cow<'t, str>);

impl<'de: 't, 't> Deserialize<'de> for Text<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 't, 't> Deserialize<'de> for Call<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Expression::deserialize(deserializer)? {
            Expression::Call(call) => Ok(call),
            _ => Err(de::Error::custom("a condition is the call of a function: `fn` and `argv`")),
        }
    }
}

impl<'de: 't, 't> Deserialize<'de> for Expression<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpressionVisitor)
    }
}

struct ExpressionVisitor;

impl<'t> Expression<'t> {
    fn of_text(text: Cow<'t, str>) -> Self {
        Template::parse(&text).map_or_else(|| Expression::Text(text), Expression::Template)
    }
}

impl<'de> Visitor<'de> for ExpressionVisitor {
    type Value = Expression<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a flag, a number, a `ref` or an `fn`")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Expression::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Expression::Number(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number).map(Expression::Number).map_err(E::custom)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Expression::of_text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Expression::of_text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut function, mut arguments, mut assign) = (None, Vec::new(), None);
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "ref" => {
                    let Text(name) = map.next_value()?;
                    return Ok(Expression::Reference(name));
                }
                "fn" => {
                    let Text(name) = map.next_value()?;
                    let named = Function::named(&name);
                    function = Some(
                        named.ok_or_else(|| de::Error::custom(format!("there is no function `{name}`")))?,
                    );
                }
                "argv" => arguments = map.next_value::<Vec<Expression<'de>>>()?,
                "assign" => assign = Some(map.next_value::<Text<'de>>()?.0),
                other => return Err(de::Error::unknown_field(other, &["ref", "fn", "argv", "assign"])),
            }
        }
        let function = function.ok_or_else(|| de::Error::missing_field("fn"))?;
        if arguments.len() != function.arity() {
            return Err(de::Error::invalid_length(
                arguments.len(),
                &"as many arguments as the function takes",
            ));
        }
        Ok(Expression::Call(Call { function, arguments, assign }))
    }
}

impl<'de: 't, 't> Deserialize<'de> for Property<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertyVisitor)
    }
}

struct PropertyVisitor;

impl<'de> Visitor<'de> for PropertyVisitor {
    type Value = Property<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Property::Plain(flag.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Property::Plain(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Property::Plain(number.into()))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        let template = Template::parse(&Cow::Borrowed(text));
        Ok(template.map_or_else(|| Property::Plain(text.into()), Property::Template))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let template = Template::parse(&Cow::Owned(text.to_owned()));
        Ok(template.map_or_else(|| Property::Plain(text.into()), Property::Template))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Property::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = IndexMap::new();
        while let Some((Text(name), value)) = map.next_entry()? {
            entries.insert(name, value);
        }
        Ok(Property::Map(entries))
    }
}

/// The type of a parameter.
pub(super) fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ParameterKind, D::Error> {
    let name = Cow::<str>::deserialize(deserializer)?;
    Ok(match name.to_ascii_lowercase().as_str() {
        "string" => ParameterKind::Text,
        "boolean" => ParameterKind::Flag,
        "stringarray" => ParameterKind::Texts,
        _ => return Err(de::Error::unknown_variant(&name, &["string", "boolean", "stringArray"])),
    })
}

/// The default of a parameter.
pub(super) fn default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Parameter>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Text(String),
        Flag(bool),
        Texts(Vec<String>),
    }
    Ok(Option::<Raw>::deserialize(deserializer)?.map(|raw| match raw {
        Raw::Text(text) => Parameter::Text(text),
        Raw::Flag(flag) => Parameter::Flag(flag),
        Raw::Texts(texts) => Parameter::Texts(texts),
    }))
}
