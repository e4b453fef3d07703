//! The MoMo operations and bodies against tests/spec/momo/endpoints.json, and what must be read that is not in it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use florin_sdk_core::momo::{self, *};
use florin_sdk_core::operation::Problems;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn facts() -> Value {
    serde_json::from_str(include_str!("../../tests/spec/momo/endpoints.json")).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

#[test]
fn every_operation_is_as_the_facts_have_it() {
    let facts = facts();
    let rows = facts["operations"].as_array().unwrap();
    let specs = momo::all();
    assert_eq!(specs.len(), rows.len());
    let mut routes = 0;
    for (spec, row) in specs.iter().zip(rows) {
        let id = spec.id;
        assert_eq!(row["id"], id);
        assert_eq!(row["method"], spec.method.as_str(), "{id}");
        let mut paths = vec![row["path"].as_str().unwrap()];
        paths.extend(texts(&row["aliases"]));
        // MTN's file has two names for one parameter.
        let paths: Vec<_> = paths.iter().map(|path| path.replace("{x-referenceId}", "{referenceId}")).collect();
        assert_eq!(spec.paths, paths, "{id}");
        let products: Vec<_> = spec.products.iter().map(|product| product.as_str()).collect();
        assert_eq!(products, texts(&row["products"]), "{id}");
        routes += products.len();
        let access = match spec.access {
            Access::Auth => "auth",
            Access::Read => "read",
            Access::Write => "write",
        };
        assert_eq!(row["access"], access, "{id}");
        assert_eq!(row["moves_money"], spec.money, "{id}");
        assert_eq!(row["success"]["status"], spec.success, "{id}");
        assert_eq!(row["callback"]["method"].as_str(), spec.callback.map(CallbackMethod::as_str), "{id}");
        assert_eq!(row["poll"].is_string(), spec.success == 202, "{id}");

        let kind = match row["request"]["content_type"].as_str() {
            Some("application/json") => BodyKind::Json,
            Some(_) => BodyKind::Form,
            None => BodyKind::None,
        };
        assert_eq!(spec.body, kind, "{id}");

        let mut wanted: Vec<_> = vec![SUBSCRIPTION_KEY.to_owned()];
        wanted.extend(match spec.auth {
            Auth::SubscriptionKey => None,
            Auth::Basic => Some("Authorization: Basic".to_owned()),
            Auth::Bearer | Auth::Consent | Auth::BearerOrBasic => Some("Authorization: Bearer".to_owned()),
        });
        wanted.extend(spec.headers.iter().map(|header| header.name().to_owned()));
        let headers = texts(&row["headers"]);
        let names: Vec<_> = headers.iter().map(|text| text.split(" (").next().unwrap()).collect();
        assert_eq!(names, wanted, "{id}");
        for (header, text) in spec.headers.iter().zip(headers.iter().skip(wanted.len() - spec.headers.len())) {
            assert_eq!(header.is_required(), !text.contains("optional"), "{id}: {text}");
        }

        let documented: BTreeSet<_> = row["errors"].as_object().unwrap().keys().cloned().collect();
        let ours: BTreeSet<_> = spec.refusals.iter().map(|refusal| refusal.status.to_string()).collect();
        assert!(documented.is_subset(&ours), "{id}: {documented:?} {ours:?}");
        for refusal in spec.refusals {
            let text = row["errors"][refusal.status.to_string()].as_str().unwrap_or_default();
            for code in refusal.codes.iter().filter(|_| text.contains('_')) {
                assert!(text.contains(code), "{id}: {code} is not in {text:?}");
            }
        }
    }
    assert_eq!(routes, 55);
}

#[test]
fn every_documented_reason_is_known() {
    let facts = facts();
    let service = &facts["errors"]["service"];
    let documented = service["codes"].as_object().unwrap().keys().map(String::as_str);
    for code in documented.chain(texts(&service["seen_later"])) {
        assert!(ReasonCode::KNOWN.contains(&code), "{code}");
    }
}

/// Reads a text as `T` and writes it again.
fn through<T: DeserializeOwned + Serialize>(json: &Value) -> Value {
    let value: T = serde_json::from_str(&json.to_string()).unwrap_or_else(|e| panic!("{json}: {e}"));
    serde_json::to_value(value).unwrap()
}

fn request<O: MomoOperation>(json: &Value) -> Value {
    let body: O::Body = serde_json::from_str(&json.to_string()).unwrap_or_else(|e| panic!("{json}: {e}"));
    let mut problems = Problems::default();
    body.check(&mut problems);
    assert!(problems.0.is_empty(), "{}: {problems:?}", O::ID);
    serde_json::to_value(body).unwrap()
}

macro_rules! by_id {
    ($id:expr, $json:expr; $($operation:ident)+) => {
        match $id {
            $(id if id == momo::$operation::ID => (
                request::<momo::$operation> as fn(&Value) -> Value,
                through::<<momo::$operation as MomoOperation>::Answer> as fn(&Value) -> Value,
            ),)+
            other => panic!("no operation {other}"),
        }
    };
}

#[test]
fn every_example_round_trips() {
    for example in facts()["examples"].as_array().unwrap() {
        let (request, answer) = by_id!(example["operation"].as_str().unwrap(), example;
            CreateApiUser CreateApiKey GetApiUser CreateAccessToken BcAuthorizeOperation CreateOauth2Token
            GetAccountBalance ValidateAccountHolderStatus GetBasicUserInfo RequestToPayOperation GetRequestToPay
            RequestToPayDeliveryNotification CreatePreApproval GetPreApproval CreateInvoiceOperation GetInvoice
            CancelInvoiceOperation CreatePaymentOperation GetPayment TransferOperation GetTransfer DepositV1 RefundV2
            GetRefund CashTransferOperation);
        if let Some(json) = example.get("request") {
            let mut expected = json.clone();
            // Some clients call the receiver of a deposit its payer (K26).
            if example["operation"] == "deposit_v1"
                && let Some(payer) = expected.as_object_mut().unwrap().remove("payer")
            {
                expected["payee"] = payer;
            }
            assert_eq!(request(json), expected);
        }
        if let Some(json) = example.get("response") {
            let mut expected = json.clone();
            // The object is read; this field is written as the bare code (K8).
            if let Some(code) = json.pointer("/reason/code") {
                expected["reason"] = code.clone();
            }
            assert_eq!(answer(json), expected);
        }
    }
}

#[test]
fn every_field_of_a_schema_is_kept() {
    fn sample(name: &str, field: &Value, facts: &Value) -> Value {
        match field["type"].as_str().unwrap() {
            "Party" => json!({ "partyIdType": "MSISDN", "partyId": "256770000001" }),
            "Money" => json!({ "amount": "1", "currency": "EUR" }),
            "ErrorReason" => json!({ "code": "EXPIRED", "message": "too late" }),
            "boolean" => json!(true),
            "integer" | "number" => json!(7),
            _ if name == "reason" => json!("EXPIRED"),
            _ if name == "expirationDateTime" => json!("2026-12-24T10:00:00"),
            "string" => match field["enum"].as_array() {
                Some(values) => values[0].clone(),
                None if name.ends_with("mount") || name == "availableBalance" => json!("12.50"),
                None if name == "referenceId" => json!("0f8c2f5a-93b7-4f0e-8a40-6a54f3d1c902"),
                None => json!("7"),
            },
            other => panic!("{name}: {other} {facts}"),
        }
    }
    let facts = facts();
    for (name, fields) in facts["schemas"].as_object().unwrap() {
        let read = match name.as_str() {
            "Party" => through::<Party>,
            "ErrorReason" => through::<ErrorReason>,
            "GatewayError" => through::<GatewayError>,
            "TokenError" => through::<TokenError>,
            "ApiUserRequest" => through::<ApiUserRequest>,
            "ApiUser" => through::<ApiUser>,
            "ApiKey" => through::<ApiKey>,
            "Token" => through::<Token>,
            "RequestToPay" => through::<RequestToPay>,
            "RequestToPayResult" => through::<RequestToPayResult>,
            "Transfer" => through::<Transfer>,
            "TransferResult" => through::<TransferResult>,
            "Refund" => through::<Refund>,
            "RefundResult" => through::<RefundResult>,
            "DeliveryNotification" => through::<DeliveryNotification>,
            "Balance" => through::<AccountBalance>,
            "BooleanResult" => through::<BooleanResult>,
            "BasicUserInfo" => through::<BasicUserInfo>,
            "UserInfo" => through::<UserInfo>,
            "BcAuthorize" => through::<BcAuthorize>,
            "BcAuthorizeResult" => through::<BcAuthorizeResult>,
            "Oauth2TokenRequest" => through::<Oauth2TokenRequest>,
            "Oauth2Token" => through::<Oauth2Token>,
            "PreApproval" => through::<PreApproval>,
            "PreApprovalResult" => through::<PreApprovalResult>,
            "PreApprovalDetails" => through::<PreApprovalDetails>,
            "CreateInvoice" => through::<CreateInvoice>,
            "InvoiceResult" => through::<InvoiceResult>,
            "CancelInvoice" => through::<CancelInvoice>,
            "Money" => through::<Money>,
            "CreatePayment" => through::<CreatePayment>,
            "PaymentResult" => through::<PaymentResult>,
            "CashTransfer" => through::<CashTransfer>,
            "CashTransferResult" => through::<CashTransferResult>,
            other => panic!("no type for {other}"),
        };
        let fields = fields.as_object().unwrap();
        let mut whole: Value = fields.iter().map(|(n, f)| (n.clone(), sample(n, f, &facts))).collect();
        if name == "BcAuthorize" {
            // A form: numbers are texts there.
            whole["consent_valid_in"] = json!("7");
        }
        assert_eq!(read(&whole), whole, "{name}");
        // What is not required may be absent or null, and what is unknown does not matter.
        let mut least = json!({ "unknown": { "a": [1.5] } });
        let mut expected = json!({});
        for (field, fact) in fields {
            if fact["required"] == true {
                least[field] = whole[field].clone();
                expected[field] = whole[field].clone();
            } else {
                least[field] = Value::Null;
            }
        }
        assert_eq!(read(&least), expected, "{name}");
    }
}

#[test]
fn numbers_and_texts_are_read_alike_and_exactly() {
    let found = |amount: &str| {
        let text = format!(
            r#"{{"amount": {amount}, "currency": "EUR", "externalId": 1001, "financialTransactionId": 363440463,
                "payer": {{"partyIdType": "MSISDN", "partyId": "256770000001"}}, "status": "CREATED",
                "reason": {{"code": "TRANSACTION_CANCELED.", "message": null}}}}"#
        );
        serde_json::from_str::<RequestToPayResult>(&text)
    };
    for (text, exact) in [
        ("\"25.50\"", "25.50"),
        ("25.50", "25.50"),
        ("6", "6"),
        ("0.1", "0.1"),
        ("9007199254740993.01", "9007199254740993.01"),
        ("1e3", "1000"),
    ] {
        let result = found(text).unwrap();
        assert_eq!(result.amount.to_string(), exact);
        assert_eq!(result.external_id, "1001");
        assert_eq!(result.financial_transaction_id.as_deref(), Some("363440463"));
        assert_eq!(result.status, Status::Created);
        assert!(!result.status.is_final());
        assert_eq!(result.reason.unwrap().code, ReasonCode::TransactionCanceled);
    }
    for bad in ["\"1,5\"", "\"1e3\"", "\"\"", "null", "true", "[]", "{}", "\" 1\"", "1e99"] {
        let error = found(bad).unwrap_err().to_string();
        assert!(!error.contains("1e"), "{error}");
    }
}

#[test]
fn an_unknown_reason_is_kept() {
    let reason: Reason = serde_json::from_str("\"SOMETHING_OF_A_COUNTRY\"").unwrap();
    assert_eq!(reason.code, ReasonCode::Other { raw: "SOMETHING_OF_A_COUNTRY".to_owned() });
    assert_eq!(serde_json::to_string(&reason).unwrap(), "\"SOMETHING_OF_A_COUNTRY\"");
    assert!(serde_json::from_str::<Reason>("{}").is_err());
    assert!(serde_json::from_str::<Reason>("7").is_err());
}

#[test]
fn references_are_uuids() {
    let text = "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01";
    let reference: ReferenceId = text.parse().unwrap();
    assert_eq!(reference.to_string(), text);
    assert_eq!(text.to_uppercase().parse::<ReferenceId>().unwrap(), reference);
    assert!(reference.is_version_4());
    assert!(!"c232ab00-9414-11ec-b3c8-9f6bdeced846".parse::<ReferenceId>().unwrap().is_version_4());
    for bits in [0, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
        let made = ReferenceId::from_random(bits);
        assert!(made.is_version_4());
        assert_eq!(made.to_string().as_bytes()[14], b'4');
        assert!(b"89ab".contains(&made.to_string().as_bytes()[19]));
        assert_eq!(made.to_string().parse::<ReferenceId>().unwrap(), made);
    }
    for bad in [
        "",
        "1",
        "5b7f3c0e2f0a4c589f2a0d6d1f6f7a01",
        "{5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01}",
        "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a0g",
        "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a0",
        "5b7f3c0e-2f0a-4c58-9f2a0-d6d1f6f7a01",
        "+b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01",
    ] {
        assert!(bad.parse::<ReferenceId>().is_err(), "{bad}");
    }
}

#[test]
fn parties_are_checked_compared_and_hidden() {
    let problems = |party: &Party| {
        let mut problems = Problems::default();
        party.check("payer", &mut problems);
        problems.0
    };
    let code: ReferenceId = "5cecb5a7-8bd0-4f49-87b1-8eb9ecc7b7bc".parse().unwrap();
    for good in [
        Party::msisdn("46733123450"),
        Party::msisdn("+46733123450"),
        Party::email("a@b.example"),
        Party::party_code(code),
        Party { party_id_type: PartyIdType::Alias, party_id: "shop".into() },
    ] {
        assert!(problems(&good).is_empty(), "{:?}", problems(&good));
    }
    for bad in [
        Party::msisdn(""),
        Party::msisdn("0733 123450"),
        Party::msisdn("++46733123450"),
        Party::msisdn("1234567"),
        Party::msisdn("1234567890123456"),
        Party::email("a.example"),
        Party::email("a b@c"),
        Party { party_id_type: PartyIdType::PartyCode, party_id: "7".into() },
        Party { party_id_type: "IBAN".to_owned().into(), party_id: "7".into() },
        Party { party_id_type: PartyIdType::Id, party_id: " ".into() },
    ] {
        assert_eq!(problems(&bad).len(), 1, "{:?}", bad.party_id.as_str());
    }
    assert!(Party::msisdn("+46733123450").is(&Party::msisdn("46733123450")));
    assert!(!Party::msisdn("46733123450").is(&Party::email("46733123450")));
    let body = RequestToPay::new("1".parse().unwrap(), "EUR".into(), "x".into(), Party::msisdn("46733123450"));
    for shown in [format!("{body:?}"), format!("{:?}", body.payer)] {
        assert!(!shown.contains("46733"), "{shown}");
    }
}
