//! Currencies.

use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::reach;
use florin_domain::bridge::Bridges;
use florin_domain::currency::{self, NewBridgeCurrency, NewCurrency};
use florin_domain::reference::Made;
use florin_domain::store::Reader;
use florin_sdk_core::operation::{
    BridgeCurrencyCreated, Circulation, CreateBridgeCurrency, CreateExtendedCurrency, CreateSystemBridgeCurrency, Done,
    GetCirculation, GetProfileCurrencyList, GetPublicCurrencyList, GetSystemCurrencyList, IssueGatewayCurrency, Issued,
    Moved, ProfileCurrencyList, PublicCurrencyList, RedeemCurrency, SystemCurrencyList,
};

pub(super) fn create_extended_currency(call: &mut Writing<'_>, op: CreateExtendedCurrency) -> Result<Done, Refusal> {
    reach::<CreateExtendedCurrency>(call.store.reader(), call.caller, call.caller.upid)?;
    let new = NewCurrency {
        letters: op.currency_code,
        name: op.currency_name,
        decimals: op.currency_decimals,
        display_decimals: op.display_decimals,
        // Kept and compared in lower case.
        issuer_name: op.issuer_name.map(|name| name.to_ascii_lowercase()),
        reference: op.reference_currency,
    };
    currency::create_extended(call.store, call.caller.upid, new)?;
    Ok(Done {})
}

pub(super) fn issue_gateway_currency(call: &mut Writing<'_>, op: IssueGatewayCurrency) -> Result<Issued, Refusal> {
    reach::<IssueGatewayCurrency>(call.store.reader(), call.caller, call.caller.upid)?;
    let (txid, waid) = currency::issue(call.store, call.caller.upid, &op.currency_code, op.amount, call.reference)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Issued { waid, txid: Some(txid) })
}

pub(super) fn redeem_currency(call: &mut Writing<'_>, op: RedeemCurrency) -> Result<Moved, Refusal> {
    reach::<RedeemCurrency>(call.store.reader(), call.caller, call.caller.upid)?;
    let (txid, waid) = currency::redeem(call.store, call.caller.upid, &op.currency_code, op.amount, call.reference)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Moved { txid, waid })
}

pub(super) fn get_circulation(call: &mut Reading<'_>, op: GetCirculation) -> Result<Circulation, Refusal> {
    reach::<GetCirculation>(call.store, call.caller, call.caller.upid)?;
    let currency = currency::own_currency(call.store, call.caller.upid, &op.currency_code)?;
    Ok(Circulation {
        issued: currency.amount(currency.issued)?,
        redeemed: currency.amount(currency.redeemed)?,
        circulation: currency.amount(currency.issued - currency.redeemed)?,
        currency_code: currency.code,
    })
}

pub(super) fn get_profile_currency_list(
    call: &mut Reading<'_>,
    _: GetProfileCurrencyList,
) -> Result<ProfileCurrencyList, Refusal> {
    reach::<GetProfileCurrencyList>(call.store, call.caller, call.caller.upid)?;
    Ok(ProfileCurrencyList { currencies: currency::profile_list(call.store, call.caller.upid)? })
}

pub(super) fn get_public_currency_list(
    store: &mut dyn Reader,
    bridges: &Bridges,
    _: GetPublicCurrencyList,
) -> Result<PublicCurrencyList, Refusal> {
    Ok(PublicCurrencyList { currencies: currency::public_list(store, bridges)? })
}

pub(super) fn create_bridge_currency(
    call: &mut Writing<'_>,
    op: CreateBridgeCurrency,
) -> Result<BridgeCurrencyCreated, Refusal> {
    reach::<CreateBridgeCurrency>(call.store.reader(), call.caller, call.caller.upid)?;
    let new = NewBridgeCurrency {
        parent: op.parent_currency,
        bridge: op.bridge_name,
        network_issuer: None,
        issuer_address: op.issuer_address.clone(),
        deposit: op.enable_deposit,
        withdraw: op.enable_withdraw,
    };
    currency::create_bridge(call.store, Some(call.caller.upid), new)?;
    Ok(BridgeCurrencyCreated { issuer_address: op.issuer_address })
}

pub(super) fn create_system_bridge_currency(
    call: &mut Writing<'_>,
    op: CreateSystemBridgeCurrency,
) -> Result<Done, Refusal> {
    reach::<CreateSystemBridgeCurrency>(call.store.reader(), call.caller, call.caller.upid)?;
    let new = NewBridgeCurrency {
        parent: op.parent_currency,
        bridge: op.bridge_name,
        network_issuer: Some(op.issuer_name),
        issuer_address: op.issuer_address,
        deposit: op.enable_deposit == Some(true),
        withdraw: op.enable_withdraw == Some(true),
    };
    currency::create_bridge(call.store, None, new)?;
    Ok(Done {})
}

pub(super) fn get_system_currency_list(
    call: &mut Reading<'_>,
    _: GetSystemCurrencyList,
) -> Result<SystemCurrencyList, Refusal> {
    reach::<GetSystemCurrencyList>(call.store, call.caller, call.caller.upid)?;
    Ok(SystemCurrencyList { currencies: currency::system_list(call.store, call.bridges)? })
}
