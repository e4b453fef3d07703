//! The fields of each answer, by the JSON schema of its type.

use super::{Exceptions, Expected, Faults, expected, of};
use florin_sdk_core::operation;
use schemars::SchemaGenerator;
use serde_json::Value;

/// Fields of answers that we do not have, or that are optional where the reference says not, or the other way round.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "GetWalletList",
        "walletlist[].default",
        "GetWalletListByUpid lists the same entries and its table has no default",
    ),
    ("AddTeamUser", "upid", "optional because it is there on success only"),
    ("AddTeamUser", "uuid", "optional because it is there on success only"),
    ("CreateProfile", "upid", "optional because it is there on success only; an answer is only read on success"),
];

/// The object that a path such as `transactionlist[]` or `user` leads to.
fn find<'a>(schema: &'a Value, definitions: &'a Value, within: &str) -> Option<&'a Value> {
    let mut at = resolve(schema, definitions);
    for step in within.split('.').filter(|step| !step.is_empty()) {
        let (name, list) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
        // A name in braces stands for any.
        at = match name.strip_prefix('{') {
            Some(_) => resolve(at.get("additionalProperties")?, definitions),
            None => resolve(at.get("properties")?.get(name)?, definitions),
        };
        if list {
            at = resolve(at.get("items")?, definitions);
        }
    }
    Some(at)
}

/// Follows references, and goes through "this or null".
fn resolve<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next()) {
        return resolve(&definitions[name], definitions);
    }
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(choices) => choices
            .iter()
            .find(|choice| choice.get("type") != Some(&Value::from("null")))
            .map_or(schema, |choice| resolve(choice, definitions)),
        None => schema,
    }
}

/// The reference's name for the type of a value.
fn kind(schema: &Value) -> &str {
    let kind = match schema.get("type") {
        Some(Value::Array(choices)) => choices.iter().find(|choice| choice.as_str() != Some("null")),
        kind => kind,
    };
    match kind.and_then(Value::as_str) {
        Some("string") => "String",
        Some("integer" | "number") => "Number",
        Some("boolean") => "Boolean",
        Some("array") => "Array",
        Some("object") => "JSON",
        _ => "unknown",
    }
}

#[test]
fn every_documented_field_is_in_the_answer_and_optional_where_it_may_be_absent() {
    let all = expected();
    let exceptions = Exceptions::new(EXCEPTIONS);
    let mut faults = Faults::default();
    for spec in operation::all() {
        let Expected { documented, additions, .. } = of(&all, spec.name);
        let mut generator = SchemaGenerator::default();
        let schema = (spec.answer)(&mut generator).to_value();
        let definitions = Value::Object(generator.take_definitions(true));
        let added = additions.iter().flat_map(|addition| &addition.response_params);
        for param in documented.response_params.iter().chain(added) {
            if param.within.is_empty() && matches!(param.name.as_str(), "resultcode" | "resultmessage") {
                continue; // the envelope
            }
            let place = [param.within.as_str(), &param.name].join(".").trim_start_matches('.').to_owned();
            let what = format!("{} answer {place}", spec.name);
            let parent = find(&schema, &definitions, &param.within);
            let Some(property) = parent.and_then(|parent| parent.get("properties")?.get(&param.name)) else {
                faults.unless(exceptions.allow(spec.name, &place), || format!("{what} is missing"));
                continue;
            };
            if let Some(documented) = param.kind.as_deref() {
                let ours = kind(resolve(property, &definitions));
                faults.unless(ours == documented || exceptions.allow(spec.name, &format!("{place}: type")), || {
                    format!("{what}: ours {ours}, reference {documented}")
                });
            }
            let required = parent
                .and_then(|parent| parent.get("required")?.as_array())
                .is_some_and(|names| names.iter().any(|name| name.as_str() == Some(&param.name)));
            let optional = param.optional || param.applies_when.is_some();
            if required == optional {
                faults.unless(exceptions.allow(spec.name, &place), || {
                    format!("{what}: ours {}", if required { "must be there" } else { "may be absent" })
                });
            }
        }
    }
    faults.none();
    exceptions.all_met();
}
