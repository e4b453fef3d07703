//! Account holders: whether they are active, and who they are.

use super::asked::Asked;
use florin_domain::identity::User;
use florin_domain::momo::sandbox::test_holder;
use florin_domain::momo::{Denial, Mode, consent, party};
use florin_domain::store::Reader;
use florin_sdk_core::model::Status as Activity;
use florin_sdk_core::momo::{BasicUserInfo, BooleanResult, ByHolder, NoPath, Party, PartyIdType, UserInfo};
use florin_sdk_core::operation::Problems;

/// The party that a path names.
pub(super) fn party(path: &ByHolder) -> Result<Party, Denial> {
    let party_id_type = PartyIdType::from_path(&path.account_holder_id_type);
    let party = Party { party_id_type, party_id: path.account_holder_id.clone() };
    let mut problems = Problems::default();
    party.check("accountHolder", &mut problems);
    match problems.0.first() {
        None => Ok(party),
        Some(problem) => Err(Denial::invalid(format!("{} {}", problem.field, problem.reason))),
    }
}

/// What a sandbox's test values say: an error, or whether the holder is active; nothing for all others.
fn tested(asked: &Asked, party: &Party) -> Result<Option<bool>, Denial> {
    match test_holder(party).filter(|_| asked.mode.is_sandbox()) {
        None => Ok(None),
        Some(test) => match (&test.code, test.result) {
            (Some(code), _) => Err(Denial::because(code.clone(), "As this test value has it.")),
            (None, active) => Ok(active),
        },
    }
}

fn is_active(user: &User) -> bool {
    user.status == Activity::Active
}

/// Unknown and inactive holders alike are not active (K13); in a sandbox everybody is (K34).
pub(super) fn validate_account_holder_status(
    store: &mut dyn Reader,
    asked: &Asked,
    path: ByHolder,
) -> Result<BooleanResult, Denial> {
    let party = party(&path)?;
    if let Some(active) = tested(asked, &party)? {
        return Ok(BooleanResult::new(active));
    }
    let found = party::find(store, asked.user()?.upid, &party)?;
    Ok(BooleanResult::new(found.as_ref().map_or(asked.mode.is_sandbox(), is_active)))
}

/// The contract's sample person.
fn sample() -> BasicUserInfo {
    let text = |text: &str| Some(text.to_owned());
    BasicUserInfo {
        given_name: text("Sand"),
        family_name: text("Box"),
        birthdate: text("1976-08-13"),
        locale: text("sv_SE"),
        gender: text("MALE"),
        status: text("ACTIVE"),
        sub: text("0"),
        ..BasicUserInfo::new()
    }
}

fn status(user: &User) -> String {
    if is_active(user) { "ACTIVE" } else { "INACTIVE" }.to_owned()
}

pub(super) fn get_basic_user_info(
    store: &mut dyn Reader,
    asked: &Asked,
    path: ByHolder,
) -> Result<BasicUserInfo, Denial> {
    let party = party(&path)?;
    tested(asked, &party)?;
    if asked.mode.is_sandbox() {
        return Ok(sample());
    }
    let user = party::find(store, asked.user()?.upid, &party)?.ok_or_else(Denial::not_found)?;
    Ok(BasicUserInfo { status: Some(status(&user)), name: user.display_name, ..BasicUserInfo::new() })
}

pub(super) fn get_user_info_with_consent(store: &mut dyn Reader, asked: &Asked, _: NoPath) -> Result<UserInfo, Denial> {
    let token = asked.token.as_ref().ok_or(Denial::Token)?;
    let consent = consent::of_token(store, asked.user()?, token, &asked.mode)?;
    let party = consent.party().ok_or(Denial::Token)?;
    let number = (party.party_id_type == PartyIdType::Msisdn).then(|| party.canonical_id());
    let phone_number_verified = number.is_some().then_some(true);
    if let Mode::Sandbox(_) = asked.mode {
        let sample = sample();
        return Ok(UserInfo {
            sub: sample.sub,
            given_name: sample.given_name,
            family_name: sample.family_name,
            birthdate: sample.birthdate,
            locale: sample.locale,
            gender: sample.gender,
            status: sample.status,
            active: Some(true),
            phone_number: number,
            phone_number_verified,
            ..UserInfo::new()
        });
    }
    let user = party::find(store, asked.user()?.upid, &party)?.ok_or(Denial::Token)?;
    Ok(UserInfo {
        sub: Some(user.uuid.to_string()),
        active: Some(is_active(&user)),
        status: Some(status(&user)),
        name: user.display_name,
        phone_number: number,
        phone_number_verified,
        ..UserInfo::new()
    })
}
