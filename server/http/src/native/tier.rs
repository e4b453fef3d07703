//! KYC tiers.

use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::reach;
use florin_domain::tier::{self, TierTerms};
use florin_sdk_core::Amount;
use florin_sdk_core::model::Tier;
use florin_sdk_core::operation::{AssignTier, DeleteTier, Done, GetTierData, SetTier, TierList};

/// A limit as the contract shows it: a decimal number, or nothing where there is none.
fn text(limit: Option<Amount>) -> String {
    limit.map(|limit| limit.to_string()).unwrap_or_default()
}

fn shown(tier: &tier::Tier) -> Tier {
    let terms = tier.says();
    let [limit_deposit_fiat_1, limit_deposit_fiat_2] = terms.deposit_fiat_limits.map(text);
    let [limit_deposit_crypto_1, limit_deposit_crypto_2] = terms.deposit_crypto_limits.map(text);
    let [limit_withdraw_fiat_1, limit_withdraw_fiat_2] = terms.withdraw_fiat_limits.map(text);
    let [limit_withdraw_crypto_1, limit_withdraw_crypto_2] = terms.withdraw_crypto_limits.map(text);
    let [limit_transfer_fiat_1, limit_transfer_fiat_2] = terms.transfer_fiat_limits;
    let [limit_transfer_crypto_1, limit_transfer_crypto_2] = terms.transfer_crypto_limits;
    let [limit_payment_fiat_1, limit_payment_fiat_2] = terms.payment_fiat_limits;
    let [limit_payment_crypto_1, limit_payment_crypto_2] = terms.payment_crypto_limits;
    Tier {
        level: tier.level,
        tier_name: tier.name.clone(),
        deposit_crypto: terms.deposit_crypto,
        deposit_fiat: terms.deposit_fiat,
        withdraw_crypto: terms.withdraw_crypto,
        withdraw_fiat: terms.withdraw_fiat,
        transfer_crypto: terms.transfer_crypto,
        transfer_fiat: terms.transfer_fiat,
        trading: terms.trading,
        create_payment_request: terms.create_payment_request,
        send_payment: terms.send_payment,
        receive_payment: terms.receive_payment,
        process_payment: terms.process_payment,
        limit_deposit_fiat_1,
        limit_deposit_fiat_2,
        limit_deposit_crypto_1,
        limit_deposit_crypto_2,
        limit_withdraw_fiat_1,
        limit_withdraw_fiat_2,
        limit_withdraw_crypto_1,
        limit_withdraw_crypto_2,
        limit_transfer_fiat_1,
        limit_transfer_fiat_2,
        limit_transfer_crypto_1,
        limit_transfer_crypto_2,
        limit_payment_fiat_1,
        limit_payment_fiat_2,
        limit_payment_crypto_1,
        limit_payment_crypto_2,
        limit_delay_hours: terms.hours,
        limit_delay_days: terms.days,
    }
}

pub(super) fn get_tier_data(call: &mut Reading<'_>, _: GetTierData) -> Result<TierList, Refusal> {
    reach::<GetTierData>(call.store, call.caller, call.caller.upid)?;
    Ok(TierList { tiers: tier::list(call.store)?.iter().map(shown).collect() })
}

pub(super) fn set_tier(call: &mut Writing<'_>, op: SetTier) -> Result<Done, Refusal> {
    reach::<SetTier>(call.store.reader(), call.caller, call.caller.upid)?;
    let terms = TierTerms {
        deposit_crypto: op.deposit_crypto.unwrap_or(true),
        deposit_fiat: op.deposit_fiat.unwrap_or(true),
        withdraw_crypto: op.withdraw_crypto.unwrap_or(true),
        withdraw_fiat: op.withdraw_fiat.unwrap_or(true),
        transfer_crypto: op.transfer_crypto.unwrap_or(true),
        transfer_fiat: op.transfer_fiat.unwrap_or(true),
        trading: op.trading.unwrap_or(true),
        create_payment_request: op.create_payment_request.unwrap_or(true),
        send_payment: op.send_payment.unwrap_or(true),
        receive_payment: op.receive_payment.unwrap_or(true),
        process_payment: op.process_payment.unwrap_or(true),
        deposit_fiat_limits: [op.limit_deposit_fiat_1, op.limit_deposit_fiat_2],
        deposit_crypto_limits: [op.limit_deposit_crypto_1, op.limit_deposit_crypto_2],
        withdraw_fiat_limits: [op.limit_withdraw_fiat_1, op.limit_withdraw_fiat_2],
        withdraw_crypto_limits: [op.limit_withdraw_crypto_1, op.limit_withdraw_crypto_2],
        transfer_fiat_limits: [op.limit_transfer_fiat_1, op.limit_transfer_fiat_2],
        transfer_crypto_limits: [op.limit_transfer_crypto_1, op.limit_transfer_crypto_2],
        payment_fiat_limits: [op.limit_payment_fiat_1, op.limit_payment_fiat_2],
        payment_crypto_limits: [op.limit_payment_crypto_1, op.limit_payment_crypto_2],
        hours: op.limit_delay_hours.unwrap_or(TierTerms::default().hours),
        days: op.limit_delay_days.unwrap_or(TierTerms::default().days),
    };
    tier::set(call.store, op.level, op.tier_name, &terms)?;
    Ok(Done {})
}

pub(super) fn assign_tier(call: &mut Writing<'_>, op: AssignTier) -> Result<Done, Refusal> {
    reach::<AssignTier>(call.store.reader(), call.caller, op.upid)?;
    tier::assign(call.store, op.upid, op.level)?;
    Ok(Done {})
}

pub(super) fn delete_tier(call: &mut Writing<'_>, op: DeleteTier) -> Result<Done, Refusal> {
    reach::<DeleteTier>(call.store.reader(), call.caller, call.caller.upid)?;
    tier::delete(call.store, op.level)?;
    Ok(Done {})
}
