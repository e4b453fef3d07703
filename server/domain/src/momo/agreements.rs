//! What a provider's user was asked to agree to in advance, and the provider's word on the user's behalf.

use super::request::{Kind, MomoRequest};
use super::sandbox::Mode;
use super::{PartyRow, Verdict, party, settle};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::Uuid;
use florin_sdk_core::momo::{ReferenceId, Status};

/// The pre-approvals and consents that a user was asked for and that nobody has decided, newest first.
pub fn asked_of(store: &mut dyn Reader, uuid: Uuid, limit: usize) -> Result<Vec<MomoRequest>, Refusal> {
    let mut found = Vec::new();
    for named in store.list::<PartyRow>(PartyRow::query().eq(PartyRow::uuid, uuid))? {
        let query = MomoRequest::query()
            .eq(MomoRequest::party_id, named.id)
            .eq(MomoRequest::party_kind, named.kind)
            .eq(MomoRequest::status, Status::Pending)
            .any_of(MomoRequest::kind, &[Kind::PreApproval, Kind::Consent])
            .descending(MomoRequest::number)
            .limit(limit);
        for request in store.list::<MomoRequest>(query)? {
            if is_asked(store, &request, uuid)? {
                found.push(request);
            }
        }
    }
    found.sort_by_key(|request| std::cmp::Reverse(request.number));
    found.truncate(limit);
    Ok(found)
}

/// Whether it is this user whom a request names: another provider's may have the same number.
fn is_asked(store: &mut dyn Reader, request: &MomoRequest, uuid: Uuid) -> Result<bool, Refusal> {
    let Some(named) = request.party() else { return Ok(false) };
    Ok(party::find(store, request.owner, &named)?.is_some_and(|user| user.uuid == uuid))
}

/// Decides about one of them; false if that was done before.
pub fn decide(
    store: &mut dyn Writer,
    uuid: Uuid,
    reference: ReferenceId,
    verdict: &Verdict,
    mode: &Mode,
) -> Result<bool, Refusal> {
    let query = MomoRequest::query()
        .eq(MomoRequest::reference, reference)
        .any_of(MomoRequest::kind, &[Kind::PreApproval, Kind::Consent]);
    for request in store.list::<MomoRequest>(query)? {
        if is_asked(store.reader(), &request, uuid)? {
            return settle::settle(store, request.owner, reference, verdict, mode);
        }
    }
    Err(Refusal::not_found())
}
