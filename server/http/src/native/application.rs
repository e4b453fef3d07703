//! Applications of single sign-on, and the key that signs their tokens.

use super::profile::keys_of;
use crate::app::App;
use crate::exchange::{Changing, Reading, Verdict, Writing};
use florin_domain::Refusal;
use florin_domain::access::Caller;
use florin_domain::session::key::{self, NewKey};
use florin_domain::sso::{self, Kind, NewApplication};
use florin_domain::store::Reader;
use florin_sdk_core::operation::{
    Application, ApplicationList, ApplicationType, CreateApplication, CreatedApplication, DeleteApplication, Done,
    ListApplications, RotateApplicationSecret, RotateSigningKey, RotatedSecret, RotatedSigningKey,
};

pub(super) fn create_application(call: &mut Writing<'_>, op: CreateApplication) -> Result<CreatedApplication, Refusal> {
    let upid = keys_of::<CreateApplication>(call.store.reader(), call.caller, op.upid)?;
    let kind = if op.kind == ApplicationType::Public { Kind::Public } else { Kind::Confidential };
    let redirects = op.redirect_uris.split(' ').filter(|uri| !uri.is_empty()).map(str::to_owned).collect();
    let (row, client_secret) = sso::create(call.store, upid, NewApplication { name: op.name, kind, redirects })?;
    Ok(CreatedApplication { client_id: row.client_id, client_secret })
}

pub(super) fn list_applications(call: &mut Reading<'_>, op: ListApplications) -> Result<ApplicationList, Refusal> {
    let upid = keys_of::<ListApplications>(call.store, call.caller, op.upid)?;
    let applications = sso::list(call.store, upid)?.into_iter().map(|row| Application {
        redirect_uris: row.addresses().map(str::to_owned).collect(),
        client_id: row.client_id,
        name: row.name,
        kind: if row.public { ApplicationType::Public } else { ApplicationType::Confidential },
        created: row.created,
    });
    Ok(ApplicationList { applications: applications.collect() })
}

pub(super) fn delete_application(call: &mut Writing<'_>, op: DeleteApplication) -> Result<Done, Refusal> {
    let upid = keys_of::<DeleteApplication>(call.store.reader(), call.caller, op.upid)?;
    sso::delete(call.store, upid, &op.client_id)?;
    Ok(Done {})
}

pub(super) fn rotate_application_secret(
    call: &mut Writing<'_>,
    op: RotateApplicationSecret,
) -> Result<RotatedSecret, Refusal> {
    let upid = keys_of::<RotateApplicationSecret>(call.store.reader(), call.caller, op.upid)?;
    Ok(RotatedSecret { client_secret: sso::rotate_secret(call.store, upid, &op.client_id)? })
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every such step")]
pub(super) fn before_rotation(_: &mut dyn Reader, _: Option<&Caller>, _: &RotateSigningKey) -> Result<(), Refusal> {
    Ok(())
}

/// Making a key takes up to a second.
pub(super) fn new_signing_key(_: &App, _: &RotateSigningKey, (): ()) -> Result<NewKey, Refusal> {
    key::generate()
}

pub(super) fn rotate_signing_key(
    call: &mut Changing<'_>,
    _: RotateSigningKey,
    new: NewKey,
) -> Verdict<RotatedSigningKey> {
    Ok(Ok(RotatedSigningKey { kid: key::rotate(call.store, call.sealer, &new)?.kid }))
}
