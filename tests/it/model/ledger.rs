//! A plain ledger: what the rules say, in as few words as can be, and without a database.
//!
//! Each method does what a request asks for if it may, and says which code answers it.

use super::step::WALLETS;

pub(super) const OK: u32 = 10000;
const INVALID: u32 = 20000;
const INSUFFICIENT: u32 = 20009;
const LIMIT: u32 = 20010;
const NOT_PAYABLE: u32 = 20011;
const HOLD_CLOSED: u32 = 20016;
const WITHDRAWAL_CLOSED: u32 = 20017;

/// The fee of who is charged: a fixed part, and a part in hundredths of a percent, rounded down.
pub(super) const FIXED: i128 = 5;
pub(super) const BASIS_POINTS: i128 = 230;

/// How much those who are limited may transfer, pay, deposit and withdraw, each by itself.
pub(super) const LIMIT_UNITS: i128 = 5000;

/// What a limit is about.
#[derive(Debug, Clone, Copy)]
enum Action {
    Transfer,
    Payment,
    Deposit,
    Withdraw,
}

/// Refusals that are decisions: they stand, and are given again to whoever repeats the request.
pub(super) fn is_decided(code: u32) -> bool {
    matches!(code, OK | INSUFFICIENT | LIMIT | NOT_PAYABLE | HOLD_CLOSED | WITHDRAWAL_CLOSED)
}

pub(super) struct Hold {
    pub(super) wallet: usize,
    pub(super) units: i128,
    /// The tick at which it is over.
    pub(super) ends: u32,
    pub(super) open: bool,
}

/// What moved from one wallet to another and can be paid back.
struct Moved {
    from: usize,
    to: usize,
    units: i128,
    rest: i128,
    /// The payment request that it paid.
    request: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Waiting,
    Paid,
    Declined,
    Timeout,
    Refunded,
}

struct Withdrawal {
    wallet: usize,
    units: i128,
    fee: i128,
    open: bool,
}

struct Request {
    payer: usize,
    units: i128,
    ends: u32,
    status: Status,
}

#[derive(Default)]
pub(super) struct Ledger {
    tick: u32,
    pub(super) issued: i128,
    pub(super) redeemed: i128,
    pub(super) available: [i128; WALLETS],
    pub(super) holds: Vec<Hold>,
    moved: Vec<Moved>,
    requests: Vec<Request>,
    withdrawals: Vec<Withdrawal>,
    /// Who pays fees, and who is limited.
    pub(super) charged: [bool; WALLETS],
    pub(super) limited: [bool; WALLETS],
    /// What was counted towards the limits.
    used: [[i128; 4]; WALLETS],
    pub(super) deposited: i128,
    pub(super) withdrawn: i128,
    pub(super) fees: i128,
}

impl Ledger {
    pub(super) fn held(&self, wallet: usize) -> i128 {
        let holds = self.holds.iter().filter(|hold| hold.open && hold.wallet == wallet).map(|hold| hold.units);
        let going = self.withdrawals.iter().filter(|going| going.open && going.wallet == wallet);
        holds.chain(going.map(|going| going.units + going.fee)).sum()
    }

    pub(super) fn pass(&mut self, ticks: u32) {
        self.tick += ticks;
        for hold in &mut self.holds {
            if hold.open && hold.ends <= self.tick {
                hold.open = false;
                self.available[hold.wallet] += hold.units;
            }
        }
        for request in &mut self.requests {
            if request.status == Status::Waiting && request.ends <= self.tick {
                request.status = Status::Timeout;
            }
        }
    }

    fn spend(&mut self, wallet: usize, units: i128) -> u32 {
        if units <= 0 {
            return INVALID;
        }
        if self.available[wallet] < units {
            return INSUFFICIENT;
        }
        self.available[wallet] -= units;
        OK
    }

    pub(super) fn issue(&mut self, units: i128) -> u32 {
        if units <= 0 {
            return INVALID;
        }
        self.issued += units;
        self.available[0] += units;
        OK
    }

    pub(super) fn redeem(&mut self, units: i128) -> u32 {
        let code = self.spend(0, units);
        if code == OK {
            self.redeemed += units;
        }
        code
    }

    fn fee(&self, wallet: usize, units: i128) -> i128 {
        if self.charged[wallet] { FIXED + units * BASIS_POINTS / 10_000 } else { 0 }
    }

    /// Counts what was done, if it may be: by whoever is limited only.
    fn counted(&mut self, wallet: usize, action: Action, units: i128, work: impl FnOnce(&mut Self) -> u32) -> u32 {
        let limited = self.limited[wallet];
        if limited && units > 0 && self.used[wallet][action as usize] + units > LIMIT_UNITS {
            return LIMIT;
        }
        let code = work(self);
        if code == OK && limited {
            self.used[wallet][action as usize] += units;
        }
        code
    }

    /// A transfer.
    pub(super) fn transfer(&mut self, from: usize, to: usize, units: i128) -> u32 {
        if from == to {
            return INVALID;
        }
        let fee = self.fee(from, units);
        self.counted(from, Action::Transfer, units, |ledger| ledger.transfer_for(from, to, (units, fee), None))
    }

    /// A credit or a debit: without a fee.
    pub(super) fn own(&mut self, from: usize, to: usize, units: i128) -> u32 {
        self.transfer_for(from, to, (units, 0), None)
    }

    fn transfer_for(&mut self, from: usize, to: usize, (units, fee): (i128, i128), request: Option<usize>) -> u32 {
        let code = if from == to || units <= 0 { INVALID } else { self.spend(from, units + fee) };
        if code == OK {
            self.available[to] += units;
            self.fees += fee;
            self.moved.push(Moved { from, to, units, rest: units, request });
        }
        code
    }

    pub(super) fn hold(&mut self, wallet: usize, units: i128, ticks: u32) -> u32 {
        let code = self.spend(wallet, units);
        if code == OK {
            self.holds.push(Hold { wallet, units, ends: self.tick + ticks, open: true });
        }
        code
    }

    pub(super) fn capture(&mut self, index: usize, units: Option<i128>) -> u32 {
        let hold = &mut self.holds[index];
        let units = units.unwrap_or(hold.units);
        let code = match units {
            // What no request may say comes before what this one is about.
            units if units <= 0 => INVALID,
            _ if !hold.open => HOLD_CLOSED,
            units if units > hold.units => LIMIT,
            // To oneself.
            _ if hold.wallet == 0 => INVALID,
            _ => OK,
        };
        if code == OK {
            hold.open = false;
            self.available[hold.wallet] += hold.units - units;
            self.available[0] += units;
            self.moved.push(Moved { from: hold.wallet, to: 0, units, rest: units, request: None });
        }
        code
    }

    pub(super) fn release(&mut self, index: usize) -> u32 {
        let hold = &mut self.holds[index];
        if !std::mem::take(&mut hold.open) {
            return HOLD_CLOSED;
        }
        self.available[hold.wallet] += hold.units;
        OK
    }

    pub(super) fn refund(&mut self, index: usize, units: Option<i128>) -> u32 {
        let Moved { from, to, rest, units: whole, request } = self.moved[index];
        let units = match units {
            Some(units) if units <= 0 => return INVALID,
            Some(units) => units,
            None => rest,
        };
        if units > rest || rest == 0 {
            return LIMIT;
        }
        let code = self.spend(to, units);
        if code == OK {
            self.available[from] += units;
            self.moved[index].rest -= units;
            if let Some(request) = request.filter(|_| units == rest) {
                self.requests[request].status = Status::Refunded;
            }
            assert!(self.moved[index].rest >= 0 && units <= whole);
        }
        code
    }

    pub(super) fn ask(&mut self, payer: usize, units: i128, ticks: u32) -> u32 {
        if units <= 0 || payer == 0 {
            return INVALID;
        }
        self.requests.push(Request { payer, units, ends: self.tick + ticks, status: Status::Waiting });
        OK
    }

    /// How much a payment request is for.
    pub(super) fn asked(&self, index: usize) -> i128 {
        self.requests[index].units
    }

    pub(super) fn status(&self, index: usize) -> Status {
        self.requests[index].status
    }

    pub(super) fn accept(&mut self, index: usize, units: i128) -> u32 {
        let Request { payer, units: asked, status, .. } = self.requests[index];
        if units <= 0 {
            return INVALID;
        }
        if status != Status::Waiting {
            return NOT_PAYABLE;
        }
        if units != asked {
            return INVALID;
        }
        let sum = (units, self.fee(payer, units));
        let pay = |ledger: &mut Self| ledger.transfer_for(payer, 0, sum, Some(index));
        let code = self.counted(payer, Action::Payment, units, pay);
        if code == OK {
            self.requests[index].status = Status::Paid;
        }
        code
    }

    pub(super) fn refuse(&mut self, index: usize) -> u32 {
        let request = &mut self.requests[index];
        if request.status != Status::Waiting {
            return NOT_PAYABLE;
        }
        request.status = Status::Declined;
        OK
    }

    pub(super) fn deposit(&mut self, to: usize, units: i128) -> u32 {
        if units <= 0 {
            return INVALID;
        }
        self.counted(to, Action::Deposit, units, |ledger| {
            ledger.available[to] += units;
            ledger.deposited += units;
            OK
        })
    }

    pub(super) fn withdraw(&mut self, wallet: usize, units: i128) -> u32 {
        if units <= 0 {
            return INVALID;
        }
        let fee = self.fee(wallet, units);
        self.counted(wallet, Action::Withdraw, units, |ledger| {
            let code = ledger.spend(wallet, units + fee);
            if code == OK {
                ledger.withdrawals.push(Withdrawal { wallet, units, fee, open: true });
            }
            code
        })
    }

    /// Completes a withdrawal, or gives its money back.
    pub(super) fn close(&mut self, index: usize, complete: bool) -> u32 {
        let going = &mut self.withdrawals[index];
        if !std::mem::take(&mut going.open) {
            return WITHDRAWAL_CLOSED;
        }
        if complete {
            self.withdrawn += going.units;
            self.fees += going.fee;
        } else {
            self.available[going.wallet] += going.units + going.fee;
            // What was not counted, as there was no limit then, is taken from what was: that much is free again.
            let used = &mut self.used[going.wallet][Action::Withdraw as usize];
            *used = (*used - going.units).max(0);
        }
        OK
    }
}
