//! Fee schedules. Source: spec/omnigate/operations.json, group Fee; all but DeleteFeeSchedule are Florin's own.

use super::operation;
#[cfg(feature = "write")]
use crate::id::{Fsid, Upid};
#[cfg(feature = "write")]
use crate::model::FeeOperation;
use crate::model::FeeSchedule;
#[cfg(feature = "write")]
use crate::money::{Amount, CurrencyCode};

operation! {
    /// Lists the fee schedules and their rules.
    pub read struct ListFeeSchedules -> FeeScheduleList;
    Get "/system/fee/schedules"; callers Provider; group "fees"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["readsystemdata", "systemadmin"] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The fee schedules.
    pub struct FeeScheduleList {
        /// The schedules, the default one first.
        "schedulelist" schedules: Vec<FeeSchedule>;
    }
}

operation! {
    /// Makes a fee schedule, or changes one: its name, and one rule, which takes the place of the rule for the same
    /// operation and currency. The fee is the fixed part and the part of the amount, rounded down, within the bounds.
    pub write struct SetFeeSchedule -> FeeScheduleSet;
    Post "/system/fee/schedule"; callers Provider; group "fees"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["systemadmin"] }
    required {}
    optional {
        /// The schedule to change; a new one when absent.
        "fsid" fsid: Fsid = 21..=21;
        /// Its name; required for a new one.
        "schedulename" schedule_name: String = 1..=30;
        /// What the rule is for.
        "operation" fee_operation: FeeOperation;
        /// The currency that the rule is for; all that have no rule of their own when absent.
        "feecurrency" fee_currency: CurrencyCode = 3..=32;
        /// The fixed part, in whole currency units.
        "fixedamount" fixed: Amount = 1..=25;
        /// The part of the amount, in hundredths of a percent: 150 is 1.5 %.
        "basispoints" basis_points: u32 = 0..=10_000;
        /// The least fee, in whole currency units.
        "leastamount" least: Amount = 1..=25;
        /// The greatest fee, in whole currency units.
        "mostamount" most: Amount = 1..=25;
    }
    check |op, problems| {
        let of_rule = [
            ("feecurrency", op.fee_currency.is_some()),
            ("fixedamount", op.fixed.is_some()),
            ("basispoints", op.basis_points.is_some()),
            ("leastamount", op.least.is_some()),
            ("mostamount", op.most.is_some()),
        ];
        for (name, _) in of_rule.into_iter().filter(|(_, present)| *present && op.fee_operation.is_none()) {
            problems.add(name, "is part of a rule: name its operation, too");
        }
        let of_currency = [("fixedamount", &op.fixed), ("leastamount", &op.least), ("mostamount", &op.most)];
        for (name, _) in of_currency.into_iter().filter(|(_, amount)| amount.is_some() && op.fee_currency.is_none()) {
            problems.add(name, "is an amount of one currency: name it, too");
        }
    }
}

wire_record! {
    write
    /// The schedule that was made or changed.
    pub struct FeeScheduleSet {
        /// The schedule.
        "fsid" fsid: Fsid;
    }
}

operation! {
    /// Puts a profile on a fee schedule; on the default one, which takes nothing, when none is named.
    pub write struct AssignFeeSchedule -> super::Done;
    Post "/system/fee/schedule/assign"; callers Provider; group "fees"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// Whose fee schedule.
        "upid" upid: Upid = 21..=21;
    }
    optional {
        /// The schedule.
        "fsid" fsid: Fsid = 21..=21;
    }
}

operation! {
    /// Deletes a fee schedule. Its profiles are on the default one from then on, which cannot be deleted.
    pub write struct DeleteFeeSchedule -> super::Done;
    Delete "/system/fee/schedule/{fsid}"; callers Provider; group "fees"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// Which schedule.
        "fsid" fsid: Fsid = 21..=21;
    }
    optional {}
}
