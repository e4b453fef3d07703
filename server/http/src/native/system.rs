//! Roles, settings, and what became of a request.

use crate::exchange::Reading;
use florin_domain::access::Roles;
use florin_domain::bridge::Bridges;
use florin_domain::store::Reader;
use florin_domain::{Refusal, currency, reference};
use florin_sdk_core::operation::{
    GetOperationOutcome, GetPublicRoleList, GetSettings, OperationOutcome, RoleList, Settings,
};

/// What this version offers beyond what every version does.
const FEATURES: &[&str] =
    &["mobile-tokens", "payment-requests", "payment-qr", "extended-currencies", "holds", "refunds"];

#[expect(clippy::unnecessary_wraps, reason = "the form of every handler")]
pub(super) fn get_public_role_list(_: &mut dyn Reader, _: &Bridges, _: GetPublicRoleList) -> Result<RoleList, Refusal> {
    Ok(RoleList { roles: Roles::get().public_list() })
}

pub(super) fn get_settings(call: &mut Reading<'_>, _: GetSettings) -> Result<Settings, Refusal> {
    Ok(Settings {
        currencies: currency::public_list(call.store, call.bridges)?,
        server_time: call.store.now(),
        api_version: "v1".to_owned(),
        features: FEATURES.iter().map(|name| (*name).to_owned()).collect(),
    })
}

pub(super) fn get_operation_outcome(
    call: &mut Reading<'_>,
    op: GetOperationOutcome,
) -> Result<OperationOutcome, Refusal> {
    reference::outcome(call.store, call.caller.upid, &op.reference, op.operation.as_deref())
}
