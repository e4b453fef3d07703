//! What may happen: every operation that is about money, well and badly, and the passing of time.

use proptest::prelude::*;

/// Wallets: the first is the provider's own, the others its users'.
pub(super) const WALLETS: usize = 4;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Issue(u32),
    Redeem(u32),
    Transfer(usize, usize, u32),
    Credit(usize, u32),
    Debit(usize, u32),
    /// A short or a long one.
    Hold(usize, u32, bool),
    /// Of one of the holds: how much, or all.
    Capture(usize, Option<u32>),
    Release(usize),
    /// Of one of the transactions that moved money from one to another: how much, or the rest.
    Refund(usize, Option<u32>),
    /// Of one of the others.
    RefundOther(usize),
    Ask(usize, u32),
    /// One of the payment requests, and how much too much or too little.
    Accept(usize, i32),
    Refuse(usize),
    /// From outside.
    Deposit(usize, u32),
    /// To the outside.
    Withdraw(usize, u32),
    /// One of the withdrawals: completed, or failed.
    Close(usize, bool),
    /// Whether a wallet's owner pays fees.
    Charge(usize, bool),
    /// Whether a wallet's owner may transfer, pay, deposit and withdraw so much only.
    Limit(usize, bool),
    /// One of the requests that are wrong by themselves.
    Bad(usize),
    /// One of the earlier requests again.
    Repeat(usize),
    /// One of the earlier references again, for another amount.
    Conflict(usize),
    /// So many ticks pass.
    Wait(u32),
    Sweep,
}

/// Steps, each with whether it is sent under a client reference.
pub(super) fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let wallet = || 0..WALLETS;
    let any_one = || 0..60_usize;
    let step = prop_oneof![
        2 => (0..9000_u32).prop_map(Step::Issue),
        1 => (0..5000_u32).prop_map(Step::Redeem),
        5 => (wallet(), wallet(), 0..3000_u32).prop_map(|(from, to, units)| Step::Transfer(from, to, units)),
        3 => (wallet(), 0..3000_u32).prop_map(|(to, units)| Step::Credit(to, units)),
        3 => (wallet(), 0..2000_u32).prop_map(|(from, units)| Step::Debit(from, units)),
        5 => (wallet(), 0..1500_u32, any::<bool>()).prop_map(|(of, units, long)| Step::Hold(of, units, long)),
        4 => (any_one(), prop::option::of(0..1500_u32)).prop_map(|(hold, units)| Step::Capture(hold, units)),
        2 => any_one().prop_map(Step::Release),
        5 => (any_one(), prop::option::of(0..2000_u32)).prop_map(|(moved, units)| Step::Refund(moved, units)),
        1 => any_one().prop_map(Step::RefundOther),
        3 => (wallet(), 0..2000_u32).prop_map(|(payer, units)| Step::Ask(payer, units)),
        3 => (any_one(), prop_oneof![6 => Just(0), 1 => Just(-1), 1 => Just(1)]).prop_map(|(i, by)| Step::Accept(i, by)),
        1 => any_one().prop_map(Step::Refuse),
        2 => (wallet(), 0..3000_u32).prop_map(|(to, units)| Step::Deposit(to, units)),
        4 => (wallet(), 0..2500_u32).prop_map(|(of, units)| Step::Withdraw(of, units)),
        4 => (any_one(), any::<bool>()).prop_map(|(index, complete)| Step::Close(index, complete)),
        1 => (wallet(), any::<bool>()).prop_map(|(of, on)| Step::Charge(of, on)),
        1 => (wallet(), any::<bool>()).prop_map(|(of, on)| Step::Limit(of, on)),
        3 => any_one().prop_map(Step::Bad),
        4 => any_one().prop_map(Step::Repeat),
        2 => any_one().prop_map(Step::Conflict),
        2 => (1..4_u32).prop_map(Step::Wait),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec((step, prop::bool::weighted(0.8)), 1..200)
}
