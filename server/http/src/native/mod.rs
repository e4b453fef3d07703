//! The native surface, `/api/v1`: every operation of the list with its handler. A handler translates its request, asks
//! the domain, and translates back.

mod application;
mod bridge;
mod component;
mod credential;
mod currency;
mod fee;
mod hold;
mod notification;
mod payment;
mod person;
mod profile;
mod system;
mod team;
mod tier;
mod user;
mod wallet;

use crate::exchange::Routes;
use crate::live;

/// The operations in their places.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(crate) fn routes() -> Routes {
    Routes::default()
        .read(profile::get_profile)
        .write_after(profile::prepare_profile, profile::create_profile)
        .write(profile::update_profile)
        .write(profile::update_system_profile)
        .read(profile::get_profile_extended_attribute_list)
        .write(profile::set_extended_attribute)
        .write(profile::delete_extended_attribute)
        .write(team::add_team_user)
        .read(team::get_team_list)
        .write(team::update_team_user)
        .write(team::delete_team_user)
        .write(team::create_role)
        .read(team::list_roles)
        .write(team::delete_role)
        .write(team::assign_role_right)
        .write(team::unassign_role_right)
        .read(person::get_profile_list)
        .read(person::get_system_user)
        .write(person::update_system_user)
        .write(profile::create_api_key)
        .read(profile::get_api_key_list)
        .write(profile::delete_api_key)
        .write(application::create_application)
        .read(application::list_applications)
        .write(application::delete_application)
        .write(application::rotate_application_secret)
        .write_in_steps(application::before_rotation, application::new_signing_key, application::rotate_signing_key)
        .write(user::create_user)
        .read(user::get_user)
        .write(user::update_user)
        .search(user::list_users)
        .read(user::get_me)
        .write(user::create_mobile_token)
        .read(user::list_mobile_tokens)
        .write(user::revoke_mobile_token)
        .write(user::revoke_mobile_tokens)
        .write_in_steps(credential::find_login, credential::check_login, credential::login)
        .write_in_steps(credential::find_pending, credential::check_pending, credential::activation_email)
        .write_in_steps(credential::find_forgetful, credential::draw_reset, credential::reset_user_password)
        .write_in_steps(credential::find_changing, credential::hash_changed, credential::change_user_password)
        .search_and_write(credential::find_moving, credential::check_moving, credential::change_user_email)
        .read(credential::get_user_mfa_status)
        .read_and_note(credential::get_user_mfa_seed, credential::note_seed)
        .write_in_steps(credential::find_enabling, credential::check_enabling, credential::enable_user_mfa)
        .write_in_steps(credential::find_disabling, credential::check_disabling, credential::disable_user_mfa)
        .write(wallet::create_wallet)
        .read(wallet::get_wallet)
        .read(wallet::get_wallet_list)
        .read(wallet::get_wallet_list_by_upid)
        .search(wallet::get_wallet_list_by_name)
        .read(wallet::get_wallet_transaction_list)
        .read(wallet::get_wallet_transaction_details)
        .write(wallet::wallet_transfer)
        .write(wallet::credit_wallet)
        .write(wallet::debit_wallet)
        .write(wallet::manual_deposit)
        .write(wallet::close_withdraw)
        .write(hold::place_hold)
        .write(hold::capture_hold)
        .write(hold::release_hold)
        .write(hold::refund_transaction)
        .write(payment::create_payment_request)
        .read(payment::get_payment_status)
        .write(payment::accept_payment)
        .write(payment::refuse_payment)
        .write(payment::update_merchant_info)
        .search(payment::get_payment_transaction_list)
        .write(currency::create_extended_currency)
        .write(currency::create_bridge_currency)
        .write(currency::create_system_bridge_currency)
        .read(currency::get_system_currency_list)
        .read(tier::get_tier_data)
        .write(tier::set_tier)
        .write(tier::assign_tier)
        .write(tier::delete_tier)
        .read(fee::list_fee_schedules)
        .write(fee::set_fee_schedule)
        .write(fee::assign_fee_schedule)
        .write(fee::delete_fee_schedule)
        .write(currency::issue_gateway_currency)
        .write(currency::redeem_currency)
        .read(currency::get_circulation)
        .read(currency::get_profile_currency_list)
        .public(currency::get_public_currency_list)
        .server(component::unlock_system_component)
        .read(component::get_system_attribute_list)
        .write(component::set_system_attribute)
        .public(system::get_public_role_list)
        .read(system::get_settings)
        .read(system::get_operation_outcome)
        .write_abroad(
            bridge::look_for_deposit_address,
            bridge::ask_for_deposit_address,
            bridge::create_wallet_deposit_address,
        )
        .read(bridge::get_wallet_deposit_address)
        .write(bridge::wallet_withdraw)
        .write_abroad(bridge::look_for_paths, bridge::ask_for_paths, bridge::wallet_withdraw_test)
        .read_abroad(bridge::look_for_trust_lines, bridge::ask_for_trust_lines, bridge::get_trust_lines)
        .write(bridge::issue_iou)
        .write_abroad(bridge::look_for_profile_address, bridge::ask_for_profile_address, bridge::create_profile_address)
        .read(bridge::get_profile_address_list)
        .write_abroad(bridge::look_for_line, bridge::ask_for_line, bridge::set_address_trustline)
        .write_abroad(bridge::look_for_flag, bridge::ask_for_flag, bridge::set_address_attribute)
        .read(bridge::get_system_active_bridge_list)
        .read_abroad(bridge::look_for_balances, bridge::ask_for_balances, bridge::get_system_bridge_balances)
        .write(bridge::update_bridge_external_account)
        .read(bridge::get_external_account_identifier_field)
        .read(bridge::get_system_bridge_external_account_attribute_list)
        .read(bridge::get_system_bridge_external_account_list)
        .read(bridge::list_bridge_deposits)
        .read(bridge::list_bridge_orders)
        .write(bridge::assign_bridge_deposit)
        .write(notification::set_transport)
        .read(notification::get_all_transports)
        .read(notification::get_transports)
        .write(notification::update_transport)
        .write(notification::delete_transport)
        .write(notification::rotate_secret)
        .read(notification::list_failed_events)
        .write(notification::replay_event)
        .read_or_stream(notification::get_events, live::open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::operation;

    #[test]
    fn every_operation_is_mounted_once() {
        let mut mounted = routes().names();
        let mut listed: Vec<_> = operation::all().iter().map(|spec| spec.name).collect();
        mounted.sort_unstable();
        listed.sort_unstable();
        assert_eq!(mounted, listed);
    }

    #[test]
    fn the_routes_do_not_overlap() {
        let _ = routes().router(); // axum panics if two do
    }
}
