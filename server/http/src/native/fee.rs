//! Fee schedules.

use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::reach;
use florin_domain::currency::{self, need_currency};
use florin_domain::fee::{self, FeeRule};
use florin_domain::store::Reader;
use florin_sdk_core::model;
use florin_sdk_core::operation::{
    AssignFeeSchedule, DeleteFeeSchedule, Done, FeeScheduleList, FeeScheduleSet, ListFeeSchedules, SetFeeSchedule,
};

fn shown(store: &mut dyn Reader, rule: &FeeRule) -> Result<model::FeeRule, Refusal> {
    let currency = rule.currency.map(|number| currency::by_number(store, number)).transpose()?;
    let amount = |units: i128| match &currency {
        Some(currency) if units != 0 => currency.amount(units).map(Some),
        _ => Ok(None),
    };
    Ok(model::FeeRule {
        fee_operation: rule.operation.clone(),
        fixed: amount(rule.fixed)?,
        basis_points: rule.basis_points,
        least: amount(rule.least)?,
        most: rule.most.map_or(Ok(None), amount)?,
        fee_currency: currency.map(|currency| currency.code),
    })
}

pub(super) fn list_fee_schedules(call: &mut Reading<'_>, _: ListFeeSchedules) -> Result<FeeScheduleList, Refusal> {
    reach::<ListFeeSchedules>(call.store, call.caller, call.caller.upid)?;
    let default = fee::default_fsid().map(|fsid| model::FeeSchedule {
        fsid,
        schedule_name: fee::DEFAULT_NAME.to_owned(),
        is_default: true,
        rules: Vec::new(),
    });
    let mut schedules: Vec<_> = default.into_iter().collect();
    for schedule in fee::list(call.store)? {
        let rules = schedule.rule_list().iter().map(|rule| shown(call.store, rule)).collect::<Result<_, _>>()?;
        let fsid = schedule.fsid;
        schedules.push(model::FeeSchedule { fsid, schedule_name: schedule.name, is_default: false, rules });
    }
    Ok(FeeScheduleList { schedules })
}

pub(super) fn set_fee_schedule(call: &mut Writing<'_>, op: SetFeeSchedule) -> Result<FeeScheduleSet, Refusal> {
    reach::<SetFeeSchedule>(call.store.reader(), call.caller, call.caller.upid)?;
    let rule = match op.fee_operation {
        None => None,
        Some(operation) => {
            let code = op.fee_currency.as_ref();
            let currency = code.map(|code| need_currency(call.store.reader(), "feecurrency", code)).transpose()?;
            let units = |field: &str, amount: Option<florin_sdk_core::Amount>| match (&currency, amount) {
                (Some(currency), Some(amount)) => currency.units(field, amount).map(Some),
                _ => Ok(None),
            };
            let rule = FeeRule {
                operation,
                fixed: units("fixedamount", op.fixed)?.unwrap_or(0),
                basis_points: op.basis_points.unwrap_or(0),
                least: units("leastamount", op.least)?.unwrap_or(0),
                most: units("mostamount", op.most)?,
                currency: currency.as_ref().map(|currency| currency.number),
            };
            if rule.most.is_some_and(|most| most < rule.least) {
                return Err(Refusal::field("mostamount", "must not be less than leastamount"));
            }
            Some(rule)
        }
    };
    let fsid = fee::set(call.store, op.fsid, op.schedule_name, rule)?;
    Ok(FeeScheduleSet { fsid })
}

pub(super) fn assign_fee_schedule(call: &mut Writing<'_>, op: AssignFeeSchedule) -> Result<Done, Refusal> {
    reach::<AssignFeeSchedule>(call.store.reader(), call.caller, op.upid)?;
    fee::assign(call.store, op.upid, op.fsid)?;
    Ok(Done {})
}

pub(super) fn delete_fee_schedule(call: &mut Writing<'_>, op: DeleteFeeSchedule) -> Result<Done, Refusal> {
    reach::<DeleteFeeSchedule>(call.store.reader(), call.caller, call.caller.upid)?;
    fee::delete(call.store, op.fsid)?;
    Ok(Done {})
}
