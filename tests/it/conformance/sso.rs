//! The table of single sign-on against the reference file. That each call is served, takes the documented requests and
//! answers in the documented shape is shown in `oauth`.

use super::{Faults, expected, of};
use florin_sdk_core::operation::{Access, Callers, RateClass};
use florin_sdk_core::sso::{ALL, BASE_PATH, StrategyConfig, StrategyList, TokenAnswer};
use florin_tests::reference::omnigate_raw;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_table_of_single_sign_on_is_the_one_of_the_file() {
    let all = expected();
    let raw = omnigate_raw();
    let mut faults = Faults::default();
    for spec in ALL {
        let name = spec.name;
        let documented = &of(&all, name).documented;
        let row = raw.iter().find(|row| row["name"] == name).expect("the row");
        faults.equal(&format!("{name} base"), &json!(BASE_PATH), &row["base"]);
        faults.equal(&format!("{name} envelope"), &json!(spec.envelope.as_str()), &row["envelope"]);
        faults.equal(&format!("{name} method"), &spec.method.as_str(), &documented.method.as_str());
        faults.equal(&format!("{name} path"), &vec![spec.path.to_owned()], &documented.paths);
        let access = if spec.access == Access::Read { "read" } else { "write" };
        faults.equal(&format!("{name} access"), &access, &documented.access.as_str());
        faults.equal(&format!("{name} rate"), &Some(spec.rate == RateClass::Standard), &documented.rate_limited);
        let millis = u64::try_from(spec.timeout.duration().as_millis()).expect("a time");
        faults.equal(&format!("{name} time"), &Some(millis), &documented.timeout_ms);
        let needs = documented.auth.as_ref().map(|auth| auth.required.clone());
        faults.equal(&format!("{name} credential"), &Some(json!(spec.callers != Callers::Public)), &needs);
        let rights = documented.rights_inferred.as_ref().expect("rights");
        faults.equal(
            &format!("{name} rights"),
            &spec.rights.any.to_vec(),
            &rights.any.iter().map(String::as_str).collect(),
        );
        let ours: BTreeSet<_> = spec.fields.iter().filter(|field| !field.ours).map(|field| field.name).collect();
        let theirs: BTreeSet<_> = documented.request_params.iter().map(|param| param.name.as_str()).collect();
        faults.equal(&format!("{name} fields"), &ours, &theirs);
        for param in &documented.request_params {
            let field = spec.fields.iter().find(|field| field.name == param.name).expect("the field");
            faults.equal(&format!("{name}.{} required", param.name), &field.required, &param.is_required());
            // a secret has 32 characters, whatever the row says.
            if !(name == "token_refresh_token" && param.name == "client_secret") {
                faults.equal(&format!("{name}.{} length", param.name), &field.bounds, &param.bounds());
            }
        }
    }
    faults.none();
}

#[test]
fn the_examples_of_single_sign_on_parse() {
    for row in omnigate_raw() {
        let name = row["name"].as_str().unwrap_or_default();
        for example in row["example_responses"].as_array().into_iter().flatten() {
            let json = example["json"].clone();
            match name {
                "strategies_list" => same::<StrategyList>(json),
                "token_authorization_code" | "token_refresh_token" => same::<TokenAnswer>(json),
                _ => {}
            }
        }
        if name == "strategies_configure" {
            same::<StrategyConfig>(row["example_requests"][0]["json"]["google"].clone());
        }
    }
}

/// It parses, and comes out as it was.
fn same<T: serde::de::DeserializeOwned + serde::Serialize>(json: Value) {
    let value: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(serde_json::to_value(&value).expect("JSON"), json);
}
