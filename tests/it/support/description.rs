//! What the descriptions of the interfaces say of answers, held against answers.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::Value;

use super::app::Answer;

static DOCUMENTS: LazyLock<[Value; 4]> = LazyLock::new(|| {
    use cogd::http::{document, document_iopaint, document_openai, document_v2};
    [document(), document_v2(), document_openai(), document_iopaint()]
        .map(|text| serde_json::from_str(&text).unwrap())
});

/// What an answer has that its description does not say, or lacks that it does say; `None` for
/// one that is as described, or of a route that is not described.
pub(crate) fn contradiction(method: &Method, path: &str, answer: &Answer) -> Option<String> {
    let (document, operation) = DOCUMENTS
        .iter()
        .find_map(|document| operation(document, method, path).map(|found| (document, found)))?;
    let described = &operation["responses"][answer.status.as_str()];
    if described.is_null() {
        return Some(format!("status {} is not described", answer.status));
    }
    let Some(contents) = described["content"].as_object() else {
        return (!answer.body.is_empty()).then(|| "no body is described".to_owned());
    };
    let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
    let Some(content) = contents.get(media_type) else {
        return Some(format!("no `{media_type}` is described"));
    };
    if !media_type.ends_with("json") || !answer.header("content-encoding").is_empty() {
        return None;
    }
    fault(document, &content["schema"], &answer.json(), "body")
}

/// The operation of a path without its query.
fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let method = method.as_str().to_lowercase();
    let is_of = |template: &str| {
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(_)) if part.starts_with('{') => {}
                (Some(part), Some(other)) if part == other => {}
                _ => return false,
            }
        }
    };
    let items = document["paths"].as_object().unwrap().iter();
    let fitting = items.filter(|(template, _)| is_of(template));
    // A path that is written out counts before one with variable parts.
    let (_, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method)
}

/// The first fault of a value, as far as the schemas of answers say something: members that are
/// missing or not described, types, choices and bounds. `at` is where the value stands.
fn fault(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return fault(document, target, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let faults: Option<Vec<_>> =
            choices.iter().map(|choice| fault(document, choice, value, at)).collect();
        return faults.map(|faults| faults.join("; or "));
    }
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().find_map(|part| fault(document, part, value, at));
    }
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_a(name, value)) {
        return Some(format!("{at} is {value}, and no {}", types.join(" or ")));
    }
    if schema["enum"].as_array().is_some_and(|choices| !choices.contains(value)) {
        return Some(format!("{at} is {value}, and no choice of it is that"));
    }
    if let Some(number) = value.as_f64() {
        let (low, high) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
        if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            return Some(format!("{at} is {number}, out of its bounds"));
        }
    }
    match value {
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            fault(document, &schema["items"], item, &format!("{at}[{index}]"))
        }),
        Value::Object(members) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let missing =
                required.filter_map(Value::as_str).find(|name| !members.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{at} lacks `{name}`"));
            }
            let open = &schema["additionalProperties"];
            members.iter().find_map(|(name, member)| {
                let at = format!("{at}.{name}");
                match schema["properties"].get(name) {
                    Some(described) => fault(document, described, member, &at),
                    None if open.is_object() => fault(document, open, member, &at),
                    // An object of which nothing is said may have any members.
                    None if schema["properties"].is_null() => None,
                    None => Some(format!("{at} is not described")),
                }
            })
        }
        _ => None,
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type `{other}`"),
    }
}
