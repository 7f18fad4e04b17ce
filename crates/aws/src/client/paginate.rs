//! The pages of an operation that answers in pieces.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use squall_model::value::{Other, OtherKind};
use squall_model::{Int, List, Map, Value, json, python};

use super::Client;
use super::query::{Query, QueryError};
use crate::error::AwsError;
use crate::model::{Paginator, ShapeType};
use crate::operation::names::snake_case;

/// The answers of an operation, page by page, as boto3's paginator gives them.
pub struct Pages {
    client: Client,
    operation: String,
    parameters: Map,
    stage: Stage,
    /// What boto3 calls the part that is not aggregated, of the first page.
    common: Map,
    /// Where to go on, when `MaxItems` ended the pages.
    resume: Option<String>,
}

enum Stage {
    /// Nothing was asked yet.
    Before,
    Between(Box<Walk>),
    Over,
}

impl Client {
    /// The pages of `operation` (the model's name: `DescribeInstances`), as boto3's paginator gives them.
    /// `parameters` may hold boto3's `PaginationConfig` (`MaxItems`, `PageSize`, `StartingToken`).
    ///
    /// Nothing is called before the first page is asked for.
    pub fn pages(&self, operation: &str, parameters: Map) -> Pages {
        Pages {
            client: self.clone(),
            operation: operation.to_owned(),
            parameters: parameters.shallow_clone(),
            stage: Stage::Before,
            common: Map::new(),
            resume: None,
        }
    }
}

impl Pages {
    /// The next page: a whole answer of the operation; `None` after the last one.
    ///
    /// # Errors
    ///
    /// In the item: the error of the call, or botocore's for an operation that has no pages. There is no
    /// page after it.
    pub async fn next(&mut self) -> Option<Result<Map, AwsError>> {
        let mut walk = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => return None,
            Stage::Between(walk) => walk,
            Stage::Before => match Walk::start(&self.client, &self.operation, &self.parameters) {
                Ok(walk) => Box::new(walk),
                Err(error) => return Some(Err(error)),
            },
        };
        let page = match self.client.call(&self.operation, self.parameters.shallow_clone()).await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        match walk.receive(&page, &self.parameters, &self.common) {
            Ok(Next::Page) => self.stage = Stage::Between(walk),
            Ok(Next::End(resume)) => self.resume = resume,
            // The page is good; it is the way on that is not.
            Ok(Next::Broken(error)) => {
                self.stage = Stage::Between(Box::new(Walk { broken: Some(error), ..*walk }))
            }
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(page))
    }

    /// All items under `key` (a JMESPath, usually a member's name) of all pages.
    ///
    /// # Errors
    ///
    /// The first error of a call.
    pub async fn collect(mut self, key: &str) -> Result<List, AwsError> {
        let key = Query::parse(key)?;
        let mut items = Vec::new();
        while let Some(page) = self.next().await {
            if let Value::List(found) = key.search(&Value::Map(page?))? {
                items.extend(found.to_vec());
            }
        }
        Ok(items.into_iter().collect())
    }

    /// All pages as one answer: boto3's `build_full_result`.
    ///
    /// # Errors
    ///
    /// The first error of a call.
    pub async fn full(mut self) -> Result<Map, AwsError> {
        let whole = Map::new();
        let mut keys = Vec::new();
        while let Some(page) = self.next().await {
            let page = Value::Map(page?);
            if keys.is_empty()
                && let Some(paginator) = self.client.service().paginators().get(&self.operation)
            {
                keys = queries(&paginator.result_key.0)?;
            }
            for key in &keys {
                let found = key.search(&page)?;
                if found.is_null() {
                    continue;
                }
                let had = key.search(&Value::Map(whole.clone()))?;
                match (&had, &found) {
                    (Value::Null, _) => set(&whole, key.as_str(), found),
                    (Value::List(had), Value::List(found)) => {
                        let items = had.to_vec().into_iter().chain(found.to_vec());
                        set(&whole, key.as_str(), Value::list(items));
                    }
                    _ => {
                        if let Some(sum) = added(&had, &found) {
                            set(&whole, key.as_str(), sum);
                        }
                    }
                }
            }
        }
        merge(&whole, &self.common);
        if let Some(resume) = self.resume {
            whole.insert("NextToken", resume.into());
        }
        Ok(whole)
    }
}

/// What follows a page.
enum Next {
    Page,
    /// Nothing; with the token to go on from, where `MaxItems` ended it.
    End(Option<String>),
    Broken(AwsError),
}

/// Where we are between the pages of an operation.
struct Walk {
    paginator: &'static Paginator,
    output: Vec<Query>,
    results: Vec<Query>,
    more: Option<Query>,
    common: Vec<Query>,
    max_items: Option<i64>,
    /// Items of the first page that were given before; `None` without a starting token.
    skipped: Option<usize>,
    first: bool,
    items: i64,
    token: Vec<Option<Value>>,
    previous: Option<Vec<Option<Value>>>,
    broken: Option<AwsError>,
}

fn queries(expressions: &[String]) -> Result<Vec<Query>, QueryError> {
    expressions.iter().map(|expression| Query::parse(expression)).collect()
}

fn paging(message: impl std::fmt::Display) -> AwsError {
    AwsError::Other {
        class: "botocore.exceptions.PaginationError",
        message: format!("Error during pagination: {message}"),
    }
}

impl Walk {
    fn start(client: &Client, operation: &str, parameters: &Map) -> Result<Self, AwsError> {
        let paginator = client.service().paginators().get(operation).ok_or_else(|| AwsError::Other {
            class: "botocore.exceptions.OperationNotPageableError",
            message: format!("Operation cannot be paginated: {}", snake_case(operation)),
        })?;
        let config = parameters.remove("PaginationConfig").unwrap_or(Value::Null);
        let given = |name: &str| config.get(name).filter(|value| !value.is_null());
        let mut walk = Walk {
            paginator,
            output: queries(&paginator.output_token.0)?,
            results: queries(&paginator.result_key.0)?,
            more: paginator.more_results.as_deref().map(Query::parse).transpose()?,
            common: queries(&paginator.non_aggregate_keys)?,
            max_items: given("MaxItems").map(|most| whole_number("MaxItems", &most)).transpose()?,
            skipped: None,
            first: true,
            items: 0,
            token: vec![None; paginator.input_token.0.len()],
            previous: None,
            broken: None,
        };
        if let Some(size) = given("PageSize") {
            let Some(limit) = &paginator.limit_key else {
                return Err(paging(
                    "PageSize parameter is not supported for the pagination interface for this operation.",
                ));
            };
            let size = match limit_type(client, operation, limit) {
                ShapeType::String => Value::from(python::str(&size)),
                _ => Value::from(whole_number("PageSize", &size)?),
            };
            parameters.insert(limit.as_str(), size);
        }
        if let Some(token) = given("StartingToken") {
            let (token, skipped) = starting_point(&python::str(&token), &paginator.input_token.0)?;
            walk.skipped = Some(skipped);
            walk.inject(parameters, &token);
            walk.token = token;
        }
        Ok(walk)
    }

    fn inject(&self, parameters: &Map, token: &[Option<Value>]) {
        for (name, token) in self.paginator.input_token.0.iter().zip(token) {
            match token.as_ref().filter(|token| token.as_str() != Some("None")) {
                Some(token) => parameters.insert(name.as_str(), token.clone()),
                None => {
                    parameters.remove(name);
                }
            }
        }
    }

    /// Looks at a page; cuts it where it is more than was asked for.
    fn receive(&mut self, page: &Map, parameters: &Map, common: &Map) -> Result<Next, AwsError> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let value = Value::Map(page.clone());
        let skipped = if self.first { self.skipped.unwrap_or(0) } else { 0 };
        if self.first {
            self.first = false;
            if self.skipped.is_some() {
                self.cut_start(page, &value, skipped)?;
            }
            for key in &self.common {
                set(common, key.as_str(), key.search(&value)?);
            }
        }
        let found = match self.results.first() {
            Some(primary) => primary.search(&value)?,
            None => Value::Null,
        };
        let count = length(&found);
        if let (Some(most), Some(primary)) = (self.max_items, self.results.first()) {
            let over = self.items + count - most;
            if over > 0 {
                let kept = usize::try_from(count - over).unwrap_or(0);
                set(page, primary.as_str(), part(&found, 0, kept));
                return Ok(Next::End(Some(self.resume(Some(kept + skipped)))));
            }
        }
        self.items += count;
        self.token = self.next_token(&value)?;
        if self.token.iter().all(Option::is_none) {
            return Ok(Next::End(None));
        }
        if self.max_items == Some(self.items) {
            return Ok(Next::End(Some(self.resume(None))));
        }
        if self.previous.as_ref() == Some(&self.token) {
            let token = self.paginator.input_token.0.iter().zip(&self.token);
            let token: Map =
                token.map(|(name, token)| (name.as_str(), token.clone().unwrap_or(Value::Null))).collect();
            let shown = python::repr(&Value::Map(token));
            return Ok(Next::Broken(paging(format_args!("The same next token was received twice: {shown}"))));
        }
        self.inject(parameters, &self.token);
        self.previous = Some(self.token.clone());
        Ok(Next::Page)
    }

    /// Leaves out what was given before the starting token.
    fn cut_start(&self, page: &Map, value: &Value, skipped: usize) -> Result<(), AwsError> {
        for (index, key) in self.results.iter().enumerate() {
            let found = key.search(value)?;
            let rest = match &found {
                Value::List(_) | Value::Str(_) if index == 0 => part(&found, skipped, usize::MAX),
                Value::List(_) | Value::Str(_) => part(&found, 0, 0),
                Value::Int(_) | Value::Float(_) | Value::Bool(_) if index > 0 => found,
                _ => Value::Null,
            };
            set(page, key.as_str(), rest);
        }
        Ok(())
    }

    fn next_token(&self, page: &Value) -> Result<Vec<Option<Value>>, AwsError> {
        if let Some(more) = &self.more
            && !more.search(page)?.is_truthy()
        {
            return Ok(vec![None; self.paginator.input_token.0.len()]);
        }
        let tokens = self.output.iter().map(|query| Ok(Some(query.search(page)?).filter(Value::is_truthy)));
        tokens.collect()
    }

    /// The token that goes on from here, as boto3 writes it.
    fn resume(&self, kept: Option<usize>) -> String {
        let token = Map::new();
        let mut bytes = Vec::new();
        for (name, value) in self.paginator.input_token.0.iter().zip(&self.token) {
            let value = value.clone().unwrap_or(Value::Null);
            let value = without_bytes(&value, &mut vec![name.as_str().into()], &mut bytes);
            token.insert(name.as_str(), value);
        }
        if let Some(kept) = kept {
            token.insert("boto_truncate_amount", i64::try_from(kept).unwrap_or(i64::MAX).into());
        }
        if !bytes.is_empty() {
            token.insert("boto_encoded_keys", Value::list(bytes));
        }
        BASE64_STANDARD.encode(json::write(&Value::Map(token), &json::Style::SPACED))
    }
}

/// The token's values in the order of the parameters that take them, and how many items to leave out.
fn starting_point(token: &str, names: &[String]) -> Result<(Vec<Option<Value>>, usize), AwsError> {
    let decoded = BASE64_STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.and_then(|text| json::parse(&text).ok());
    if let Some(Value::Map(decoded)) = decoded {
        let skipped = decoded.get("boto_truncate_amount").and_then(|amount| amount.as_f64()).unwrap_or(0.0);
        if let Some(Value::List(paths)) = decoded.get("boto_encoded_keys") {
            for path in paths.to_vec() {
                let Value::List(path) = path else { continue };
                restore_bytes(&Value::Map(decoded.clone()), &path.to_vec());
            }
        }
        let token = names.iter().map(|name| decoded.get(name).filter(|value| !value.is_null())).collect();
        return Ok((token, skipped as usize));
    }
    // The form of old: the values with `___` between them, and the number of items to leave out.
    let mut parts: Vec<&str> = token.split("___").collect();
    let mut skipped = 0;
    if parts.len() == names.len() + 1 {
        match parts[names.len()].parse() {
            Ok(number) => {
                skipped = number;
                parts.pop();
            }
            Err(_) => parts = vec![token],
        }
    }
    if parts.len() > names.len() {
        return Err(AwsError::Other { class: "ValueError", message: format!("Bad starting token: {token}") });
    }
    let mut token: Vec<_> = parts.iter().map(|part| (*part != "None").then(|| Value::from(*part))).collect();
    token.resize(names.len(), None);
    Ok((token, skipped))
}

/// A copy with texts for bytes; notes where they were.
fn without_bytes(value: &Value, path: &mut Vec<Value>, places: &mut Vec<Value>) -> Value {
    match value {
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => {
                places.push(Value::list(path.iter().cloned()));
                BASE64_STANDARD.encode(bytes).into()
            }
            _ => other.text.clone().into(),
        },
        Value::List(list) => {
            let items = list.to_vec();
            let items = items.iter().enumerate().map(|(index, item)| {
                path.push(i64::try_from(index).unwrap_or(i64::MAX).into());
                let item = without_bytes(item, path, places);
                path.pop();
                item
            });
            Value::list(items.collect::<Vec<_>>())
        }
        Value::Map(map) => {
            let copy = Map::new();
            for (key, item) in map.entries() {
                path.push(key.value().clone());
                copy.insert(key, without_bytes(&item, path, places));
                path.pop();
            }
            copy.into()
        }
        other => other.clone(),
    }
}

fn restore_bytes(root: &Value, path: &[Value]) {
    let Some((last, way)) = path.split_last() else { return };
    let step = |value: Value, step: &Value| match (&value, step) {
        (Value::Map(map), Value::Str(key)) => map.get(key),
        (Value::List(list), Value::Int(Int::Small(index))) => list.get(usize::try_from(*index).ok()?),
        _ => None,
    };
    let Some(owner) = way.iter().try_fold(root.clone(), step) else { return };
    let Some(encoded) = step(owner.clone(), last) else { return };
    let Some(bytes) = encoded.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()) else { return };
    let text = python::bytes_repr(&bytes).into();
    let bytes = Value::Other(Other { kind: OtherKind::Bytes(bytes.into()), text, display: None }.into());
    match (&owner, last) {
        (Value::Map(map), Value::Str(key)) => map.insert(key.clone(), bytes),
        (Value::List(list), Value::Int(Int::Small(index))) => {
            let mut items = list.to_vec();
            if let Some(item) = usize::try_from(*index).ok().and_then(|index| items.get_mut(index)) {
                *item = bytes;
                list.replace(items);
            }
        }
        _ => {}
    }
}

fn limit_type(client: &Client, operation: &str, limit: &str) -> ShapeType {
    let service = client.service();
    let kind = || {
        let input = service.operation(operation)?.input.as_ref()?;
        let member = service.shape(&input.shape)?.members.get(limit)?;
        Some(service.shape(&member.shape)?.kind)
    };
    kind().unwrap_or(ShapeType::Integer)
}

/// `int()` of a value.
fn whole_number(name: &str, value: &Value) -> Result<i64, AwsError> {
    let number = match value {
        Value::Str(text) => text.trim().parse().ok(),
        Value::Float(float) => Some(*float as i64),
        Value::Int(int) => int.to_i64(),
        Value::Bool(flag) => Some((*flag).into()),
        _ => None,
    };
    number.ok_or_else(|| AwsError::Other {
        class: "ValueError",
        message: format!("`{name}` must be a whole number, found `{}`", python::str(value)),
    })
}

fn length(value: &Value) -> i64 {
    let length = match value {
        Value::List(list) => list.len(),
        Value::Str(text) => text.chars().count(),
        Value::Map(map) => map.len(),
        _ => 0,
    };
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Items or characters from `start` up to `end`.
fn part(value: &Value, start: usize, end: usize) -> Value {
    let count = end.saturating_sub(start);
    match value {
        Value::List(list) => Value::list(list.to_vec().into_iter().skip(start).take(count)),
        Value::Str(text) => text.chars().skip(start).take(count).collect::<String>().into(),
        _ => Value::Null,
    }
}

/// The sum of numbers, or texts one after the other.
fn added(one: &Value, other: &Value) -> Option<Value> {
    match (one, other) {
        (Value::Str(one), Value::Str(other)) => Some(format!("{one}{other}").into()),
        (Value::Int(one), Value::Int(other)) => Some(Value::Int((one.to_big() + other.to_big()).into())),
        _ => Some((one.as_f64()? + other.as_f64()?).into()),
    }
}

/// Sets the value at a path of names, with mappings made on the way.
fn set(map: &Map, path: &str, value: Value) {
    match path.split_once('.') {
        None => map.insert(path, value),
        Some((name, rest)) => {
            if !map.contains_key(name) {
                map.insert(name, Map::new().into());
            }
            if let Some(Value::Map(inner)) = map.get(name) {
                set(&inner, rest, value);
            }
        }
    }
}

/// Puts entries into `map`, into its mappings where both have one.
fn merge(map: &Map, entries: &Map) {
    for (key, value) in entries.entries() {
        match (map.get_key(&key), &value) {
            (Some(Value::Map(inner)), Value::Map(more)) => merge(&inner, more),
            _ => map.insert(key, value),
        }
    }
}
