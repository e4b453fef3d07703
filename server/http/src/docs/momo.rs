//! The OpenAPI document of the MoMo surface, made from the contract's operations themselves.
#![expect(clippy::indexing_slicing, reason = "assigning to a name of a JSON object adds it")]

use florin_sdk_core::momo::{
    Access, Auth, BodyKind, ErrorReason, GatewayError, Header, MomoSpec, Product, Refusal, SUBSCRIPTION_KEY,
    TokenError, all,
};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The OpenAPI 3.1 document of the MoMo surface. Of several spellings of a path it has the one to call.
#[must_use]
pub fn momo_openapi() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for spec in all() {
        for product in spec.products {
            let Some(path) = spec.paths_of(*product).next() else { continue };
            let described = operation(&spec, *product, &path, &mut generator);
            let entry = paths.entry(path).or_insert_with(|| json!({}));
            if let Value::Object(methods) = entry {
                methods.insert(spec.method.as_str().to_ascii_lowercase(), described);
            }
        }
    }
    let _errors = (
        generator.subschema_for::<ErrorReason>(),
        generator.subschema_for::<GatewayError>(),
        generator.subschema_for::<TokenError>(),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Florin, MoMo surface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "MTN's MoMo Open API on Florin's books. Some mistakes of the caller have HTTP status 500, as at MTN: look at `code` before you try again. NOT_ALLOWED, NOT_ALLOWED_TARGET_ENVIRONMENT, INVALID_CALLBACK_URL_HOST and INVALID_CURRENCY created nothing and will not go away.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "subscriptionKey": { "type": "apiKey", "in": "header", "name": SUBSCRIPTION_KEY, "description": "A product's subscription key." },
                "apiUser": { "type": "http", "scheme": "basic", "description": "An API user and its key." },
                "accessToken": { "type": "http", "scheme": "bearer", "description": "A product's access token; of userinfo a consent's." },
            },
        },
    })
}

fn operation(spec: &MomoSpec, product: Product, path: &str, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": path_schema(name) }))
        .collect();
    parameters.extend(spec.headers.iter().map(|header| {
        json!({ "name": header.name(), "in": "header", "required": header.is_required(), "schema": header_schema(*header) })
    }));
    let mut value = json!({
        "operationId": format!("{}_{}", product.as_str(), spec.id),
        "tags": [product.as_str()],
        "summary": spec.doc.lines().next().unwrap_or_default().trim(),
        "x-florin-access": if spec.access == Access::Read { "read" } else { "write" },
        "x-florin-money": spec.money,
        "security": security(spec.auth),
        "parameters": parameters,
        "responses": responses(spec, generator),
    });
    let body = match spec.body {
        BodyKind::None => None,
        BodyKind::Json => Some("application/json"),
        BodyKind::Form => Some("application/x-www-form-urlencoded"),
    };
    if let Some(kind) = body {
        let schema = (spec.body_schema)(generator);
        value["requestBody"] = json!({ "required": true, "content": { kind: { "schema": schema } } });
    }
    value
}

fn path_schema(name: &str) -> Value {
    match name {
        "referenceId" | "apiUser" => json!({ "type": "string", "format": "uuid" }),
        "accountHolderIdType" => json!({ "type": "string", "enum": ["msisdn", "email", "party_code", "alias", "id"] }),
        "currency" => json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" }),
        _ => json!({ "type": "string", "minLength": 1, "maxLength": 255 }),
    }
}

fn header_schema(header: Header) -> Value {
    match header {
        Header::TargetEnvironment | Header::OptionalTargetEnvironment => {
            json!({ "type": "string", "examples": ["sandbox"] })
        }
        Header::ReferenceId => json!({ "type": "string", "format": "uuid" }),
        Header::CallbackUrl => json!({ "type": "string", "format": "uri" }),
        Header::NotificationMessage => json!({ "type": "string", "minLength": 1, "maxLength": 160 }),
        Header::Language => json!({ "type": "string", "pattern": "^[a-z]{2,3}$" }),
    }
}

fn security(auth: Auth) -> Value {
    match auth {
        Auth::SubscriptionKey => json!([{ "subscriptionKey": [] }]),
        Auth::Basic => json!([{ "subscriptionKey": [], "apiUser": [] }]),
        Auth::Bearer | Auth::Consent => json!([{ "subscriptionKey": [], "accessToken": [] }]),
        Auth::BearerOrBasic => {
            json!([{ "subscriptionKey": [], "accessToken": [] }, { "subscriptionKey": [], "apiUser": [] }])
        }
    }
}

fn responses(spec: &MomoSpec, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    let success = match spec.answer_schema {
        None => json!({ "description": "Done, or accepted; no body." }),
        Some(schema) => {
            json!({ "description": "The answer.", "content": { "application/json": { "schema": schema(generator) } } })
        }
    };
    responses.insert(spec.success.to_string(), success);
    for refusal in spec.refusals {
        responses.insert(refusal.status.to_string(), refused(refusal));
    }
    responses.entry("default").or_insert_with(|| refused(&Refusal { status: 0, codes: &[] }));
    Value::Object(responses)
}

/// Three parts of the platform say no in three shapes.
fn refused(refusal: &Refusal) -> Value {
    let one = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let schema = if refusal.codes.is_empty() {
        json!({ "anyOf": [one("ErrorReason"), one("GatewayError"), one("TokenError")] })
    } else {
        one("ErrorReason")
    };
    let description = if refusal.codes.is_empty() { "Refused.".to_owned() } else { refusal.codes.join(", ") };
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_is_there() {
        let document = momo_openapi();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let target = part.split('"').next().unwrap();
            assert!(document.pointer(target).is_some(), "{target}");
        }
        for spec in all() {
            for product in spec.products {
                let id = format!("\"{}_{}\"", product.as_str(), spec.id);
                assert!(text.contains(&id), "{id}");
            }
        }
    }
}
