//! Names, paths, fields, lengths, rights and times of each operation.

use super::{Exceptions, Expected, Faults, expected, of};
use florin_sdk_core::Kind;
use florin_sdk_core::operation::{self, Access, Callers, Field, Method, RateClass, Spec};
use florin_tests::reference::{self, Param, Pattern};
use serde_json::Value;
use std::collections::BTreeSet;

/// Documented paths that are not served yet.
const PATHS: &[(&str, &str, &str)] = &[];

/// Documented fields that we do not have.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("CreateProfile", "*", "stands for any attribute beside the named ones: the default extended ones are taken there"),
    ("UpdateProfile", "*", "as for CreateProfile"),
];

/// What every user may do with what they sign in with: no right is needed, the user's own proof is.
const OF_THE_USER: &[&str] = &["ChangeUserEmail", "GetUserMFAStatus", "GetUserMFASeed", "EnableUserMFA"];

/// Fields of ours that no file names.
const BEYOND: &[(&str, &str, &str)] = &[(
    "GetOperationOutcome",
    "operation",
    "two operations may have been sent under one reference: the identity of a reference includes the operation",
)];

/// Fields that take more than the page says: operation, field, our bounds, why.
const WIDER: &[(&str, &str, (usize, usize), &str)] = &[
    ("CreateWalletDepositAddress", "mainaddress", (0, 90), "A-035: Stellar addresses have 56 characters"),
    ("WalletWithdraw", "destinationaddress", (1, 90), "A-035: Bech32m has 62, Stellar 56 and a memo"),
    ("WalletWithdraw", "destinationcurrency", (3, 60), "A-020: a Stellar issuer needs 60"),
    ("SetAddressTrustline", "hostedaddress", (10, 60), "A-035: Stellar addresses have 56 characters"),
    ("SetAddressTrustline", "trustedaddress", (10, 60), "A-035: Stellar addresses have 56 characters"),
    ("SetAddressAttribute", "address", (10, 60), "A-035: Stellar addresses have 56 characters"),
];

#[test]
fn every_operation_is_documented_and_every_documented_one_is_built() {
    let ours: BTreeSet<_> = operation::all().iter().map(|spec| spec.name.to_owned()).collect();
    let documented: BTreeSet<_> = expected()
        .into_iter()
        .filter(|expected| !expected.documented.later)
        .map(|expected| expected.documented.name)
        .collect();
    assert_eq!(ours.len(), operation::all().len(), "a name stands twice in the list of operations");
    assert_eq!(ours.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "not documented");
    // Single sign-on has a table of its own: see `sso`.
    let elsewhere: BTreeSet<_> = florin_sdk_core::sso::ALL.iter().map(|spec| spec.name.to_owned()).collect();
    assert_eq!(elsewhere.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "not documented");
    let built = ours.union(&elsewhere).cloned().collect();
    let missing: BTreeSet<_> = documented.difference(&built).collect();
    assert_eq!(missing, BTreeSet::new(), "documented, but not built");
}

#[test]
fn name_method_paths_access_money_rate_and_time() {
    let all = expected();
    let exceptions = Exceptions::new(PATHS);
    let mut faults = Faults::default();
    for spec in operation::all() {
        let name = spec.name;
        let Expected { documented, is_own, .. } = of(&all, name);
        faults.equal(&format!("{name} method"), &spec.method.as_str(), &documented.method.as_str());
        let ours: BTreeSet<_> = spec.paths.iter().copied().collect();
        let theirs: BTreeSet<_> =
            documented.paths.iter().map(String::as_str).filter(|path| !exceptions.allow(name, path)).collect();
        faults.equal(&format!("{name} paths"), &ours, &theirs);
        let parameters: Vec<_> = spec.paths.iter().map(|path| path.matches('{').count()).collect();
        faults.unless(parameters.is_sorted_by(|one, next| one >= next), || {
            format!("{name}: the path with most parameters must stand first")
        });
        let access = match spec.access {
            Access::Read => "read",
            Access::Write => "write",
        };
        faults.equal(&format!("{name} access"), &access, &documented.access.as_str());
        faults.equal(&format!("{name} money"), &spec.money, &documented.financial);
        if let Some(limited) = documented.rate_limited {
            faults.equal(&format!("{name} rate"), &(spec.rate == RateClass::Standard), &limited);
        }
        if let Some(millis) = documented.timeout_ms {
            faults.equal(&format!("{name} time-out"), &spec.timeout.duration().as_millis(), &u128::from(millis));
        }
        faults.unless(*is_own || documented.timeout_ms.is_some(), || format!("{name} has no documented time-out"));
        faults.unless(!spec.doc.trim().is_empty(), || format!("{name} has no text"));
    }
    faults.none();
    exceptions.all_met();
}

#[test]
fn callers() {
    let all = expected();
    let mut faults = Faults::default();
    for spec in operation::all() {
        let documented = &of(&all, spec.name).documented;
        if let Some(callers) = &documented.callers {
            let ours = match spec.callers {
                Callers::Public => "public",
                Callers::Provider => "provider",
                Callers::Mobile => "mobile",
                Callers::Both => "both",
            };
            faults.equal(&format!("{} callers", spec.name), &ours, &callers.as_str());
        }
        // Which operations need no credential is A-082.
        let public = spec.callers == Callers::Public;
        if let Some(auth) = &documented.auth {
            faults.equal(&format!("{} public", spec.name), &public, &(auth.required == Value::Bool(false)));
        }
        faults.unless(spec.access == Access::Read || !spec.callers.admits_mobile() || public, || {
            format!("{} writes, so no app may call it", spec.name)
        });
    }
    faults.none();
}

#[test]
fn rights() {
    let all = expected();
    let known: BTreeSet<_> = reference::roles().rights.into_iter().map(|right| right.name).collect();
    // a role has it, the list of rights does not.
    let known_too = ["systeminstall"];
    let mut faults = Faults::default();
    for spec in operation::all() {
        let ours = [spec.rights.own, spec.rights.child, spec.rights.any].map(<[_]>::to_vec);
        for right in ours.iter().flatten() {
            faults.unless(known.contains(*right) || known_too.contains(right), || {
                format!("{}: there is no right {right}", spec.name)
            });
        }
        if let Some(rights) = &of(&all, spec.name).documented.rights_inferred {
            let theirs = [&rights.own, &rights.child, &rights.any]
                .map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
            faults.equal(&format!("{} rights", spec.name), &ours, &theirs);
        }
        let needs_none = matches!(
            spec.name,
            "GetMe" | "GetSettings" | "GetProfileList" | "GetProfileExtendedAttributeList" | "GetTrustLines"
        ) || OF_THE_USER.contains(&spec.name)
            || spec.callers == Callers::Public;
        // Proven by what is in the request, or by a right.
        let proven = spec.callers == Callers::Public && spec.party;
        faults.unless(spec.rights.is_none() == needs_none || proven, || format!("{}: who may call it?", spec.name));
    }
    faults.none();
}

#[test]
fn fields() {
    let all = expected();
    let (without, beyond) = (Exceptions::new(WITHOUT), Exceptions::new(BEYOND));
    let mut faults = Faults::default();
    for spec in operation::all() {
        let Expected { documented, additions, is_own } = of(&all, spec.name);
        let mut left: Vec<&Field> = spec.fields.iter().collect();
        let params = documented.request_params.iter().map(|param| (param, *is_own));
        let added = additions.iter().flat_map(|addition| &addition.request_params).map(|param| (param, true));
        // What stands inside a JSON object is the object's own matter.
        for (param, is_own) in params.chain(added).filter(|(param, _)| !param.is_inside()) {
            match left.iter().position(|field| field.name == param.name) {
                Some(index) => compare(&spec, left.remove(index), param, is_own, &mut faults),
                None => faults.unless(without.allow(spec.name, &param.name), || {
                    format!("{}: the field {} is missing", spec.name, param.name)
                }),
            }
        }
        for param in &documented.path_params {
            let used = spec.paths.iter().filter(|path| path.contains(&format!("{{{}}}", param.name))).count();
            if used == 0 {
                continue; // its path is one of the exceptions
            }
            let Some(index) = left.iter().position(|field| field.name == param.name) else {
                faults.unless(false, || format!("{}: the path parameter {} is missing", spec.name, param.name));
                continue;
            };
            let field = left.remove(index);
            let what = format!("{}.{}", spec.name, param.name);
            faults.equal(&format!("{what} required"), &field.required, &(used == spec.paths.len()));
            match param.pattern() {
                Some(pattern) => compare_pattern(&what, field, &pattern, &mut faults),
                None => faults.equal(&format!("{what} length"), &field.bounds, &param.min_len.zip(param.max_len)),
            }
        }
        for field in left {
            faults.unless(beyond.allow(spec.name, field.name), || {
                format!("{}: no file names the field {}", spec.name, field.name)
            });
            faults.unless(!field.required, || format!("{}.{} is ours and must be optional", spec.name, field.name));
        }
    }
    faults.none();
    without.all_met();
    beyond.all_met();
}

/// A path parameter, of which the file has a regular expression.
fn compare_pattern(what: &str, field: &Field, pattern: &Pattern, faults: &mut Faults) {
    match pattern {
        Pattern::Id(prefix, 16) => {
            let prefix = prefix.trim_end_matches('_');
            faults.unless(matches!(field.kind, Kind::Id(ours) if ours == prefix), || format!("{what}: no {prefix}"));
            faults.equal(&format!("{what} length"), &field.bounds, &Some((21, 21)));
        }
        Pattern::Id(prefix, digits) => {
            let length = prefix.len() + digits;
            faults.equal(&format!("{what} length"), &field.bounds, &Some((length, length)));
        }
        Pattern::OneOf(values) => {
            faults.unless(matches!(field.kind, Kind::OneOf(ours) if ours == values), || format!("{what}: {values:?}"));
        }
        Pattern::Digits(_, most) => {
            faults.equal(&format!("{what} kind"), &field.kind, &Kind::Number);
            // The bounds of a number are values, those of the pattern digits.
            let greatest = 10_usize.pow(u32::try_from(*most).expect("a few digits")) - 1;
            faults.unless(field.bounds.is_none_or(|(_, ours)| ours <= greatest), || format!("{what}: {most} digits"));
        }
        Pattern::Text(least, most) => {
            faults.equal(&format!("{what} length"), &field.bounds, &Some((*least, *most)));
            let is_currency = field.name == "currencycode";
            faults.equal(&format!("{what} is a currency"), &(field.kind == Kind::Currency), &is_currency);
        }
    }
}

pub(super) fn wider(operation: &str, field: &str) -> Option<(usize, usize)> {
    WIDER.iter().find(|row| (row.0, row.1) == (operation, field)).map(|row| row.2)
}

fn compare(spec: &Spec, field: &Field, param: &Param, is_own: bool, faults: &mut Faults) {
    let what = format!("{}.{}", spec.name, field.name);
    faults.equal(&format!("{what} required"), &field.required, &param.is_required());
    let documented = match field.kind {
        Kind::Digits => param.min_len.zip(param.max_len),
        _ => param.bounds(),
    };
    match (field.bounds, documented) {
        // Where our own page gives no length, the code does: there is a limit on everything.
        (Some(_), None) if is_own => {}
        (Some(ours), Some(theirs)) if wider(spec.name, field.name).is_some() => {
            faults.equal(&format!("{what} wider length"), &Some(ours), &wider(spec.name, field.name));
            faults.unless(ours.0 <= theirs.0 && ours.1 > theirs.1, || format!("{what} need not be wider"));
        }
        (ours, theirs) => faults.equal(&format!("{what} length"), &ours, &theirs),
    }
    let kind = match field.kind {
        Kind::Bool | Kind::Assent => "Boolean",
        Kind::Number | Kind::Digits => "Number",
        Kind::List => "Array",
        Kind::Object | Kind::Json => "JSON",
        _ => "String",
    };
    faults.equal(&format!("{what} type"), &kind, &param.kind.as_deref().unwrap_or("absent"));
    if kind != "String" {
        return;
    }
    // Lengths are not everything: these must be checked for what they say.
    let is_id = param.bounds() == Some((21, 21));
    faults.equal(&format!("{what} is an id"), &matches!(field.kind, Kind::Id(_)), &is_id);
    if let Kind::Id(prefix) = field.kind {
        faults.unless(field.name.ends_with(prefix), || format!("{what} must not be a {prefix}"));
    }
    let is_amount = field.name.trim_end_matches(['1', '2']).ends_with("amount");
    faults.equal(&format!("{what} is an amount"), &(field.kind == Kind::Amount), &is_amount);
    // A currency outside the platform is none of its codes.
    let outside = field.name == "destinationcurrency";
    let is_currency = !outside && field.name.ends_with("currency") || field.name == "currencycode";
    faults.equal(&format!("{what} is a currency code"), &(field.kind == Kind::Currency), &is_currency);
    let is_secret = field.name == "password";
    faults.unless(!is_secret || field.kind == Kind::Text, || format!("{what} is a secret and may hold any character"));
    if let Kind::OneOf(values) = field.kind {
        let documented: Vec<_> = match (param.resolved.get("one_of"), &param.accepted) {
            (Some(Value::Array(values)), _) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            // "Either active or inactive"
            (_, Some(accepted)) if accepted.starts_with("Either ") && !accepted.contains('"') => {
                accepted["Either ".len()..].split(" or ").map(str::to_owned).collect()
            }
            (_, Some(accepted)) => accepted.split('"').skip(1).step_by(2).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let ours: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        faults.equal(&format!("{what} values"), &ours, &documented);
    }
}

#[test]
fn a_method_says_where_fields_travel() {
    for spec in operation::all() {
        if spec.method == Method::Get {
            assert_eq!(spec.access, Access::Read, "{}: GET must not change anything", spec.name);
        }
        for path in spec.paths {
            let parameters = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap());
            for parameter in parameters {
                assert!(
                    spec.fields.iter().any(|field| field.name == parameter),
                    "{}: {parameter} in {path} is no field",
                    spec.name
                );
            }
        }
        for field in spec.fields.iter().filter(|field| spec.method != Method::Post && !field.required) {
            assert!(
                !matches!(field.kind, Kind::List | Kind::Object),
                "{}.{} does not fit into a query",
                spec.name,
                field.name
            );
        }
    }
}
