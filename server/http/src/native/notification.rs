//! Notifications: transports, what could not be told, and live events.

use super::user::DEFAULT_PAGE;
use super::wallet::cursor;
use crate::exchange::{Reading, Writing};
use crate::live::{may_hear, told};
use florin_domain::Refusal;
use florin_domain::access::reach;
use florin_domain::notify::source::{self, Cursor};
use florin_domain::notify::{message, transport};
use florin_sdk_core::operation::{
    DeleteNotificationTransport, Done, EventPage, FailedEventList, GetAllNotificationTransports, GetEvents,
    GetNotificationTransports, ListFailedEvents, NewTransport, ReplayEvent, ReplayedEvents, RotateTransportSecret,
    SetNotificationTransport, TransportLists, TransportSecret, UpdateNotificationTransport,
};

pub(super) fn set_transport(call: &mut Writing<'_>, op: SetNotificationTransport) -> Result<NewTransport, Refusal> {
    reach::<SetNotificationTransport>(call.store.reader(), call.caller, op.upid)?;
    transport::set(call.store, call.sealer, op)
}

pub(super) fn get_all_transports(
    call: &mut Reading<'_>,
    op: GetAllNotificationTransports,
) -> Result<TransportLists, Refusal> {
    reach::<GetAllNotificationTransports>(call.store, call.caller, op.upid)?;
    Ok(TransportLists { results: transport::list(call.store, op.upid, None)? })
}

pub(super) fn get_transports(call: &mut Reading<'_>, op: GetNotificationTransports) -> Result<TransportLists, Refusal> {
    reach::<GetNotificationTransports>(call.store, call.caller, op.upid)?;
    Ok(TransportLists { results: transport::list(call.store, op.upid, Some((op.uuid, op.akid)))? })
}

pub(super) fn update_transport(call: &mut Writing<'_>, op: UpdateNotificationTransport) -> Result<Done, Refusal> {
    let found = transport::claim(call.store, op.ntid)?;
    reach::<UpdateNotificationTransport>(call.store.reader(), call.caller, found.upid)?;
    transport::update(call.store, found, &op.transport)?;
    Ok(Done {})
}

pub(super) fn delete_transport(call: &mut Writing<'_>, op: DeleteNotificationTransport) -> Result<Done, Refusal> {
    if let Some(device) = &op.device_id {
        transport::delete_device(call.store, call.caller, device)?;
    } else if let Some(ntid) = op.ntid {
        let found = transport::claim(call.store, ntid)?;
        reach::<DeleteNotificationTransport>(call.store.reader(), call.caller, found.upid)?;
        if found.is_merchants() {
            return Err(Refusal::not_found());
        }
        transport::delete(call.store, found)?;
    }
    Ok(Done {})
}

pub(super) fn rotate_secret(call: &mut Writing<'_>, op: RotateTransportSecret) -> Result<TransportSecret, Refusal> {
    let ntid = match (op.ntid, op.upid) {
        (Some(ntid), _) => ntid,
        (None, Some(upid)) => {
            reach::<RotateTransportSecret>(call.store.reader(), call.caller, upid)?;
            transport::merchants(call.store.reader(), upid)?.ok_or_else(Refusal::not_found)?.ntid
        }
        (None, None) => return Err(Refusal::not_found()),
    };
    let found = transport::claim(call.store, ntid)?;
    reach::<RotateTransportSecret>(call.store.reader(), call.caller, found.upid)?;
    Ok(TransportSecret { secret: transport::rotate(call.store, call.sealer, found)? })
}

pub(super) fn list_failed_events(call: &mut Reading<'_>, op: ListFailedEvents) -> Result<FailedEventList, Refusal> {
    let upid = op.upid.unwrap_or(call.caller.upid);
    reach::<ListFailedEvents>(call.store, call.caller, upid)?;
    let before = cursor(op.after.as_deref())?;
    message::failures(call.store, upid, before, op.limit.unwrap_or(DEFAULT_PAGE) as usize)
}

pub(super) fn replay_event(call: &mut Writing<'_>, op: ReplayEvent) -> Result<ReplayedEvents, Refusal> {
    let (upid, events) = match (&op.event_id, op.ntid) {
        (Some(id), _) => {
            let event = message::need_failed(call.store.reader(), id)?;
            (event.upid, vec![event])
        }
        (None, Some(ntid)) => {
            let found = transport::claim(call.store, ntid)?;
            (found.upid, message::failed_of(call.store.reader(), &found)?)
        }
        (None, None) => return Err(Refusal::not_found()),
    };
    reach::<ReplayEvent>(call.store.reader(), call.caller, upid)?;
    Ok(ReplayedEvents { replayed: message::replay(call.store, events)? })
}

pub(super) fn get_events(call: &mut Reading<'_>, op: GetEvents) -> Result<EventPage, Refusal> {
    let Some(after) = op.after else {
        let next = source::end(call.store)?.to_string();
        return Ok(EventPage { events: Vec::new(), next, more: false });
    };
    let mut at = Cursor::parse(&after)?;
    at.need_fresh(call.store.now())?;
    let limit = op.limit.unwrap_or(DEFAULT_PAGE) as usize;
    let batch = source::read(call.store, &at, limit)?;
    let mut events = Vec::new();
    for happening in &batch.happenings {
        if events.len() == limit {
            return Ok(EventPage { events, next: at.to_string(), more: true });
        }
        at.pass(&happening.place);
        if may_hear(call.caller, happening) {
            events.push(told(happening, &at));
        }
    }
    Ok(EventPage { events, next: batch.cursor.to_string(), more: batch.more })
}
