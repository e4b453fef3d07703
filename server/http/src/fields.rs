//! Checking a request against its operation's table of fields, before it becomes a typed value.
//!
//! All faults are found at once, each with the name of its field. A field that the operation does not have is a
//! fault, too: a client that misspells an optional field must learn of it, not have it silently dropped.

use florin_domain::identity::is_default_attribute;
use florin_sdk_core::Kind;
use florin_sdk_core::money::CurrencyCode;
use florin_sdk_core::operation::{Field, Problems};
use florin_sdk_core::{Amount, Assent, Digits, Email, Timestamp, WebUrl};
use serde_json::{Map, Value};

/// The most characters of a name in a list.
const MAX_LIST_ITEM: usize = 64;

/// Gives fields that came under another name their own. The same field under two names must say the same.
pub(crate) fn rename(fields: &[Field], request: &mut Map<String, Value>, problems: &mut Problems) {
    for field in fields {
        for alias in field.aliases {
            let Some(value) = request.remove(*alias) else { continue };
            if request.get(field.name).is_some_and(|given| *given != value) {
                problems.add(field.name, format!("is not the same as {alias}, which means the same"));
            }
            request.insert(field.name.to_owned(), value);
        }
    }
}

/// Puts default extended attributes that stand beside the fields into `extended`, where an operation has that: the
/// contract's tables take "any valid profile attributes" there.
pub(crate) fn gather(fields: &[Field], request: &mut Map<String, Value>, problems: &mut Problems) {
    if !fields.iter().any(|field| field.name == "extended" && field.kind == Kind::Object) {
        return;
    }
    let is_ours =
        |name: &&String| is_default_attribute(name) && !fields.iter().any(|field| field.name == name.as_str());
    let names: Vec<String> = request.keys().filter(is_ours).cloned().collect();
    for name in names {
        let value = request.remove(&name).unwrap_or_default();
        match request.entry("extended").or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(extended) if extended.get(&name).is_none_or(|given| *given == value) => {
                extended.insert(name, value);
            }
            Value::Object(_) => problems.add(&name, "is not the same in extended"),
            _ => {}
        }
    }
}

/// Checks all fields. A field that is `null` is as good as absent.
pub(crate) fn check(fields: &[Field], request: &mut Map<String, Value>, problems: &mut Problems) {
    request.retain(|_, value| !value.is_null());
    for field in fields {
        match request.get(field.name) {
            None if field.required => problems.add(field.name, "is required"),
            None => {}
            Some(value) => {
                if let Err(reason) = check_value(field, value) {
                    problems.add(field.name, reason);
                }
            }
        }
    }
    for name in request.keys().filter(|name| !fields.iter().any(|field| field.name == name.as_str())) {
        let shown: String = name.chars().take(MAX_LIST_ITEM).collect();
        problems.add(&shown, "is not a field of this operation");
    }
}

/// Text that came in a path or a query, as the JSON value that its field has in a body.
pub(crate) fn from_text(fields: &[Field], name: &str, text: String) -> Value {
    let named = |field: &&Field| field.name == name || field.aliases.contains(&name);
    match fields.iter().find(named).map(|field| field.kind) {
        Some(Kind::Number) => text.parse::<u64>().map_or(Value::String(text), Value::from),
        Some(Kind::Bool) => text.parse::<bool>().map_or(Value::String(text), Value::from),
        _ => Value::String(text),
    }
}

fn check_value(field: &Field, value: &Value) -> Result<(), String> {
    let text = || value.as_str().ok_or_else(|| "must be a string".to_owned());
    match field.kind {
        Kind::Text => {
            let text = text()?;
            // Not every engine can store it.
            if text.contains('\0') {
                return Err("must not have a zero character".to_owned());
            }
            length(field, text.chars().count(), "characters")
        }
        Kind::Line => {
            let text = text()?;
            length(field, text.chars().count(), "characters")?;
            if text.chars().any(char::is_control) {
                return Err("must not have control characters".to_owned());
            }
            Ok(())
        }
        Kind::Email => {
            let text = text()?;
            length(field, text.chars().count(), "characters")?;
            text.parse::<Email>().map(|_| ()).map_err(|e| reason_of(&e))
        }
        Kind::Url => {
            let text = text()?;
            length(field, text.chars().count(), "characters")?;
            text.parse::<WebUrl>().map(|_| ()).map_err(|e| reason_of(&e))
        }
        Kind::Id(prefix) => {
            let digits = text()?.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default();
            if digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit()) {
                return Ok(());
            }
            Err(format!("must be {prefix}_ and 16 digits"))
        }
        Kind::Key(prefix) => {
            let digits = text()?.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default();
            if digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)) {
                return Ok(());
            }
            Err(format!("must be {prefix}_ and 32 upper-case hexadecimal digits"))
        }
        Kind::Amount => {
            let text = text().map_err(|_| "must be a decimal number as a string, such as \"12.50\"".to_owned())?;
            length(field, text.chars().count(), "characters")?;
            let amount: Amount = text.parse().map_err(|e| reason_of(&e))?;
            if amount.is_positive() { Ok(()) } else { Err("must be more than zero".to_owned()) }
        }
        Kind::Currency => {
            let text = text()?;
            length(field, text.chars().count(), "characters")?;
            text.parse::<CurrencyCode>().map(|_| ()).map_err(|e| reason_of(&e))
        }
        Kind::Time => text()?.parse::<Timestamp>().map(|_| ()).map_err(|e| reason_of(&e)),
        Kind::OneOf(known) => {
            let text = text()?;
            if known.contains(&text) { Ok(()) } else { Err(format!("must be one of {}", known.join(", "))) }
        }
        Kind::Number => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.ok_or_else(|| "must be a whole number".to_owned())?;
            match field.bounds {
                Some((min, max)) if !(min..=max).contains(&(number as usize)) => Err(format!("must be {min} to {max}")),
                _ => Ok(()),
            }
        }
        Kind::Bool => value.as_bool().map(|_| ()).ok_or_else(|| "must be true or false".to_owned()),
        Kind::Assent => Assent::read(value).map(|_| ()).ok_or_else(|| "must be true".to_owned()),
        Kind::Digits => {
            let digits = Digits::read(value).ok_or_else(|| "must be digits".to_owned())?;
            length(field, digits.as_str().len(), "digits")
        }
        Kind::List => {
            let list = value.as_array().ok_or_else(|| "must be a list of strings".to_owned())?;
            length(field, list.len(), "elements")?;
            let plain = |item: &Value| {
                item.as_str().is_some_and(|s| (1..=MAX_LIST_ITEM).contains(&s.len()) && !s.contains(','))
            };
            if list.iter().all(plain) { Ok(()) } else { Err("must be a list of names".to_owned()) }
        }
        Kind::Object => {
            if !value.is_object() {
                return Err("must be a JSON object".to_owned());
            }
            length(field, value.to_string().len(), "bytes")
        }
        Kind::Json => length(field, value.to_string().len(), "bytes"),
        _ => Err("has a kind that this server does not know".to_owned()),
    }
}

fn length(field: &Field, have: usize, what: &str) -> Result<(), String> {
    match field.bounds {
        Some((min, max)) if min == max && have != min => Err(format!("must have {min} {what}, not {have}")),
        Some((min, max)) if !(min..=max).contains(&have) => Err(format!("must have {min} to {max} {what}, not {have}")),
        _ => Ok(()),
    }
}

fn reason_of(error: &florin_sdk_core::FlorinError) -> String {
    match error {
        florin_sdk_core::FlorinError::InvalidInput { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::operation::{CreditWallet, ListUsers, Operation, WalletTransfer};
    use serde_json::json;

    fn faults<O: Operation>(request: Value) -> Vec<String> {
        let Value::Object(mut map) = request else { panic!("an object") };
        let mut problems = Problems::default();
        check(O::FIELDS, &mut map, &mut problems);
        problems.0.into_iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect()
    }

    fn transfer(name: &str, value: Value) -> Vec<String> {
        let mut request = json!({"amount": "1.00", "currency": "EUR", "sourcewaid": "waid_1234567812345678", "destinationwaid": "waid_2234567812345678"});
        request[name] = value;
        faults::<WalletTransfer>(request)
    }

    #[test]
    fn each_fault_names_its_field() {
        assert!(transfer("description", Value::Null).is_empty());
        for (name, value) in [
            ("amount", json!("0")),
            ("amount", json!("-1")),
            ("amount", json!("1,5")),
            ("amount", json!("1e3")),
            ("amount", json!(1)),
            ("amount", json!("123456789012345678901")),
            ("amount", json!("")),
            ("currency", json!("euro")),
            ("currency", json!("EU")),
            ("sourcewaid", json!("upid_1234567812345678")),
            ("sourcewaid", json!(7)),
            ("description", json!("a".repeat(41))),
            ("description", json!("")),
            ("description", json!("a\nb")),
            ("surprise", json!(true)),
        ] {
            let found = transfer(name, value.clone());
            assert_eq!(found.len(), 1, "{name} {value}: {found:?}");
            assert!(found[0].starts_with(name), "{found:?}");
        }
        assert_eq!(faults::<WalletTransfer>(json!({})).len(), 4);
        assert!(transfer("description", json!("ü".repeat(40))).is_empty());
    }

    #[test]
    fn numbers_have_ranges() {
        assert!(faults::<ListUsers>(json!({"limit": 200})).is_empty());
        for bad in [json!(0), json!(201), json!("x"), json!(1.5), json!(-1), json!(99_999_999_999_u64)] {
            assert_eq!(faults::<ListUsers>(json!({"limit": bad})).len(), 1, "{bad}");
        }
        assert!(faults::<CreditWallet>(json!({"currency": "EUR", "amount": "1", "referenceid": "abc"})).len() == 1);
    }
}
