//! Balances.

use super::asked::Asked;
use florin_domain::identity::default_wallet;
use florin_domain::ledger;
use florin_domain::momo::{Denial, request};
use florin_domain::store::Reader;
use florin_sdk_core::Amount;
use florin_sdk_core::momo::{AccountBalance, ByCurrency, NoPath};

pub(super) fn get_account_balance(store: &mut dyn Reader, asked: &Asked, _: NoPath) -> Result<AccountBalance, Denial> {
    let currency = asked.user()?.currency.to_string();
    balance(store, asked, &currency)
}

pub(super) fn get_account_balance_in_currency(
    store: &mut dyn Reader,
    asked: &Asked,
    path: ByCurrency,
) -> Result<AccountBalance, Denial> {
    balance(store, asked, &path.currency)
}

/// What the ledger says.
fn balance(store: &mut dyn Reader, asked: &Asked, code: &str) -> Result<AccountBalance, Denial> {
    let currency = request::currency(store, code)?;
    let wallet = default_wallet(store, asked.user()?.upid)?;
    let balances = ledger::balances(store, wallet.waid)?;
    let found = balances.into_iter().find(|balance| balance.currency_code == currency.code);
    let available = found.map_or(Amount::ZERO, |balance| balance.available);
    Ok(AccountBalance::new(Amount::from(available.decimal().normalize()), currency.code.to_string()))
}
