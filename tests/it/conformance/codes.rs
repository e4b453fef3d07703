//! Result codes, the retry table, times and payment states.

use florin_sdk_core::code::{Code, TABLE};
use florin_sdk_core::model::PaymentStatus;
use florin_sdk_core::operation::TimeoutClass;
use florin_sdk_core::retry::{Next, Outcome, RULES};
use florin_tests::reference;
use std::time::Duration;

#[test]
fn the_table_of_codes_is_the_one_of_the_files() {
    let ours: Vec<_> = TABLE.iter().map(|row| (row.code.0, row.name.to_owned())).collect();
    let documented: Vec<_> = reference::errors()
        .result_codes
        .into_iter()
        .map(|row| (row.code.expect("a result code"), row.name))
        .chain(reference::florin().result_codes.into_iter().map(|row| (row.code, row.name)))
        .collect();
    assert_eq!(ours, documented);
}

/// The rows of the retry table that errors.json does not have: delay, and why.
const OUR_RULES: &[(Outcome, u64)] = &[
    (Outcome::InFlight, 1), // 20008: "ask or retry after 1 s"
    (Outcome::NotSent, 10), // a communication error of which it is known that nothing ran
];

#[test]
fn the_retry_table_is_the_one_of_the_file() {
    let errors = reference::errors();
    let mut compared = Vec::new();
    for row in errors.result_codes.iter().chain(&errors.non_code_conditions) {
        let outcome = match (row.code, row.name.as_str()) {
            (Some(code), _) => Outcome::of(Code(code)),
            (None, "COMMUNICATION_TIMEOUT") => Some(Outcome::NoAnswer),
            (None, "INVALID_RESPONSE") => Some(Outcome::InvalidAnswer),
            (None, name) => panic!("errors.json has a new condition {name}"),
        };
        let name = &row.name;
        assert_eq!(outcome.is_some(), row.retry_non_financial || row.retry_financial, "{name} has a rule");
        let Some(rule) = outcome.map(Outcome::rule) else { continue };
        assert_eq!(Some(rule.delay_s), row.retry_delay_s, "{name} delay");
        assert_eq!(rule.max_retries, row.max_retries, "{name} most retries");
        assert_eq!(rule.plain == Next::Again, row.retry_non_financial, "{name} without money");
        assert_eq!(rule.money == Next::Again, row.retry_financial, "{name} with money");
        compared.push(rule.outcome);
    }
    for (outcome, delay_s) in OUR_RULES {
        assert_eq!(outcome.rule().delay_s, *delay_s, "{outcome:?}");
        assert_eq!(outcome.rule().max_retries, 2, "{outcome:?}");
        compared.push(*outcome);
    }
    for rule in &RULES {
        assert!(compared.contains(&rule.outcome), "{:?} is neither in errors.json nor in OUR_RULES", rule.outcome);
    }
}

#[test]
fn an_unknown_code_is_a_refusal_for_good() {
    for code in [0, 1, 9999, 10005, 20099, u32::MAX] {
        assert_eq!(Outcome::of(Code(code)), None, "{code} must not be retried");
        assert_eq!(Code(code).name(), "UNKNOWN");
        assert!(!Code(code).is_decided(), "{code}: nothing is known of it");
    }
}

#[test]
fn times_are_those_of_the_file() {
    for row in reference::errors().timeouts {
        let class = match row.category.as_str() {
            "Public API operations" | "System API operations" | "Login and password related operations" => {
                TimeoutClass::Standard
            }
            "WalletWithdrawTest operation" | "Bridge related operations" => TimeoutClass::Bridge,
            other => panic!("errors.json has a new kind {other}"),
        };
        assert_eq!(class.duration(), Duration::from_millis(row.timeout_ms), "{}", row.category);
    }
}

#[test]
fn payment_states_are_those_of_the_file() {
    let documented = reference::errors().payment_status_codes;
    for row in &documented {
        let status = PaymentStatus::from(row.code);
        assert_eq!(status.words(), row.name);
        assert_eq!(status.is_final(), row.is_final, "{}", row.name);
        assert_eq!(u32::from(status), row.code);
    }
    for number in (0..20).filter(|number| documented.iter().all(|row| row.code != *number)) {
        assert_eq!(PaymentStatus::from(number), PaymentStatus::Other { number });
    }
}
