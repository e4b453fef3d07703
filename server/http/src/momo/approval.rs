//! Pre-approvals and consents.

use super::asked::Asked;
use super::holder;
use super::payment::{accept, new, result};
use florin_domain::momo::consent::Granted;
use florin_domain::momo::sandbox::Outcome;
use florin_domain::momo::{Denial, Kind, Mode, NewRequest, Purpose, consent, party, request, token, view};
use florin_domain::secrets;
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::Secret;
use florin_sdk_core::momo::{
    BcAuthorize, BcAuthorizeResult, ByHolder, ByPreApproval, ByReference, Empty, NoPath, Oauth2Token,
    Oauth2TokenRequest, Party, PartyIdType, PreApproval, PreApprovalDetails, PreApprovalResult, PreApprovalStatus,
    ReasonCode, ReferenceId,
};
use florin_sdk_core::operation::Problems;

pub(super) fn create_pre_approval(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: PreApproval,
) -> Result<Empty, Denial> {
    let new = new(asked, Kind::PreApproval, &body)?;
    let (party, currency) = (Some(body.payer), Some(body.payer_currency));
    accept(store, asked, NewRequest { party, currency, lasts_s: Some(body.validity_time), ..new })
}

pub(super) fn get_pre_approval(
    store: &mut dyn Reader,
    asked: &Asked,
    path: ByReference,
) -> Result<PreApprovalResult, Denial> {
    result(store, asked, Kind::PreApproval, path)
}

pub(super) fn get_approved_pre_approvals(
    store: &mut dyn Reader,
    asked: &Asked,
    path: ByHolder,
) -> Result<Vec<PreApprovalDetails>, Denial> {
    let party = holder::party(&path)?;
    let user = asked.user()?;
    let payee = Party { party_id_type: PartyIdType::PartyCode, party_id: user.id.to_string().into() };
    let mut list = Vec::new();
    for given in consent::in_force(store, user.upid, &party)? {
        let text = |name: &str| given.body.0.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        list.push(PreApprovalDetails {
            approved_time: given.closed.map(view::date_time),
            expiry_time: given.expires.map(view::date_time),
            ..PreApprovalDetails::new(
                given.number.to_string(),
                view::fri(&payee),
                view::fri(&party),
                text("payerCurrency"),
                view::date_time(given.created),
                PreApprovalStatus::Approved,
                text("payerMessage"),
            )
        });
    }
    Ok(list)
}

pub(super) fn cancel_pre_approval(
    store: &mut dyn Writer,
    asked: &Asked,
    path: ByPreApproval,
    _: Empty,
) -> Result<Empty, Denial> {
    consent::cancel_pre_approval(store, asked.user()?, &path.preapprovalid)?;
    Ok(Empty {})
}

/// How long a consent can be asked about when nobody says how long it is to hold.
const CONSENT_S: u64 = 3600;

/// How many seconds to wait between questions.
const INTERVAL_S: u64 = 5;

/// The account holder of a login hint: `ID:{id}/{type}`.
fn hinted(hint: &str) -> Result<Party, Denial> {
    let wrong = || Denial::invalid("login_hint must be ID:{msisdn}/MSISDN.");
    let (id, kind) = hint.strip_prefix("ID:").and_then(|rest| rest.rsplit_once('/')).ok_or_else(wrong)?;
    let party = Party { party_id_type: PartyIdType::from_path(kind), party_id: id.into() };
    let mut problems = Problems::default();
    party.check("login_hint", &mut problems);
    if problems.0.is_empty() { Ok(party) } else { Err(wrong()) }
}

pub(super) fn bc_authorize(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: BcAuthorize,
) -> Result<BcAuthorizeResult, Denial> {
    let holder = hinted(&body.login_hint)?;
    let user = asked.user()?;
    let unknown = || Denial::because(ReasonCode::ResourceNotFound, "Account holder not found.");
    if !asked.mode.is_sandbox() && party::find(store.reader(), user.upid, &holder)?.is_none() {
        return Err(unknown());
    }
    let lasts_s = body.consent_valid_in.as_deref().and_then(|text| text.parse().ok()).unwrap_or(CONSENT_S);
    let id = ReferenceId::from_random(u128::from_be_bytes(secrets::random()));
    // What was for the notification is a secret, and of no use afterwards.
    let kept = BcAuthorize { client_notification_token: None, ..body };
    let mut request = super::payment::new_under(asked, id, Kind::Consent, &kept)?;
    request.party = Some(holder);
    request.lasts_s = Some(lasts_s);
    let accepted = request::accept(store, user, request, &asked.mode)?;
    if let Mode::Sandbox(settings) = &asked.mode {
        let failed = Outcome::Settle {
            plan: request::Plan::Fail(Some(ReasonCode::PayerNotFound)),
            after_ms: settings.settle_after_ms,
        };
        if settings.outcome(&accepted, None) == failed {
            return Err(unknown());
        }
    }
    Ok(BcAuthorizeResult::new(Secret::from(id.to_string()), INTERVAL_S, lasts_s))
}

pub(super) fn create_oauth2_token(
    store: &mut dyn Writer,
    asked: &Asked,
    _: NoPath,
    body: Oauth2TokenRequest,
) -> Result<Oauth2Token, Denial> {
    let user = asked.user()?;
    let wrong = Denial::Grant("invalid_grant");
    let granted: Granted = match (&body.auth_req_id, &body.refresh_token) {
        (Some(consent), _) if body.grant_type == Oauth2TokenRequest::CIBA => {
            consent::grant(store, user, asked.product, consent.expose())?
        }
        (_, Some(given)) => {
            let purpose = Purpose::Refresh;
            let found = token::holder(store.reader(), &asked.key, given.expose(), asked.product, purpose, &asked.mode);
            let (_, found) = found.map_err(|_| wrong.clone())?;
            if found.api_user != user.id {
                return Err(wrong);
            }
            consent::refresh(store, user, &found, asked.product, &asked.mode)?
        }
        _ => return Err(wrong),
    };
    let lifetime = u64::from(token::LIFETIME_S);
    Ok(Oauth2Token {
        scope: Some(granted.scope),
        refresh_token_expired_in: granted.refresh.is_some().then_some(lifetime),
        refresh_token: granted.refresh,
        ..Oauth2Token::new(granted.access, "Bearer".to_owned(), lifetime)
    })
}
