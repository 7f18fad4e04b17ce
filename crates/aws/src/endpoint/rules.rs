//! Rule sets: conditions, and what holds where they are met.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use super::functions::Function;
use super::parameters::{Parameter, Parameters};
use super::read::{self, RawRule};
use super::template::Template;
use super::value::Value;

/// The endpoint rules of a service.
#[derive(Debug, Deserialize)]
pub struct RuleSet<'t> {
    #[serde(borrow)]
    parameters: IndexMap<Cow<'t, str>, Definition>,
    #[serde(borrow)]
    rules: Vec<Rule<'t>>,
}

/// A parameter that a rule set takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// The type of its values.
    #[serde(rename = "type", deserialize_with = "read::kind")]
    pub kind: ParameterKind,
    /// The setting that gives its value where nothing else does: `AWS::Region`.
    #[serde(default)]
    pub built_in: Option<String>,
    /// The value of one that is not set.
    #[serde(default, deserialize_with = "read::default")]
    default: Option<Parameter>,
    #[serde(default)]
    required: bool,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Text.
    Text,
    /// A flag.
    Flag,
    /// Texts.
    Texts,
}

impl ParameterKind {
    /// The type as Python shows it.
    pub fn python(self) -> &'static str {
        match self {
            ParameterKind::Text => "<class 'str'>",
            ParameterKind::Flag => "<class 'bool'>",
            ParameterKind::Texts => "<class 'tuple'>",
        }
    }

    fn takes(self, parameter: &Parameter) -> bool {
        matches!(
            (self, parameter),
            (ParameterKind::Text, Parameter::Text(_))
                | (ParameterKind::Flag, Parameter::Flag(_))
                | (ParameterKind::Texts, Parameter::Texts(_))
        )
    }
}

/// What the rules gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The URL.
    pub url: String,
    /// Headers to send, each with its values.
    pub headers: Vec<(String, Vec<String>)>,
    /// How it is signed (`authSchemes`), and what else is told of it.
    pub properties: serde_json::Map<String, Json>,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(try_from = "RawRule<'t>", bound(deserialize = "'de: 't"))]
pub(super) struct Rule<'t> {
    pub(super) conditions: Vec<Call<'t>>,
    pub(super) outcome: Outcome<'t>,
}

/// What holds where the conditions of a rule are met.
#[derive(Debug)]
pub(super) enum Outcome<'t> {
    Endpoint(Endpoint<'t>),
    Error(Expression<'t>),
    /// The first of these that gives something.
    Tree(Vec<Rule<'t>>),
}

#[derive(Debug, Deserialize)]
pub(super) struct Endpoint<'t> {
    #[serde(borrow)]
    url: Expression<'t>,
    #[serde(borrow, default)]
    headers: IndexMap<Cow<'t, str>, Vec<Expression<'t>>>,
    #[serde(borrow, default)]
    properties: IndexMap<Cow<'t, str>, Property<'t>>,
}

/// The call of a function.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub(super) function: Function,
    pub(super) arguments: Vec<Expression<'t>>,
    /// The variable that keeps the result.
    pub(super) assign: Option<Cow<'t, str>>,
}

/// What gives a value.
#[derive(Debug)]
pub(super) enum Expression<'t> {
    Text(Cow<'t, str>),
    Template(Template<'t>),
    Flag(bool),
    Number(i64),
    Reference(Cow<'t, str>),
    Call(Call<'t>),
}

/// A part of an endpoint's properties: JSON with templates in its texts.
#[derive(Debug)]
pub(super) enum Property<'t> {
    Plain(Json),
    Template(Template<'t>),
    List(Vec<Property<'t>>),
    Map(IndexMap<Cow<'t, str>, Property<'t>>),
}

/// The variables of a rule: the parameters, then what conditions assigned.
struct Scope<'r> {
    variables: Vec<(&'r str, Value<'r>)>,
}

impl<'t> RuleSet<'t> {
    /// Reads a rule set.
    ///
    /// # Errors
    ///
    /// Where the text is none, or calls functions that we do not know.
    pub fn parse(text: &'t str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The parameters that it takes, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Definition)> {
        self.parameters.iter().map(|(name, definition)| (&**name, definition))
    }

    /// The endpoint for these values. Names that the rule set does not know count for nothing.
    ///
    /// # Errors
    ///
    /// What a rule says where no endpoint is possible; a value that is missing or of a wrong type; values
    /// that no rule fits. In botocore's words (`EndpointResolutionError`).
    pub fn evaluate(&self, parameters: &Parameters) -> Result<Resolved, String> {
        let mut scope = Scope { variables: Vec::with_capacity(self.parameters.len() + 16) };
        for (name, definition) in &self.parameters {
            if let Some(value) = definition.value(name, parameters.get(&**name))? {
                scope.variables.push((name, value.into()));
            }
        }
        match evaluate(&self.rules, &mut scope)? {
            Some(resolved) => Ok(resolved),
            None => Err(format!(
                "No endpoint found for parameters:\n{}",
                parameters
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.python()))
                    .collect::<Vec<_>>()
                    .join("\n")
            )),
        }
    }
}

impl Definition {
    /// The value, or the default.
    fn value<'r>(
        &'r self,
        name: &str,
        given: Option<&'r Parameter>,
    ) -> Result<Option<&'r Parameter>, String> {
        match given {
            Some(value) if self.kind.takes(value) => Ok(Some(value)),
            Some(_) => Err(self.wrong_type(name)),
            None if self.default.is_none() && self.required => {
                Err(format!("Cannot find value for required parameter {name}"))
            }
            None => Ok(self.default.as_ref()),
        }
    }

    /// What botocore says of a value of another type.
    pub(super) fn wrong_type(&self, name: &str) -> String {
        format!("Value ({name}) is the wrong type. Must be {}.", self.kind.python())
    }
}

/// The first rule that gives an endpoint or an error; variables that it set are gone after it.
fn evaluate<'r>(rules: &'r [Rule<'_>], scope: &mut Scope<'r>) -> Result<Option<Resolved>, String> {
    let outer = scope.variables.len();
    for rule in rules {
        let result = rule.evaluate(scope);
        scope.variables.truncate(outer);
        if let Some(resolved) = result? {
            return Ok(Some(resolved));
        }
    }
    Ok(None)
}

impl Rule<'_> {
    fn evaluate<'r>(&'r self, scope: &mut Scope<'r>) -> Result<Option<Resolved>, String> {
        for condition in &self.conditions {
            if !condition.value(scope)?.holds() {
                return Ok(None);
            }
        }
        match &self.outcome {
            Outcome::Tree(rules) => evaluate(rules, scope),
            Outcome::Error(message) => Err(message.text(scope)?),
            Outcome::Endpoint(endpoint) => endpoint.resolve(scope).map(Some),
        }
    }
}

impl Endpoint<'_> {
    fn resolve<'r>(&'r self, scope: &mut Scope<'r>) -> Result<Resolved, String> {
        let url = self.url.text(scope)?;
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, values) in &self.headers {
            let values = values.iter().map(|value| value.text(scope)).collect::<Result<_, _>>()?;
            headers.push((name.to_string(), values));
        }
        let properties = self
            .properties
            .iter()
            .map(|(name, property)| Ok((name.to_string(), property.resolve(scope)?)))
            .collect::<Result<_, String>>()?;
        Ok(Resolved { url, headers, properties })
    }
}

impl Call<'_> {
    fn value<'r>(&'r self, scope: &mut Scope<'r>) -> Result<Value<'r>, String> {
        let arguments: Vec<Value<'r>> =
            self.arguments.iter().map(|argument| argument.value(scope)).collect::<Result<_, _>>()?;
        let result = self.function.call(&arguments)?;
        if let Some(name) = &self.assign {
            if scope.variables.iter().any(|(existing, _)| existing == name) {
                return Err(format!(
                    "Assignment {name} already exists in scoped variables and cannot be overwritten"
                ));
            }
            scope.variables.push((name, result.clone()));
        }
        Ok(result)
    }
}

impl Expression<'_> {
    fn value<'r>(&'r self, scope: &mut Scope<'r>) -> Result<Value<'r>, String> {
        Ok(match self {
            Expression::Text(text) => Value::text(&**text),
            Expression::Template(template) => Value::text(scope.fill(template)?),
            Expression::Flag(flag) => Value::Flag(*flag),
            Expression::Number(number) => Value::Number(*number),
            Expression::Reference(name) => scope.get(name),
            Expression::Call(call) => call.value(scope)?,
        })
    }

    /// The value, which must be text.
    fn text<'r>(&'r self, scope: &mut Scope<'r>) -> Result<String, String> {
        match self.value(scope)? {
            Value::Text(text) => Ok(text.into_owned()),
            other => Err(format!("a rule has {} where it should have text", other.python_type())),
        }
    }
}

impl Property<'_> {
    fn resolve(&self, scope: &Scope<'_>) -> Result<Json, String> {
        Ok(match self {
            Property::Plain(value) => value.clone(),
            Property::Template(template) => Json::String(scope.fill(template)?),
            Property::List(items) => {
                Json::Array(items.iter().map(|item| item.resolve(scope)).collect::<Result<_, _>>()?)
            }
            Property::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(name, value)| Ok((name.to_string(), value.resolve(scope)?)))
                    .collect::<Result<_, String>>()?,
            ),
        })
    }
}

impl<'r> Scope<'r> {
    fn get(&self, name: &str) -> Value<'r> {
        self.variables
            .iter()
            .find(|(variable, _)| *variable == name)
            .map_or(Value::None, |(_, value)| value.clone())
    }

    fn fill(&self, template: &Template<'_>) -> Result<String, String> {
        template
            .resolve(|name| self.get(name))
            .map_err(|reference| format!("a rule refers to `{reference}`, which is not set"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RuleSet;
    use crate::endpoint::parameters::{Parameter, Parameters};
    use crate::model;

    const RULES: &str = r#"{
        "version": "1.0",
        "parameters": {
            "Region": {"type": "string", "builtIn": "AWS::Region", "required": true},
            "Bucket": {"type": "String"},
            "Fips": {"type": "boolean", "default": false, "required": true},
            "Arns": {"type": "stringArray", "default": []}
        },
        "rules": [
            {"type": "tree", "conditions": [{"fn": "isSet", "argv": [{"ref": "Bucket"}]}], "rules": [
                {"type": "error", "conditions": [{"fn": "stringEquals", "argv": [{"ref": "Bucket"}, "bad"]}],
                 "error": "no `{Bucket}` in {Region}"},
                {"type": "tree", "conditions": [{"fn": "aws.parseArn", "argv": [{"ref": "Bucket"}], "assign": "arn"}],
                 "rules": [
                    {"type": "endpoint", "conditions": [
                        {"fn": "getAttr", "argv": [{"ref": "arn"}, "resourceId[1]"], "assign": "name"},
                        {"fn": "stringEquals", "argv": ["{name}", "point"]}
                     ],
                     "endpoint": {"url": {"ref": "name"}, "properties": {}, "headers": {}}}
                 ]},
                {"type": "endpoint", "conditions": [
                    {"fn": "substring", "argv": [{"ref": "Bucket"}, 0, 2, false], "assign": "arn"}
                 ],
                 "endpoint": {
                    "url": "https://{arn}.{Region}",
                    "headers": {"x-a": ["{Bucket}", "b"]},
                    "properties": {"authSchemes": [{"name": "sigv4", "signingRegion": "{Region}", "off": true, "n": 1}]}
                 }}
            ]},
            {"type": "endpoint", "conditions": [{"fn": "booleanEquals", "argv": [{"ref": "Fips"}, true]}],
             "endpoint": {"url": "https://fips"}}
        ]
    }"#;

    fn evaluate(parameters: &[(&str, Parameter)]) -> Result<String, String> {
        let rules = RuleSet::parse(RULES).unwrap();
        let parameters: Parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        rules.evaluate(&parameters).map(|resolved| resolved.url)
    }

    fn text(text: &str) -> Parameter {
        Parameter::Text(text.to_owned())
    }

    #[test]
    fn the_first_rule_that_gives_something_decides() {
        let region = ("Region", text("r1"));
        assert_eq!(evaluate(&[region.clone(), ("Bucket", text("bucket"))]), Ok("https://bu.r1".into()));
        assert_eq!(evaluate(&[region.clone(), ("Bucket", text("bad"))]), Err("no `bad` in r1".into()));
        assert_eq!(evaluate(&[region.clone(), ("Bucket", text("arn:p:s:::a/point"))]), Ok("point".into()));
        // The tree whose rules do not fit gives way, and what it assigned is gone.
        assert_eq!(
            evaluate(&[region.clone(), ("Bucket", text("arn:p:s:::a/b"))]),
            Ok("https://ar.r1".into())
        );
        assert_eq!(evaluate(&[region, ("Fips", Parameter::Flag(true))]), Ok("https://fips".into()));
    }

    #[test]
    fn headers_and_properties_are_filled() {
        let rules = RuleSet::parse(RULES).unwrap();
        let parameters: Parameters = [("Region", text("r1")), ("Bucket", text("bucket"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let resolved = rules.evaluate(&parameters).unwrap();
        assert_eq!(resolved.headers, [("x-a".to_owned(), vec!["bucket".to_owned(), "b".to_owned()])]);
        let scheme = json!({"name": "sigv4", "signingRegion": "r1", "off": true, "n": 1});
        assert_eq!(json!(resolved.properties), json!({"authSchemes": [scheme]}));
    }

    #[test]
    fn values_that_do_not_fit_are_told_in_botocores_words() {
        assert_eq!(evaluate(&[]), Err("Cannot find value for required parameter Region".into()));
        let wrong = "Value (Region) is the wrong type. Must be <class 'str'>.";
        assert_eq!(evaluate(&[("Region", Parameter::Flag(true))]), Err(wrong.into()));
        let wrong = "Value (Fips) is the wrong type. Must be <class 'bool'>.";
        assert_eq!(evaluate(&[("Region", text("r")), ("Fips", text("true"))]), Err(wrong.into()));
        let wrong = "Value (Arns) is the wrong type. Must be <class 'tuple'>.";
        assert_eq!(evaluate(&[("Region", text("r")), ("Arns", text("a"))]), Err(wrong.into()));
        let arns = Parameter::Texts(vec!["a'b".into(), "c".into()]);
        assert_eq!(
            evaluate(&[("Region", text("r")), ("Fips", Parameter::Flag(false)), ("Arns", arns)]),
            Err("No endpoint found for parameters:\nRegion: r\nFips: False\nArns: (\"a'b\", 'c')".into())
        );
    }

    #[test]
    fn what_is_no_rule_set_is_told() {
        let with = |rule: &str| {
            let text = format!(r#"{{"parameters": {{}}, "rules": [{rule}]}}"#);
            RuleSet::parse(&text).map(drop).unwrap_err().to_string()
        };
        for (rule, text) in [
            (r#"{"type": "tree", "conditions": []}"#, "a rule is `endpoint`, `error` or `tree`"),
            (
                r#"{"type": "error", "conditions": [{"fn": "nope", "argv": []}], "error": ""}"#,
                "no function `nope`",
            ),
            (
                r#"{"type": "error", "conditions": [{"fn": "not", "argv": []}], "error": ""}"#,
                "invalid length 0",
            ),
            (
                r#"{"type": "error", "conditions": ["x"], "error": ""}"#,
                "a condition is the call of a function",
            ),
            (r#"{"type": "error", "conditions": [{"argv": []}], "error": ""}"#, "missing field `fn`"),
        ] {
            let error = with(rule);
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn variables_are_set_once() {
        let rules = r#"{"parameters": {"A": {"type": "string"}}, "rules": [{"type": "error", "error": "x",
            "conditions": [{"fn": "uriEncode", "argv": [{"ref": "A"}], "assign": "A"}]}]}"#;
        let parameters: Parameters = [("A".to_owned(), text("a"))].into();
        assert_eq!(
            RuleSet::parse(rules).unwrap().evaluate(&parameters),
            Err("Assignment A already exists in scoped variables and cannot be overwritten".into())
        );
    }

    #[test]
    fn every_embedded_rule_set_can_be_read() {
        for name in model::names() {
            let rules = RuleSet::parse(model::load(name).unwrap().endpoint_rules()).unwrap();
            assert!(rules.parameters().any(|(_, definition)| definition.built_in.is_some()), "{name}");
        }
    }
}
