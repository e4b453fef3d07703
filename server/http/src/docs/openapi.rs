//! The OpenAPI document of the native surface, made from the operations themselves.
#![expect(clippy::indexing_slicing, reason = "assigning to a name of a JSON object adds it")]

use crate::place::shape;
use crate::qr::{ANY_PATH, PNG_PATH, SVG_PATH};
use florin_sdk_core::Kind;
use florin_sdk_core::code::{Code, TABLE};
use florin_sdk_core::money::CurrencyCode;
use florin_sdk_core::operation::{Access, BASE_PATH, Callers, Field, Method, Spec, all};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The OpenAPI 3.1 document of the native surface.
#[must_use]
pub fn openapi() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for spec in all() {
        let mut forms = Vec::new();
        for (variant, path) in spec.paths.iter().enumerate() {
            // Paths that differ only in what stands at their open places are one for OpenAPI: the first is shown.
            let form = shape(path);
            if forms.contains(&form) {
                continue;
            }
            forms.push(form);
            let entry = paths.entry(format!("{}{path}", spec.base)).or_insert_with(|| json!({}));
            if let Value::Object(methods) = entry {
                let method = spec.method.as_str().to_ascii_lowercase();
                methods.insert(method, operation(&spec, path, variant, &mut generator));
            }
        }
    }
    for (path, types) in
        [(SVG_PATH, &["image/svg+xml"][..]), (PNG_PATH, &["image/png"]), (ANY_PATH, &["image/png", "image/svg+xml"])]
    {
        paths.insert(format!("{BASE_PATH}{path}"), picture(path, types));
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Failure".to_owned(), failure());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Florin, native surface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every answer that carries a result code has HTTP status 200. 10000 is success; with any other code nothing changed, but for 10003, after which nobody knows: ask GetOperationOutcome before sending again.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-APIKey", "description": "A provider's API key." },
                "mobileToken": { "type": "http", "scheme": "bearer", "description": "A mobile token: reads, and nothing else." },
            },
        },
    })
}

fn operation(spec: &Spec, path: &str, variant: usize, generator: &mut SchemaGenerator) -> Value {
    let (in_path, others): (Vec<_>, Vec<_>) =
        spec.fields.iter().partition(|field| path.contains(&format!("{{{}}}", field.name)));
    // A field that another variant has in its path is not a field of this one.
    let elsewhere = |field: &&Field| spec.paths.iter().any(|other| other.contains(&format!("{{{}}}", field.name)));
    let others: Vec<_> = others.into_iter().filter(|field| !elsewhere(field)).collect();
    let mut parameters: Vec<Value> = in_path.iter().map(|field| parameter(field, "path", true)).collect();
    let mut summary = spec.doc.trim().lines();
    let mut value = json!({
        "operationId": if variant == 0 { spec.name.to_owned() } else { format!("{}_{}", spec.name, variant + 1) },
        "tags": [spec.group],
        "summary": summary.next().unwrap_or_default().trim(),
        "x-florin-access": match spec.access { Access::Read => "read", Access::Write => "write" },
        "x-florin-money": spec.money,
        "security": security(spec.callers),
        "responses": responses(spec, generator),
    });
    match spec.method {
        Method::Post => {
            value["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": object(&others) } },
            });
        }
        Method::Get | Method::Delete => parameters.extend(others.iter().map(|f| parameter(f, "query", f.required))),
    }
    if spec.money {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The client reference: under it this request runs once, however often it is sent.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        }));
    }
    value["parameters"] = Value::Array(parameters);
    value
}

/// The picture of a payment request's QR code, in one of these types.
fn picture(path: &str, types: &[&str]) -> Value {
    let mut content: Map<String, Value> = types.iter().map(|kind| ((*kind).to_owned(), json!({}))).collect();
    content.insert("application/json".to_owned(), json!({ "schema": { "$ref": "#/components/schemas/Failure" } }));
    json!({ "get": {
        "operationId": format!("GetPaymentQr{}", path.rsplit('/').next().unwrap_or_default().replace("qr", "").replace('.', "_")),
        "tags": ["payments"],
        "summary": "The QR code of a payment request, as a picture.",
        "x-florin-access": "read",
        "x-florin-money": false,
        "security": security(Callers::Both),
        "parameters": [{ "name": "prid", "in": "path", "required": true, "description": "Which payment request.",
            "schema": { "type": "string", "pattern": "^prid_[0-9]{16}$" } }],
        "responses": { "200": { "description": "The picture, or a result code that says why there is none.", "content": content } },
    } })
}

fn security(callers: Callers) -> Value {
    match callers {
        Callers::Public => json!([{}]),
        Callers::Provider => json!([{ "apiKey": [] }]),
        Callers::Mobile => json!([{ "mobileToken": [] }]),
        Callers::Both => json!([{ "apiKey": [] }, { "mobileToken": [] }]),
    }
}

fn parameter(field: &Field, place: &str, required: bool) -> Value {
    json!({ "name": field.name, "in": place, "required": required, "description": field.doc.trim(), "schema": schema(field) })
}

fn object(fields: &[&Field]) -> Value {
    let describe = |field: &&Field| {
        let mut schema = schema(field);
        let mut doc = field.doc.trim().to_owned();
        for alias in field.aliases {
            let _ = write!(doc, " `{alias}` is read in its place, too.");
        }
        schema["description"] = doc.into();
        (field.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = fields.iter().map(describe).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The JSON schema of a field, from the same table that checks it.
fn schema(field: &Field) -> Value {
    let (min, max) = field.bounds.map_or((None, None), |(min, max)| (Some(min), Some(max)));
    let text = |pattern: Option<String>| {
        let mut schema = json!({ "type": "string" });
        if let Some(pattern) = pattern {
            schema["pattern"] = pattern.into();
        }
        if let (Some(min), Some(max)) = (min, max) {
            schema["minLength"] = min.into();
            schema["maxLength"] = max.into();
        }
        schema
    };
    match field.kind {
        Kind::Text => text(None),
        Kind::Email => {
            let mut schema = text(Some(florin_sdk_core::Email::PATTERN.to_owned()));
            schema["format"] = "email".into();
            schema
        }
        Kind::Url => {
            let mut schema = text(Some(florin_sdk_core::WebUrl::PATTERN.to_owned()));
            schema["format"] = "uri".into();
            schema
        }
        Kind::Json => json!({ "not": { "type": "null" } }),
        Kind::Line => text(Some("^[^\\u0000-\\u001f\\u007f-\\u009f]*$".to_owned())),
        Kind::Key(prefix) => json!({ "type": "string", "pattern": format!("^{prefix}_[0-9A-F]{{32}}$") }),
        Kind::Id(prefix) => json!({ "type": "string", "pattern": format!("^{prefix}_[0-9]{{16}}$") }),
        Kind::Amount => text(Some("^[0-9]+(\\.[0-9]+)?$".to_owned())),
        Kind::Currency => {
            let mut schema = text(Some("^[A-Z]{3}(\\.[a-z][a-z0-9]*){0,2}$".to_owned()));
            if max.is_none() {
                schema["maxLength"] = CurrencyCode::MAX_LEN.into();
            }
            schema
        }
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::OneOf(known) => json!({ "type": "string", "enum": known }),
        Kind::Number => {
            let mut schema = json!({ "type": "integer", "minimum": min.unwrap_or(0) });
            schema["maximum"] = max.map_or_else(|| u32::MAX.into(), Value::from);
            schema
        }
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Assent => json!({ "enum": [true, "true"] }),
        Kind::Digits => text(Some("^[0-9]+$".to_owned())),
        Kind::List => {
            let item = json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^,]+$" });
            json!({ "type": "array", "items": item, "minItems": min.unwrap_or(0), "maxItems": max.unwrap_or(200) })
        }
        _ => json!({ "type": "object", "additionalProperties": true }),
    }
}

fn responses(spec: &Spec, generator: &mut SchemaGenerator) -> Value {
    let answer = (spec.answer)(generator);
    let success = json!({
        "allOf": [
            answer,
            {
                "type": "object",
                "properties": { "resultcode": { "const": Code::OK.0 }, "resultmessage": { "type": "string" } },
                "required": ["resultcode", "resultmessage"],
            },
        ],
    });
    json!({
        "200": {
            "description": "The answer, or a result code that says why there is none.",
            "headers": { "X-Request-Id": { "schema": { "type": "string" } } },
            "content": { "application/json": { "schema": { "anyOf": [success, { "$ref": "#/components/schemas/Failure" }] } } },
        },
    })
}

fn failure() -> Value {
    let codes: Vec<_> = TABLE.iter().filter(|row| row.code != Code::OK).collect();
    let table: Vec<_> = codes.iter().map(|row| format!("{} {}: {}", row.code.0, row.name, row.meaning)).collect();
    json!({
        "type": "object",
        "description": table.join("\n"),
        "properties": {
            "resultcode": { "type": "integer", "enum": codes.iter().map(|row| row.code.0).collect::<Vec<_>>() },
            "resultmessage": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "field": { "type": "string" }, "reason": { "type": "string" } },
                    "required": ["field", "reason"],
                },
            },
        },
        "required": ["resultcode", "resultmessage"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let target = part.split('"').next().unwrap();
            assert!(document.pointer(target).is_some(), "{target}");
        }
        assert!(text.contains("/api/v1/wallet/{waid}/transactionlist"));
    }
}
