//! One valid request for each operation, for tests that go through all of them.

use crate::world::{self, World, amount, currency};
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{self, Operation};
use florin_sdk_core::{Email, Hoid, Secret};
use serde_json::Value;

/// The fields of a request for `name` that its rightful caller gets an answer to, or `None` for an operation without
/// a row. What it needs is made first. Where an app may call the operation, the request is about the first user.
///
/// Each can be sent once: what it spends, revokes or names is made anew each time.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub async fn of(world: &World, name: &str) -> Option<Value> {
    let unique = fastrand::u32(..);
    Some(match name {
        "GetProfile" => json(&operation::GetProfile { upid: None }),
        "GetAPIKeyList" => json(&operation::GetAPIKeyList { upid: None }),
        "GetUser" => json(&operation::GetUser { provider_user_id: None, uuid: Some(world.alice.uuid) }),
        "ListUsers" => json(&operation::ListUsers { limit: None, after: None, search: None }),
        "ListMobileTokens" => {
            json(&operation::ListMobileTokens { provider_user_id: None, uuid: Some(world.alice.uuid) })
        }
        "GetMe" => json(&operation::GetMe {}),
        "GetWallet" => json(&operation::GetWallet { waid: Some(world.alice.waid) }),
        "GetWalletList" => json(&operation::GetWalletList {}),
        "GetWalletListByUpid" => json(&operation::GetWalletListByUpid { upid: world.alice.upid }),
        "GetWalletTransactionList" => json(&operation::GetWalletTransactionList {
            waid: Some(world.alice.waid),
            limit: None,
            after: None,
            reference_id: None,
            from: None,
            to: None,
        }),
        "GetWalletTransactionDetails" => json(&operation::GetWalletTransactionDetails { txid: world.credit }),
        "GetPaymentStatus" => {
            json(&operation::GetPaymentStatus { prid: world.payment_request(&world.alice, "1").await })
        }
        "GetPaymentTransactionList" => {
            json(&operation::GetPaymentTransactionList { limit: None, after: None, reference_id: None })
        }
        "GetProfileCurrencyList" => json(&operation::GetProfileCurrencyList {}),
        "GetPublicCurrencyList" => json(&operation::GetPublicCurrencyList {}),
        "GetCirculation" => json(&operation::GetCirculation { currency_code: currency() }),
        "GetPublicRoleList" => json(&operation::GetPublicRoleList {}),
        "GetSettings" => json(&operation::GetSettings {}),
        "GetOperationOutcome" => {
            json(&operation::GetOperationOutcome { reference: world::CREDIT_REFERENCE.to_owned(), operation: None })
        }
        "GetSystemAttributeList" => json(&operation::GetSystemAttributeList { component: ComponentName::Omnipay }),
        "UnlockSystemComponent" => json(&operation::UnlockSystemComponent {
            component: ComponentName::Omnipay,
            password: "18j182n2^03%m1)I".into(),
        }),
        "SetSystemAttribute" => json(&operation::SetSystemAttribute {
            component: ComponentName::Omnipass,
            name: "inactivitytimeoutinminutes".to_owned(),
            value: fastrand::u32(10..60).to_string(),
        }),
        "CreateProfile" => json(&world::individual(&format!("ivy{unique}"))),
        "CreateAPIKey" => json(&world::new_key("Sample", &["profile-ro"], None)),
        "DeleteAPIKey" => {
            let spare = world.provider.ok(&world::new_key("Spare", &["profile-ro"], None)).await;
            json(&operation::DeleteAPIKey { akid: spare.akid, upid: None })
        }
        "ListApplications" => json(&operation::ListApplications { upid: None }),
        "CreateApplication" => json(&world::new_application(&format!("App {unique}"))),
        "DeleteApplication" => json(&operation::DeleteApplication::new(spare_application(world).await)),
        "RotateApplicationSecret" => json(&operation::RotateApplicationSecret::new(spare_application(world).await)),
        "RotateSigningKey" => json(&operation::RotateSigningKey {}),
        "CreateUser" => json(&world::new_user(&format!("user {unique}"))),
        "UpdateUser" => json(&operation::UpdateUser {
            provider_user_id: None,
            uuid: Some(world.alice.uuid),
            display_name: Some(format!("Alice {unique}")),
            metadata: None,
            status: None,
        }),
        "CreateMobileToken" => json(&world::new_token(world.alice.uuid)),
        "RevokeMobileToken" => {
            let spare = world.provider.ok(&world::new_token(world.alice.uuid)).await;
            json(&operation::RevokeMobileToken { mtid: spare.mtid })
        }
        "RevokeMobileTokens" => {
            let spare = world::person(&world.provider, &format!("spare {unique}")).await;
            json(&operation::RevokeMobileTokens { provider_user_id: None, uuid: Some(spare.uuid) })
        }
        "Login" => json(&operation::Login::new(address(&world.initialised.email), password(world))),
        "ActivationEmail" => {
            world.provider.ok(&world::registration(&format!("pending{unique}"))).await;
            let pending = address(&format!("pending{unique}@example.com"));
            json(&operation::ActivationEmail::new(pending, world::PASSWORD.into()))
        }
        "ResetUserPassword" => json(&operation::ResetUserPassword::new(
            address(&world.initialised.email),
            "https://app.example.com/set-password".parse().expect("a web address"),
        )),
        // To the same one: whoever comes next has the same request.
        "ChangeUserPassword" => json(&operation::ChangeUserPassword {
            password: Some(password(world)),
            ..operation::ChangeUserPassword::new(address(&world.initialised.email), password(world))
        }),
        "ChangeUserEmail" => {
            let staff = world::staff(&world.provider, &format!("moving{unique}")).await;
            let new = address(&format!("moved{unique}@example.com"));
            json(&operation::ChangeUserEmail::new(address(&staff), new, world::PASSWORD.into()))
        }
        "GetUserMFAStatus" => json(&operation::GetUserMFAStatus {}),
        "GetUserMFASeed" => json(&operation::GetUserMFASeed {}),
        "EnableUserMFA" => {
            let staff = world::staff(&world.provider, &format!("enrolling{unique}")).await;
            let login = operation::Login::new(address(&staff), world::PASSWORD.into());
            let person = world.server.api().bearer(world.provider.ok(&login).await.token.expose());
            let seed = person.ok(&operation::GetUserMFASeed {}).await.seed;
            let now = world.provider.ok(&operation::GetSettings {}).await.server_time;
            let code = crate::totp::code(seed.expose(), now.millis() / 1000);
            json(&operation::EnableUserMFA::new(address(&staff), world::PASSWORD.into(), code.into()))
        }
        // It is off: turning it off once more is no error.
        "DisableUserMFA" => json(&operation::DisableUserMFA::new(password(world), "000000".into())),
        "CreateWallet" => json(&operation::CreateWallet {
            wallet_name: "Savings".to_owned(),
            upid: Some(world.alice.upid),
            trading: None,
            market: None,
        }),
        "WalletTransfer" => json(&world::transfer(world.waid, world.alice.waid, "1.25")),
        "CreditWallet" => json(&world::credit_of(&world.alice, "2.50")),
        "DebitWallet" => json(&world::debit_of(&world.alice, "0.75")),
        "ManualDeposit" => json(&operation::ManualDeposit {
            waid: Some(world.alice.waid),
            ..operation::ManualDeposit::new(currency(), amount("7.25"))
        }),
        "PlaceHold" => json(&world::hold_of(&world.alice, "1.75")),
        "CaptureHold" => json(&operation::CaptureHold {
            amount: Some(amount("0.25")),
            ..operation::CaptureHold::new(spare_hold(world).await)
        }),
        "ReleaseHold" => json(&operation::ReleaseHold::new(spare_hold(world).await)),
        "RefundTransaction" => {
            let debit = world.provider.ok(&world::debit_of(&world.alice, "0.50")).await;
            json(&operation::RefundTransaction {
                amount: Some(amount("0.20")),
                ..operation::RefundTransaction::new(debit.txid)
            })
        }
        "CreatePaymentRequest" => json(&world::payment_of(&world.alice, "3.10")),
        "AcceptPayment" => json(&operation::AcceptPayment {
            prid: world.payment_request(&world.alice, "4").await,
            currency: currency(),
            method: "wallet".to_owned(),
            total_amount: amount("4"),
            payment_processor_information: None,
        }),
        "RefusePayment" => json(&operation::RefusePayment { prid: world.payment_request(&world.alice, "5").await }),
        "CreateExtendedCurrency" => {
            let letters: String = (0..3).map(|_| fastrand::uppercase()).collect();
            json(&world::new_currency(&letters, None))
        }
        "IssueGatewayCurrency" => {
            json(&operation::IssueGatewayCurrency { currency_code: currency(), amount: amount("100") })
        }
        "RedeemCurrency" => {
            json(&operation::RedeemCurrency { currency_code: currency(), amount: amount("50"), reference_id: None })
        }
        _ => return None,
    })
}

/// An application of the provider.
async fn spare_application(world: &World) -> String {
    world.provider.ok(&world::new_application("Spare")).await.client_id
}

/// A hold of the first user's money.
async fn spare_hold(world: &World) -> Hoid {
    world.provider.ok(&world::hold_of(&world.alice, "0.30")).await.hoid
}

/// A request as the table has it: of the type that bears the name.
fn json<O: Operation>(request: &O) -> Value {
    serde_json::to_value(request).expect("a request")
}

fn address(text: &str) -> Email {
    text.parse().expect("an e-mail address")
}

/// The first administrator's.
fn password(world: &World) -> Secret {
    world.initialised.password.as_str().into()
}
