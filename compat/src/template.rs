//! Experiments of cases: a base, a template with its blanks filled, and the case's own keys, laid
//! over each other.

use crate::json::{Json, Members};

/// The experiment of a case: `base` of the group, then the template named by `use`, then
/// `experiment`, less the keys named by `without`.
///
/// In a template, a text that is exactly `<name>` stands for the value `name` of the case's `with`;
/// where `with` has no such value, the member or item that holds the blank goes. `<name|text>` is
/// `text` then.
pub fn experiment(body: &Json, defaults: &Json, file: &Json) -> Result<Json, String> {
    let field = |name: &str| body.get(name).or_else(|| defaults.get(name));
    let mut members = file.get("base").and_then(Json::as_object).cloned().unwrap_or_default();
    if let Some(name) = field("use").and_then(Json::as_str) {
        let template = file.get("templates").and_then(|all| all.get(name));
        let template = template.ok_or_else(|| format!("there is no template `{name}`"))?;
        let blanks = field("with").and_then(Json::as_object).cloned().unwrap_or_default();
        for (blank, _) in &blanks {
            if !has_blank(template, blank) {
                return Err(format!("template `{name}` has no `<{blank}>`"));
            }
        }
        lay(&mut members, fill(template, &blanks).unwrap_or(Json::Null))?;
    } else if field("with").is_some() {
        return Err("`with` without `use`".to_owned());
    }
    match field("experiment") {
        None => {}
        Some(own @ Json::Object(_)) => lay(&mut members, own.clone())?,
        Some(_) => return Err("`experiment` must be a mapping or false".to_owned()),
    }
    for name in field("without").and_then(Json::as_array).into_iter().flatten() {
        members.retain(|(key, _)| Some(key.as_str()) != name.as_str());
    }
    Ok(Json::Object(members))
}

fn lay(members: &mut Members, over: Json) -> Result<(), String> {
    let Json::Object(over) = over else { return Err("a template must be a mapping".to_owned()) };
    for (key, value) in over {
        match members.iter_mut().find(|(name, _)| *name == key) {
            Some((_, place)) => *place = value,
            None => members.push((key, value)),
        }
    }
    Ok(())
}

fn blank(text: &str) -> Option<(&str, Option<&str>)> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let (name, default) = inner.split_once('|').map_or((inner, None), |(name, text)| (name, Some(text)));
    name.chars().all(|c| c.is_ascii_lowercase()).then_some((name, default))
}

fn has_blank(value: &Json, name: &str) -> bool {
    match value {
        Json::String(text) => blank(text).is_some_and(|(found, _)| found == name),
        Json::Array(items) => items.iter().any(|item| has_blank(item, name)),
        Json::Object(members) => members.iter().any(|(_, value)| has_blank(value, name)),
        _ => false,
    }
}

fn fill(value: &Json, blanks: &Members) -> Option<Json> {
    Some(match value {
        Json::String(text) => match blank(text) {
            None => value.clone(),
            Some((name, default)) => match blanks.iter().find(|(key, _)| key == name) {
                Some((_, given)) => given.clone(),
                None => Json::text(default?),
            },
        },
        Json::Array(items) => Json::Array(items.iter().filter_map(|item| fill(item, blanks)).collect()),
        Json::Object(members) => Json::Object(
            members.iter().filter_map(|(key, value)| Some((key.clone(), fill(value, blanks)?))).collect(),
        ),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn layers_and_blanks() {
        let file = yaml::parse(
            "base: {title: t, description: d}\n\
             templates: {probe: {method: [{name: '<name|p>', provider: '<provider>', pauses: '<pauses>'}]}}\n",
        )
        .unwrap();
        let body = yaml::parse(
            "use: probe\nwith: {provider: {type: http}}\nexperiment: {title: own}\nwithout: [description]\n",
        );
        let made = experiment(&body.unwrap(), &Json::Null, &file).unwrap();
        assert_eq!(
            made.to_string(),
            r#"{"title": "own", "method": [{"name": "p", "provider": {"type": "http"}}]}"#
        );
    }

    #[test]
    fn a_value_for_no_blank_is_an_error() {
        let file = yaml::parse("templates: {a: {x: '<y>'}}").unwrap();
        let body = yaml::parse("use: a\nwith: {z: 1}").unwrap();
        assert!(experiment(&body, &Json::Null, &file).is_err());
    }
}
