//! Bridges to outside networks.

use super::user::DEFAULT_PAGE;
use super::wallet::{cursor, wallet_for};
use crate::exchange::{Reading, Writing};
use florin_domain::access::{Caller, reach};
use florin_domain::bridge::account::{self, ExternalAccount as AccountRow};
use florin_domain::bridge::address::Destination;
use florin_domain::bridge::network::{Asset, Holding, Method, NewAddress};
use florin_domain::bridge::{Bridge, Bridges, Checks, Facts, asset, deposit, order, profile};
use florin_domain::currency::Currency;
use florin_domain::identity::Profile;
use florin_domain::reference::Made;
use florin_domain::settings::{self, Settings};
use florin_domain::store::Reader;
use florin_domain::{Refusal, identity, ledger};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{
    Access, AccountAttribute, AccountAttributeList, AccountIdentifier, AccountIdentifierField, AssignBridgeDeposit,
    BridgeBalance, BridgeBalances, BridgeDeposit, BridgeDepositList, BridgeEntry, BridgeList, BridgeOrder,
    BridgeOrderList, CreateProfileAddress, CreateWalletDepositAddress, CreatedProfileAddress, DepositAddress, Done,
    ExternalAccount, ExternalAccountList, GetExternalAccountIdentifierField, GetProfileAddressList,
    GetSystemActiveBridgeList, GetSystemBridgeBalances, GetSystemBridgeExternalAccountAttributeList,
    GetSystemBridgeExternalAccountList, GetTrustLines, GetWalletDepositAddress, IssueIOU, ListBridgeDeposits,
    ListBridgeOrders, Moved, ProfileAddressList, SetAddressAttribute, SetAddressTrustline, Transferred, TrustLine,
    TrustLines, UpdateBridgeExternalAccount, WalletWithdraw, WalletWithdrawTest, WithdrawPath, WithdrawPaths,
};
use florin_sdk_core::{Amount, Upid};
use std::sync::Arc;

/// A bridge to be asked.
type Way = Arc<dyn Bridge>;

fn checks(settings: &Settings) -> Checks {
    if settings.get(settings::ADDRESS_CHECKS) { Checks::Full } else { Checks::Shape }
}

/// Whether the caller may use what belongs to the platform itself.
fn may_all(caller: &Caller) -> bool {
    caller.rights(Access::Write).is_superuser()
}

fn method_of(bridges: &Bridges, field: &str, name: &str) -> Result<(Way, Method), Refusal> {
    let bridge = bridges.by_method(field, name)?.clone();
    let method = bridge.facts().method(name).ok_or_else(|| Refusal::field(field, "leads over no bridge"))?;
    Ok((bridge, method))
}

/// Where a new deposit address comes from.
pub(super) enum Origin {
    /// A tag below this one.
    Below(String),
    /// The network makes one.
    New(Way),
}

pub(super) fn look_for_deposit_address(
    call: &mut Reading<'_>,
    op: &CreateWalletDepositAddress,
) -> Result<Origin, Refusal> {
    let wallet = wallet_for::<CreateWalletDepositAddress>(call.store, call.caller, Some(op.waid))?;
    let (bridge, _) = method_of(call.bridges, "method", &op.method)?;
    if bridge.by_hand() {
        return Err(Refusal::field("method", "deposits by this method are booked by hand: it has no addresses"));
    }
    let facts = bridge.facts();
    let main = op.main_address.as_deref().filter(|text| !text.is_empty());
    if facts.tags.is_none() {
        return match main {
            None => Ok(Origin::New(bridge)),
            Some(_) => Err(Refusal::field("mainaddress", "is for networks with destination tags only")),
        };
    }
    let Some(main) = main else {
        let hot = account::hot(call.store, facts)?;
        let none = || Refusal::because(Code::NETWORK_REFUSED, "The platform has no address on this network yet");
        return Ok(Origin::Below(hot.ok_or_else(none)?.0));
    };
    let main = facts.read_plain("mainaddress", main, checks(call.settings))?;
    let account = account::find(call.store, facts, &main)?.filter(|account| account.trackable);
    // A profile's own address is for that profile's wallets.
    let usable = account.is_some_and(|account| account.upid.is_none_or(|owner| owner == wallet.upid));
    if usable { Ok(Origin::Below(main)) } else { Err(Refusal::field("mainaddress", "is no receiving address here")) }
}

pub(super) fn ask_for_deposit_address(_: &Bridges, origin: Origin) -> Result<String, Refusal> {
    match origin {
        Origin::Below(main) => Ok(main),
        Origin::New(bridge) => Ok(bridge.new_address().map_err(|trouble| trouble.of_change())?.address),
    }
}

pub(super) fn create_wallet_deposit_address(
    call: &mut Writing<'_>,
    op: CreateWalletDepositAddress,
    address: String,
) -> Result<DepositAddress, Refusal> {
    let wallet = wallet_for::<CreateWalletDepositAddress>(call.store.reader(), call.caller, Some(op.waid))?;
    let (bridge, method) = method_of(call.bridges, "method", &op.method)?;
    let made = deposit::create(call.store, bridge.facts(), method, &wallet, &address)?;
    Ok(DepositAddress { address: made.written(), method: made.method, waid: made.waid })
}

pub(super) fn get_wallet_deposit_address(
    call: &mut Reading<'_>,
    op: GetWalletDepositAddress,
) -> Result<DepositAddress, Refusal> {
    let wallet = wallet_for::<GetWalletDepositAddress>(call.store, call.caller, op.waid)?;
    let (bridge, method) = method_of(call.bridges, "depositmethod", &op.method)?;
    let found = deposit::newest(call.store, bridge.facts(), method, wallet.waid, &op.currency_code)?;
    Ok(DepositAddress { address: found.written(), method: found.method, waid: found.waid })
}

pub(super) fn wallet_withdraw(call: &mut Writing<'_>, op: WalletWithdraw) -> Result<Transferred, Refusal> {
    let wallet = wallet_for::<WalletWithdraw>(call.store.reader(), call.caller, op.waid)?;
    let (bridge, _) = method_of(call.bridges, "method", &op.method)?;
    let by = (&wallet, call.caller.upid);
    let txid = order::withdraw(call.store, bridge.as_ref(), by, &op, checks(call.settings), call.reference)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Transferred { txid })
}

/// What a test of a withdrawal asks a network for.
pub(super) struct Question {
    bridge: Way,
    destination: Destination,
    wanted: Asset,
    amount: Amount,
    /// What the wallet could pay with.
    sources: Vec<(Currency, Asset)>,
}

pub(super) fn look_for_paths(call: &mut Reading<'_>, op: &WalletWithdrawTest) -> Result<Question, Refusal> {
    let wallet = wallet_for::<WalletWithdrawTest>(call.store, call.caller, op.waid)?;
    let (bridge, method) = method_of(call.bridges, "method", &op.method)?;
    let facts = bridge.facts();
    if !facts.quotes {
        return Err(Refusal::field("method", "cannot be tested beforehand: ripple can"));
    }
    let destination =
        facts.read("destinationaddress", method.address, &op.destination_address, checks(call.settings))?;
    let (wanted, amount) = match (&op.destination_currency, op.destination_amount, &op.currency, op.amount) {
        (Some(text), Some(amount), ..) => (order::outside_asset(facts, text, checks(call.settings))?, amount),
        (_, _, Some(code), Some(amount)) => {
            let currency = florin_domain::currency::need_currency(call.store, "currency", code)?;
            currency.units("amount", amount)?;
            let asset = payable(call.store, facts, &currency, &method)?;
            let cannot = || Refusal::field("method", format!("{code} cannot be paid out by {}", op.method));
            (asset.ok_or_else(cannot)?, amount)
        }
        _ => return Err(Refusal::field("amount", "is required, or destinationamount")),
    };
    if amount.units(facts.decimals_of(&wanted)).is_err() {
        return Err(Refusal::field("amount", "has more digits after the point than the network keeps"));
    }
    let mut sources = Vec::new();
    for balance in ledger::balances(call.store, wallet.waid)? {
        let currency = florin_domain::currency::need_currency(call.store, "currency", &balance.currency_code);
        let Ok(currency) = currency else { continue };
        // What it costs, not what it could be changed into, if a currency was named.
        let named = op.destination_currency.is_some() || op.currency.as_ref() == Some(&currency.code);
        if let Some(asset) = payable(call.store, facts, &currency, &method)?.filter(|_| named) {
            sources.push((currency, asset));
        }
    }
    Ok(Question { bridge, destination, wanted, amount, sources })
}

/// What a currency is on a network, if it can be paid out there.
fn payable(
    store: &mut dyn Reader,
    facts: &Facts,
    currency: &Currency,
    method: &Method,
) -> Result<Option<Asset>, Refusal> {
    if asset::pays_out(store, facts, currency, method)? { asset::asset_of(store, facts, currency) } else { Ok(None) }
}

pub(super) fn ask_for_paths(_: &Bridges, question: Question) -> Result<Vec<(Currency, i128)>, Refusal> {
    let Question { bridge, destination, wanted, amount, sources } = question;
    let mut paths = Vec::new();
    for (currency, asset) in sources {
        let cost = bridge.quote(&destination, &wanted, amount, &asset).map_err(|trouble| trouble.of_question())?;
        // Rounded up to what the books keep: the most that would leave.
        let units = order::ceiling(cost, bridge.facts().decimals_of(&asset), currency.decimals)?;
        paths.push((currency, units));
    }
    Ok(paths)
}

/// Each path is tried as the withdrawal that it would be, and undone: so a path that is answered can be taken, as far as
/// the books say.
pub(super) fn wallet_withdraw_test(
    call: &mut Writing<'_>,
    op: WalletWithdrawTest,
    costs: Vec<(Currency, i128)>,
) -> Result<WithdrawPaths, Refusal> {
    let wallet = wallet_for::<WalletWithdrawTest>(call.store.reader(), call.caller, op.waid)?;
    let (bridge, _) = method_of(call.bridges, "method", &op.method)?;
    wallet.need_active(call.store.reader())?;
    Profile::need_may_withdraw(call.store.reader(), wallet.upid)?;
    let (mut paths, mut refused) = (Vec::new(), None);
    for (currency, units) in costs {
        let source_amount = currency.amount(units)?;
        let real = WalletWithdraw {
            waid: Some(wallet.waid),
            destination_amount: op.destination_amount,
            destination_currency: op.destination_currency.clone(),
            ..WalletWithdraw::new(
                source_amount,
                currency.code.clone(),
                op.method.clone(),
                op.destination_address.clone(),
            )
        };
        call.store.begin_part()?;
        let by = (&wallet, call.caller.upid);
        let tried = order::withdraw(call.store, bridge.as_ref(), by, &real, checks(call.settings), None);
        call.store.end_part(false)?;
        match tried {
            Ok(_) => {
                let fee = order::fee(call.store.reader(), &wallet, &currency, units)?;
                let fee = Some(currency.amount(fee)?);
                paths.push(WithdrawPath { source_amount, fee, source_currency: currency.code });
            }
            Err(refusal) if refusal.code == Code::INSUFFICIENT_FUNDS => {}
            Err(refusal) if refusal.code.is_decided() || refusal.code == Code::INVALID_REQUEST => {
                refused = Some(refusal);
            }
            Err(refusal) => return Err(refusal),
        }
    }
    match refused {
        Some(refusal) if paths.is_empty() => Err(refusal),
        _ => Ok(WithdrawPaths { paths: Some(paths).filter(|paths| !paths.is_empty()) }),
    }
}

pub(super) fn look_for_trust_lines(call: &mut Reading<'_>, op: &GetTrustLines) -> Result<(Way, String), Refusal> {
    let bridge = call.bridges.named("network", &op.network)?.clone();
    let address = bridge.facts().read_plain("address", &op.address, checks(call.settings))?;
    Ok((bridge, address))
}

pub(super) fn ask_for_trust_lines(_: &Bridges, (bridge, address): (Way, String)) -> Result<Vec<Asset>, Refusal> {
    bridge.trust_lines(&address).map_err(|trouble| trouble.of_question())
}

pub(super) fn get_trust_lines(
    call: &mut Reading<'_>,
    op: GetTrustLines,
    assets: Vec<Asset>,
) -> Result<TrustLines, Refusal> {
    let facts = call.bridges.named("network", &op.network)?.facts();
    let mut trust_lines = Vec::new();
    for asset in assets {
        trust_lines.push(TrustLine {
            issuer_name: profile::issuer_name(call.store, facts, &asset)?,
            issuer_address: asset.issuer.unwrap_or_default(),
            currency: asset.code,
        });
    }
    Ok(TrustLines { accepts_native: true, trust_lines })
}

pub(super) fn issue_iou(call: &mut Writing<'_>, op: IssueIOU) -> Result<Done, Refusal> {
    reach::<IssueIOU>(call.store.reader(), call.caller, call.caller.upid)?;
    let bridge = call.bridges.named("network", &op.network)?;
    let by = (call.caller.upid, may_all(call.caller));
    order::issue(call.store, bridge.as_ref(), by, &op, checks(call.settings), call.reference)?;
    Ok(Done {})
}

pub(super) fn look_for_profile_address(call: &mut Reading<'_>, op: &CreateProfileAddress) -> Result<Way, Refusal> {
    reach::<CreateProfileAddress>(call.store, call.caller, call.caller.upid)?;
    let bridge = call.bridges.named("bridgename", &op.bridge_name)?.clone();
    if bridge.facts().issued_decimals.is_none() {
        return Err(Refusal::field("bridgename", "nobody issues anything on this network: it needs no such address"));
    }
    profile::need_none(&identity::need_profile(call.store, call.caller.upid)?, bridge.facts())?;
    Ok(bridge)
}

pub(super) fn ask_for_profile_address(_: &Bridges, bridge: Way) -> Result<NewAddress, Refusal> {
    bridge.new_address().map_err(|trouble| trouble.of_change())
}

pub(super) fn create_profile_address(
    call: &mut Writing<'_>,
    op: CreateProfileAddress,
    new: NewAddress,
) -> Result<CreatedProfileAddress, Refusal> {
    let facts = call.bridges.named("bridgename", &op.bridge_name)?.facts();
    profile::keep(call.store, call.caller.upid, facts, &new, call.sealer)?;
    Ok(CreatedProfileAddress { bridge_name: op.bridge_name, profile_address: new.address })
}

pub(super) fn get_profile_address_list(
    call: &mut Reading<'_>,
    op: GetProfileAddressList,
) -> Result<ProfileAddressList, Refusal> {
    let upid: Upid = op.upid.unwrap_or(call.caller.upid);
    reach::<GetProfileAddressList>(call.store, call.caller, upid)?;
    let owner = identity::need_profile(call.store, upid)?;
    let networks = call.bridges.iter().map(|bridge| -> &Facts { bridge.facts() });
    Ok(ProfileAddressList { addresses: profile::addresses(call.store, &owner, networks)? })
}

/// A trust line to be set.
pub(super) struct Line {
    bridge: Way,
    address: String,
    asset: Asset,
    most: Amount,
}

fn line(bridges: &Bridges, settings: &Settings, op: &SetAddressTrustline) -> Result<Line, Refusal> {
    let bridge = bridges.named("bridgename", &op.bridge_name)?.clone();
    let (facts, checks) = (bridge.facts(), checks(settings));
    if !facts.trust_lines {
        return Err(Refusal::field("bridgename", "this network has no trust lines"));
    }
    let address = facts.read_plain("hostedaddress", &op.hosted_address, checks)?;
    let issuer = facts.read_plain("trustedaddress", &op.trusted_address, checks)?;
    if address == issuer {
        return Err(Refusal::field("trustedaddress", "must be another address than the one that trusts"));
    }
    let asset = Asset { code: op.currency_code.as_str().to_owned(), issuer: Some(issuer) };
    op.amount.units(facts.decimals_of(&asset)).map_err(|e| Refusal::value("amount", &e))?;
    Ok(Line { bridge, address, asset, most: op.amount })
}

pub(super) fn look_for_line(call: &mut Reading<'_>, op: &SetAddressTrustline) -> Result<Line, Refusal> {
    reach::<SetAddressTrustline>(call.store, call.caller, call.caller.upid)?;
    let line = line(call.bridges, call.settings, op)?;
    let all = may_all(call.caller);
    profile::need_hosted(call.store, call.caller.upid, line.bridge.facts(), &line.address, all)?;
    Ok(line)
}

pub(super) fn ask_for_line(_: &Bridges, line: Line) -> Result<(), Refusal> {
    line.bridge.set_trust_line(&line.address, &line.asset, line.most).map_err(|trouble| trouble.of_change())
}

pub(super) fn set_address_trustline(call: &mut Writing<'_>, op: SetAddressTrustline, (): ()) -> Result<Done, Refusal> {
    let line = line(call.bridges, call.settings, &op)?;
    profile::trusted(call.store, line.bridge.facts(), &line.address, &line.asset, &line.most.to_string())?;
    Ok(Done {})
}

pub(super) fn look_for_flag(
    call: &mut Reading<'_>,
    op: &SetAddressAttribute,
) -> Result<(Way, String, Option<bool>), Refusal> {
    reach::<SetAddressAttribute>(call.store, call.caller, call.caller.upid)?;
    let bridge = call.bridges.named("bridgename", &op.bridge_name)?.clone();
    let facts = bridge.facts();
    if facts.tags.is_none() {
        return Err(Refusal::field("bridgename", "this network has no destination tags"));
    }
    let address = facts.read_plain("address", &op.address, checks(call.settings))?;
    profile::need_hosted(call.store, call.caller.upid, facts, &address, may_all(call.caller))?;
    Ok((bridge, address, op.destination_tag_required))
}

pub(super) fn ask_for_flag(
    _: &Bridges,
    (bridge, address, required): (Way, String, Option<bool>),
) -> Result<(), Refusal> {
    let Some(required) = required else { return Ok(()) };
    bridge.set_tag_required(&address, required).map_err(|trouble| trouble.of_change())
}

pub(super) fn set_address_attribute(call: &mut Writing<'_>, op: SetAddressAttribute, (): ()) -> Result<Done, Refusal> {
    let facts = call.bridges.named("bridgename", &op.bridge_name)?.facts();
    if let Some(required) = op.destination_tag_required {
        account::note_tag_required(call.store, facts, &op.address, required)?;
    }
    Ok(Done {})
}

pub(super) fn get_system_active_bridge_list(
    call: &mut Reading<'_>,
    _: GetSystemActiveBridgeList,
) -> Result<BridgeList, Refusal> {
    let mut bridges = Vec::new();
    for bridge in call.bridges.iter() {
        let facts = bridge.facts();
        let accounts = account::of_bridge(call.store, facts.name, bridge.instance())?;
        bridges.push(BridgeEntry {
            bridge_name: facts.name.to_owned(),
            description: facts.description.to_owned(),
            instance_id: bridge.instance(),
            enabled: true,
            status: bridge.status(),
            external_accounts: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
        });
    }
    bridges.sort_by(|a, b| a.bridge_name.cmp(&b.bridge_name));
    Ok(BridgeList { bridges })
}

/// A bridge and its accounts.
type Accounts = (Way, Vec<AccountRow>);

/// What each account of a bridge has.
type Holdings = Vec<(i64, Vec<Holding>)>;

pub(super) fn look_for_balances(call: &mut Reading<'_>, op: &GetSystemBridgeBalances) -> Result<Accounts, Refusal> {
    let bridge = call.bridges.instance(&op.bridge_name, op.instance_id)?.clone();
    let accounts = account::of_bridge(call.store, bridge.facts().name, bridge.instance())?;
    Ok((bridge, accounts))
}

pub(super) fn ask_for_balances(_: &Bridges, (bridge, accounts): Accounts) -> Result<Holdings, Refusal> {
    let of = |account: AccountRow| {
        let holdings = bridge.balances(&account.identifier).map_err(|trouble| trouble.of_question())?;
        Ok((account.number, holdings))
    };
    accounts.into_iter().map(of).collect()
}

pub(super) fn get_system_bridge_balances(
    call: &mut Reading<'_>,
    op: GetSystemBridgeBalances,
    holdings: Holdings,
) -> Result<BridgeBalances, Refusal> {
    let facts = call.bridges.instance(&op.bridge_name, op.instance_id)?.facts();
    let mut balances = Vec::new();
    let mut told = Vec::new();
    for (number, list) in holdings {
        for holding in list {
            let Some(currency) = asset::currency_of(call.store, facts, &holding.asset)? else { continue };
            // What the books say is of the whole network: it stands once, with the first account that has the currency.
            let inside = if told.contains(&currency.number) {
                account::Inside::default()
            } else {
                told.push(currency.number);
                account::inside(call.store, &currency, facts.name)?
            };
            balances.push(BridgeBalance {
                identifier: number.to_string(),
                internal_fee: currency.amount(inside.fees)?,
                internal_balance: currency.amount(inside.total)?,
                internal_available: currency.amount(inside.total.saturating_sub(inside.held))?,
                internal_held: currency.amount(inside.held)?,
                external_balance: holding.amount,
                precision: currency.decimals,
                currency: currency.code.letters().to_owned(),
                currency_number: currency.number,
            });
        }
    }
    Ok(BridgeBalances {
        bridge_name: op.bridge_name,
        instance_id: op.instance_id,
        description: facts.description.to_owned(),
        balances,
    })
}

pub(super) fn update_bridge_external_account(
    call: &mut Writing<'_>,
    op: UpdateBridgeExternalAccount,
) -> Result<Done, Refusal> {
    let bridge = call.bridges.named("bridgename", &op.bridge_name)?;
    if bridge.instance() != op.bridge_instance_id {
        return Err(Refusal::field("bridgeinstanceid", "there is no such bridge"));
    }
    let (facts, data) = (bridge.facts(), &op.account_data.0.0);
    if let Some(address) = data.get(facts.identifier).and_then(serde_json::Value::as_str) {
        let kind = facts.address_kind();
        kind.check(address, checks(call.settings))
            .map_err(|reason| Refusal::field(&format!("accountdata.{}", facts.identifier), reason))?;
    }
    account::update(call.store, facts, bridge.instance(), data, call.sealer)?;
    Ok(Done {})
}

pub(super) fn get_external_account_identifier_field(
    call: &mut Reading<'_>,
    op: GetExternalAccountIdentifierField,
) -> Result<AccountIdentifier, Refusal> {
    let facts = kind(call.bridges, &op.bridge_name)?;
    let attribute = facts.attributes.iter().find(|attribute| attribute.name == facts.identifier);
    let attribute = attribute.ok_or_else(Refusal::not_found)?;
    let text = str::to_owned;
    let (name, label, kind) = (text(attribute.name), text(attribute.label), text(attribute.kind));
    Ok(AccountIdentifier { identifier: AccountIdentifierField { name, label, kind } })
}

/// The kind of bridge of that name; `NOT_FOUND` if this platform has none.
fn kind(bridges: &Bridges, name: &str) -> Result<&'static Facts, Refusal> {
    bridges.named("bridgename", name).map(|bridge| bridge.facts()).map_err(|_| Refusal::not_found())
}

pub(super) fn get_system_bridge_external_account_attribute_list(
    call: &mut Reading<'_>,
    op: GetSystemBridgeExternalAccountAttributeList,
) -> Result<AccountAttributeList, Refusal> {
    let attributes = kind(call.bridges, &op.bridge_name)?.attributes.iter().map(|attribute| AccountAttribute {
        name: attribute.name.to_owned(),
        label: attribute.label.to_owned(),
        kind: attribute.kind.to_owned(),
        masked: attribute.masked,
    });
    Ok(AccountAttributeList { attributes: attributes.collect() })
}

pub(super) fn get_system_bridge_external_account_list(
    call: &mut Reading<'_>,
    op: GetSystemBridgeExternalAccountList,
) -> Result<ExternalAccountList, Refusal> {
    let facts = call.bridges.instance(&op.bridge_name, op.instance_id)?.facts();
    let mut accounts = Vec::new();
    for account in account::of_bridge(call.store, facts.name, op.instance_id)? {
        accounts.push(ExternalAccount {
            id: u32::try_from(account.number).unwrap_or(u32::MAX),
            status: "Ok".to_owned(),
            issuing: account.issuing,
            trackable: account.trackable,
            attributes: account.shown(),
            trust_lines: lines(call.store, facts, &account.identifier)?,
            description: account.description,
        });
    }
    Ok(ExternalAccountList { identifier: facts.identifier.to_owned(), accounts })
}

pub(super) fn list_bridge_deposits(
    call: &mut Reading<'_>,
    op: ListBridgeDeposits,
) -> Result<BridgeDepositList, Refusal> {
    let facts = call.bridges.instance(&op.bridge_name, op.instance_id)?.facts();
    let (before, limit) = (cursor(op.after.as_deref())?, op.limit.unwrap_or(DEFAULT_PAGE) as usize);
    let mut rows = deposit::list(call.store, facts, op.status.as_deref(), before, limit.saturating_add(1))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.number.to_string());
    let shown = |row: deposit::BridgeDeposit| {
        Ok(BridgeDeposit {
            address: row.tag.map_or_else(|| row.address.clone(), |tag| format!("{}-{tag}", row.address)),
            external_transaction_id: row.network_id,
            status: row.status.as_str().to_owned(),
            reason: row.reason,
            source_address: row.sender,
            asset: row.asset,
            amount: stored(&row.amount)?,
            waid: row.waid,
            txid: row.txid,
            timestamp: row.created,
        })
    };
    Ok(BridgeDepositList { deposits: rows.into_iter().map(shown).collect::<Result<_, Refusal>>()?, next })
}

/// An amount as the tables have it.
fn stored(text: &str) -> Result<Amount, Refusal> {
    text.parse().map_err(|_| {
        tracing::error!("a bridge's table holds what is no amount");
        Refusal::new(Code::SYSTEM_ERROR)
    })
}

pub(super) fn list_bridge_orders(call: &mut Reading<'_>, op: ListBridgeOrders) -> Result<BridgeOrderList, Refusal> {
    let facts = call.bridges.instance(&op.bridge_name, op.instance_id)?.facts();
    let (before, limit) = (cursor(op.after.as_deref())?, op.limit.unwrap_or(DEFAULT_PAGE) as usize);
    let mut rows = order::list(call.store, facts, op.status.as_deref(), before, limit.saturating_add(1))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.number.to_string());
    let shown = |row: order::Order| {
        Ok(BridgeOrder {
            destination_address: Destination { address: row.address, tag: row.tag }.written(),
            order_id: row.id,
            txid: row.txid,
            upid: row.upid,
            status: row.status.as_str().to_owned(),
            reason: row.reason,
            source_address: row.source,
            asset: row.asset,
            amount: stored(&row.amount)?,
            external_transaction_id: row.network_id,
            reference_id: row.reference,
            timestamp: row.created,
            finished: row.closed,
        })
    };
    Ok(BridgeOrderList { orders: rows.into_iter().map(shown).collect::<Result<_, Refusal>>()?, next })
}

pub(super) fn assign_bridge_deposit(call: &mut Writing<'_>, op: AssignBridgeDeposit) -> Result<Moved, Refusal> {
    let facts = call.bridges.named("bridgename", &op.bridge_name)?.facts();
    let wallet = wallet_for::<AssignBridgeDeposit>(call.store.reader(), call.caller, Some(op.waid))?;
    let txid = deposit::assign(call.store, facts, &op.external_transaction_id, &wallet, call.reference)?;
    call.made = Made { txid: Some(txid), prid: None };
    Ok(Moved { txid, waid: wallet.waid })
}

/// What an account accepts: there only where the network has trust lines.
fn lines(
    store: &mut dyn Reader,
    facts: &Facts,
    address: &str,
) -> Result<Option<Vec<florin_sdk_core::operation::IssuerLine>>, Refusal> {
    if facts.trust_lines { profile::lines_of(store, facts, address).map(Some) } else { Ok(None) }
}
