//! Every documented example goes through our types and comes out as it went in.

use super::{expected, of};
use florin_sdk_core::Kind;
use florin_sdk_core::operation::{self, BASE_PATH, Spec};
use florin_tests::codec;
use florin_tests::http::Target;
use florin_tests::reference::PathParam;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Examples of requests that break the rules of their own operation: operation, which example, the field that must be
/// added, its value, and the entry of the list of ambiguities.
const MENDED_REQUESTS: &[(&str, usize, &str, &str, &str)] = &[
    // registeruser is true in both, so callbackurl is required.
    ("CreateProfile", 0, "callbackurl", "https://app.example.com/set-password", "A-057"),
    ("CreateProfile", 1, "callbackurl", "https://app.example.com/set-password", "A-057"),
    // the example holds placeholders.
    ("ResetUserPassword", 0, "callbackurl", "https://app.example.com/callbackservlet", "A-032"),
    // method is required; applepay is meant.
    ("AcceptPayment", 1, "method", "applepay", "A-056"),
];

/// Fields that an example names otherwise: operation, the name there, the name that is written, the entry of the list
/// of ambiguities.
const ALIASED_REQUESTS: &[(&str, &str, &str, &str)] =
    &[("UpdateBridgeExternalAccount", "instanceid", "bridgeinstanceid", "A-040")];

/// An example of a request as it must be: mended where it breaks its own rules.
pub(super) fn mended_request(operation: &str, index: usize, mut json: Value) -> Value {
    for (_, _, field, value, _) in MENDED_REQUESTS.iter().filter(|row| (row.0, row.1) == (operation, index)) {
        json[field] = json!(value);
    }
    json
}

/// An example of a request with the names that we write.
pub(super) fn aliased(operation: &str, json: &mut Value) {
    for (_, alias, name, _) in ALIASED_REQUESTS.iter().filter(|row| row.0 == operation) {
        rename(json, "", alias, name);
    }
}

/// What to change in an example of an answer.
enum Mending {
    /// The field has another name.
    Name(&'static str),
    /// The value is written in another way.
    Value(&'static str),
    /// The value is a number.
    Number(u32),
    /// The value is true or false.
    Flag(bool),
}
use Mending::{Flag, Name, Number, Value as Text};

/// Examples of answers that we do not write as they are printed: operation, the field, what is written instead, and
/// the entry of the list of ambiguities.
const MENDED_ANSWERS: &[(&str, &str, Mending, &str)] = &[
    // the example says destinationwallet, table and sister operations say destinationwaid.
    ("GetPaymentStatus", "/destinationwallet", Name("destinationwaid"), "A-039"),
    // a comma in one place; everywhere else a point.
    ("GetPaymentStatus", "/amount", Text("0.1214"), "A-011"),
    // the second entry says status, the first entry and the table say statusmessage.
    ("GetPaymentTransactionList", "/transactionlist/1/status", Name("statusmessage"), "A-046"),
    // misspelt in the example only.
    ("GetTierData", "/tierlist/0/limitwithdrawcryptotamount1", Name("limitwithdrawcryptoamount1"), "A-045"),
    ("GetTierData", "/tierlist/0/limitwithdrawcryptotamount2", Name("limitwithdrawcryptoamount2"), "A-045"),
    // keys with a space at the end.
    ("GetTrustLines", "/trustlines/0/issueraddress ", Name("issueraddress"), "A-044"),
    ("GetTrustLines", "/trustlines/0/issuername ", Name("issuername"), "A-044"),
    ("GetTrustLines", "/trustlines/1/issueraddress ", Name("issueraddress"), "A-044"),
    ("GetTrustLines", "/trustlines/1/issuername ", Name("issuername"), "A-044"),
    // numbers and truth as texts.
    ("GetSystemActiveBridgeList", "/bridgelist/0/instanceid", Number(1), "A-052"),
    ("GetSystemActiveBridgeList", "/bridgelist/1/instanceid", Number(1), "A-052"),
    ("GetSystemBridgeExternalAccountAttributeList", "/attributelist/0/masked", Flag(false), "A-052"),
    ("GetSystemBridgeExternalAccountAttributeList", "/attributelist/1/masked", Flag(true), "A-052"),
    // times without seconds; everywhere else with them.
    ("GetPaymentTransactionList", "/transactionlist/0/timestampopen", Text("2014-12-08T12:27:00Z"), "A-076"),
    ("GetPaymentTransactionList", "/transactionlist/0/timestampclose", Text("2014-12-08T12:53:00Z"), "A-076"),
    ("GetPaymentTransactionList", "/transactionlist/1/timestampopen", Text("2014-11-05T12:27:00Z"), "A-076"),
    ("GetPaymentTransactionList", "/transactionlist/1/timestampclose", Text("2014-11-05T12:40:00Z"), "A-076"),
];

/// What examples of answers lack although their table has it: operation, the field, a value, and the entry of the list of
/// ambiguities.
const ADDED_TO_ANSWERS: &[(&str, &str, &str, &str)] = &[
    // the table has the token, no example shows it.
    ("Login", "token", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "A-084"),
];

/// Values in examples of answers that are none of their kind: operation, the field, what is read instead, and the entry of
/// the list of ambiguities.
const UNREADABLE: &[(&str, &str, &str, &str)] = &[
    // an id of 17 digits.
    ("GetProfileList", "/profilelist/2/upid", "upid_3123456781234567", "A-064"),
];

/// Names that are read besides the ones we write: operation, the object they are in, name, other name.
const ALIASES: &[(&str, &str, &str, &str)] = &[
    ("GetWalletTransactionList", "", "transactionlist", "transactions"),
    ("GetPaymentStatus", "", "destinationwaid", "destinationwallet"),
    ("GetUserMFAStatus", "", "mfaenabled", "mefaenabled"),
    ("GetPaymentTransactionList", "/transactionlist/0", "statusmessage", "status"),
    ("GetTrustLines", "/trustlines/0", "issueraddress", "issueraddress "),
    ("GetTrustLines", "/trustlines/0", "issuername", "issuername "),
    ("GetSystemAttributeList", "", "attributelist", "atttributelist"),
];

fn without_envelope(json: &Value) -> Value {
    let mut json = json.clone();
    let fields = json.as_object_mut().expect("an object");
    assert_eq!(fields.remove("resultcode"), Some(json!(10000)), "an example of success");
    assert_eq!(fields.remove("resultmessage"), Some(json!("Ok")));
    json
}

fn rename(json: &mut Value, object: &str, from: &str, to: &str) {
    let fields = json.pointer_mut(object).and_then(Value::as_object_mut).expect("an object");
    let value = fields.remove(from).unwrap_or_else(|| panic!("no {from} in {object}"));
    assert_eq!(fields.insert(to.to_owned(), value), None, "{to} is there already");
}

/// As we write it.
fn mended(operation: &str, json: &Value) -> Value {
    let mut json = json.clone();
    for (_, pointer, mending, ambiguity) in MENDED_ANSWERS.iter().filter(|row| row.0 == operation) {
        match mending {
            Name(to) => {
                let (object, from) = pointer.rsplit_once('/').expect("a pointer");
                rename(&mut json, object, from, to);
            }
            Text(_) | Number(_) | Flag(_) => {
                let value = json.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}"));
                let ours = match mending {
                    Text(text) => json!(text),
                    Number(number) => json!(number),
                    Flag(flag) => json!(flag),
                    Name(_) => unreachable!("it has its own arm"),
                };
                assert_ne!(*value, ours, "{operation} {pointer}: {ambiguity} is not needed");
                *value = ours;
            }
        }
    }
    json
}

/// The operations that we have, and the examples of their answers without the envelope.
fn answers() -> Vec<(Spec, Value)> {
    let all = expected();
    let mut answers = Vec::new();
    for spec in operation::all() {
        for example in &of(&all, spec.name).documented.example_responses {
            let json = example.json.as_ref().or(example.json_elided.as_ref());
            let mut json = without_envelope(json.unwrap_or_else(|| panic!("{} has no JSON", spec.name)));
            for (_, field, value, ambiguity) in ADDED_TO_ANSWERS.iter().filter(|row| row.0 == spec.name) {
                let fields = json.as_object_mut().expect("an object");
                let was = fields.insert((*field).to_owned(), json!(value));
                assert_eq!(was, None, "{} {field}: {ambiguity} is not needed", spec.name);
            }
            for (_, pointer, text, ambiguity) in UNREADABLE.iter().filter(|row| row.0 == spec.name) {
                let value = json.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}: {ambiguity}"));
                assert_ne!(*value, json!(text), "{pointer}: {ambiguity} is not needed");
                *value = json!(text);
            }
            answers.push((spec, json));
        }
    }
    answers
}

#[test]
fn every_example_request_parses_and_comes_out_the_same() {
    let all = expected();
    let (mut bodies, mut mendings) = (0, 0);
    for spec in operation::all() {
        let examples = &of(&all, spec.name).documented.example_requests;
        for (index, example) in examples.iter().enumerate().filter(|(_, example)| example.kind == "json") {
            let mut json = example.json.clone().expect("JSON");
            let codec = codec::of(spec.name);
            for (_, _, field, value, ambiguity) in
                MENDED_REQUESTS.iter().filter(|row| (row.0, row.1) == (spec.name, index))
            {
                let sound = (codec.request)(&json).is_ok() && (codec.faults)(&json).is_empty();
                assert!(!sound, "{} example {index}: {ambiguity} is not needed", spec.name);
                json[field] = json!(value);
                mendings += 1;
            }
            // The server reads both; our types hold the one that is written.
            aliased(spec.name, &mut json);
            if spec.name == "UpdateMerchantInfo" {
                // the text is read, the value is written.
                assert_eq!(json["accepttos"], json!("true"));
                json["accepttos"] = json!(true);
            }
            // The body is not all: what stands in the path is shown elsewhere.
            let documented = &of(&all, spec.name).documented;
            for param in documented.path_params.iter().filter(|param| spec.paths[0].contains(&param.name)) {
                json[&param.name] = in_kind(&spec, &param.name, &param.sample());
            }
            let again = (codec.request)(&json).unwrap_or_else(|error| panic!("{} example {index}: {error}", spec.name));
            assert_eq!(again, json, "{} example {index}", spec.name);
            assert_eq!((codec.faults)(&json), [], "{} example {index}", spec.name);
            bodies += 1;
        }
    }
    let built = |name: &str| operation::all().iter().any(|spec| spec.name == name);
    assert_eq!(mendings, MENDED_REQUESTS.iter().filter(|row| built(row.0)).count());
    assert!(bodies >= 12, "the reference file has as many examples as when this was written");
}

#[test]
fn every_example_url_is_the_one_that_the_type_makes() {
    let all = expected();
    let mut urls = 0;
    for spec in operation::all() {
        for example in of(&all, spec.name).documented.example_requests.iter().filter(|example| example.kind == "url") {
            let raw = example.raw.as_deref().expect("a request line");
            let (method, url) = raw.split_once(' ').expect("method and URL");
            // hosts and bases differ from example to example; the base is always /api/v1, but for /auth.
            let base = if spec.base == BASE_PATH { "/v1" } else { spec.base };
            let place = url.find(&format!("{base}/")).unwrap_or_else(|| panic!("{}: {url} is not {base}", spec.name));
            let path = &url[place + base.len()..];
            let params = &of(&all, spec.name).documented.path_params;
            let request = spec
                .paths
                .iter()
                .find_map(|template| fields_in(&spec, params, template, path))
                .unwrap_or_else(|| panic!("{}: {path} is none of {:?}", spec.name, spec.paths));
            let typed = (codec::of(spec.name).request)(&request)
                .unwrap_or_else(|error| panic!("{} {path}: {error}", spec.name));
            assert_eq!(typed, request, "{} {path}", spec.name);
            let target = Target::of(&spec, &typed);
            assert_eq!(
                (target.method.as_str(), target.path.as_str()),
                (method, format!("{}{path}", spec.base).as_str())
            );
            urls += 1;
        }
    }
    assert!(urls >= 15, "the reference file has as many examples as when this was written");
}

/// A parameter of a path as it stands in the request: a number where the field is one.
pub(super) fn in_kind(spec: &Spec, name: &str, text: &str) -> Value {
    let field = spec.fields.iter().find(|field| field.name == name);
    match field.map(|field| field.kind) {
        Some(Kind::Number) => json!(text.parse::<u32>().expect("digits")),
        _ => json!(text),
    }
}

/// The parameters in a path, if it has the form of the template. Several in one segment are split at the last of what
/// stands between them.
fn fields_in(spec: &Spec, params: &[PathParam], template: &str, path: &str) -> Option<Value> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut fields = json!({});
    for (part, text) in template.into_iter().zip(path) {
        let (mut part, mut text) = (part, text);
        while let Some((before, rest)) = part.rsplit_once('{') {
            let (name, after) = rest.split_once('}').expect("a parameter ends");
            text = text.strip_suffix(after)?;
            // What stands before this parameter ends with the words between it and the one before.
            let words = before.rsplit('}').next().unwrap_or_default();
            let (left, value) = if words.is_empty() { ("", text) } else { text.rsplit_once(words)? };
            let param = params.iter().find(|param| param.name == name)?;
            if !param.fits(value) {
                return None;
            }
            fields[name] = in_kind(spec, name, value);
            part = before.strip_suffix(words).expect("it ends with them");
            text = left;
        }
        if part != text {
            return None;
        }
    }
    let url = reqwest::Url::parse(&format!("http://host/?{query}")).expect("a query");
    for (name, value) in url.query_pairs() {
        fields[&*name] = in_kind(spec, &name, &value);
    }
    Some(fields)
}

#[test]
fn every_example_answer_parses_and_comes_out_as_we_write_it() {
    let mut mendings = BTreeSet::new();
    let mut documented = BTreeSet::new();
    for (spec, json) in answers() {
        let again = (codec::of(spec.name).answer)(&json).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        assert_eq!(again, mended(spec.name, &json), "{}", spec.name);
        mendings.extend(MENDED_ANSWERS.iter().filter(|row| row.0 == spec.name).map(|row| (row.0, row.1)));
        documented.insert(spec.name);
    }
    let all_built = |name: &str| operation::all().iter().any(|spec| spec.name == name);
    assert_eq!(mendings.len(), MENDED_ANSWERS.iter().filter(|row| all_built(row.0)).count());
    for expected in expected().iter().filter(|expected| !expected.is_own) {
        let built = operation::all().iter().any(|spec| spec.name == expected.documented.name);
        assert_eq!(built, documented.contains(expected.documented.name.as_str()), "{}", expected.documented.name);
    }
}

#[test]
fn other_names_of_the_page_are_read_and_not_written() {
    for (operation, object, name, other) in ALIASES {
        let (_, json) = answers().into_iter().find(|(spec, _)| spec.name == *operation).expect("an example");
        let ours = mended(operation, &json);
        let mut theirs = ours.clone();
        rename(&mut theirs, object, name, other);
        assert_eq!((codec::of(operation).answer)(&theirs).as_ref(), Ok(&ours), "{operation}: {other} for {name}");
    }
}

#[test]
fn what_an_answer_adds_does_not_disturb() {
    for (spec, mut json) in answers() {
        let ours = (codec::of(spec.name).answer)(&json).expect("it parses");
        json["addedlater"] = json!({ "anything": [1, "two", null] });
        assert_eq!((codec::of(spec.name).answer)(&json), Ok(ours), "{}", spec.name);
    }
}

#[test]
fn an_answer_without_a_required_field_does_not_parse() {
    // The test can fail: a type that took everything would pass the tests above.
    for (spec, json) in answers() {
        for name in json.as_object().expect("an object").keys() {
            let mut poorer = json.clone();
            poorer.as_object_mut().expect("an object").remove(name);
            let ours = (codec::of(spec.name).answer)(&poorer);
            let back = ours.as_ref().ok().and_then(|ours| ours.get(name));
            assert_eq!(back, None, "{}: {name} came back by itself", spec.name);
        }
    }
}
