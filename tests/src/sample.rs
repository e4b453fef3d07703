//! One valid request for each operation, for tests that go through all of them.

use crate::http::Api;
use crate::world::{self, World, amount, currency};
use florin_sdk_core::model::FinalState;
use florin_sdk_core::model::{ComponentName, FeeOperation};
use florin_sdk_core::operation::{self, Operation};
use florin_sdk_core::{Email, Hoid, JsonObject, Secret, SecretObject};
use serde_json::Value;

/// The fields of a request for `name` that its rightful caller gets an answer to, or `None` for an operation without
/// a row. What it needs is made first. Where an app may call the operation, the request is about the first user.
///
/// Each can be sent once: what it spends, revokes or names is made anew each time.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub async fn of(world: &World, name: &str) -> Option<Value> {
    let unique = fastrand::u32(..);
    Some(match name {
        "GetProfile" => json(&operation::GetProfile::new()),
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
        "UpdateProfile" => json(&operation::UpdateProfile {
            city: Some(format!("City {unique}")),
            ..operation::UpdateProfile::new(world.alice.upid)
        }),
        "UpdateSystemProfile" => {
            let upid = world.provider.ok(&world::individual(&format!("jay{unique}"))).await.upid;
            json(&operation::UpdateSystemProfile { upid, status: "inactive".to_owned().into() })
        }
        "GetProfileExtendedAttributeList" => json(&operation::GetProfileExtendedAttributeList {}),
        "SetExtendedAttribute" => json(&operation::SetExtendedAttribute::new(
            format!("sample{unique}"),
            "string".to_owned().into(),
            "A sample".to_owned(),
        )),
        "DeleteExtendedAttribute" => {
            let name = format!("spare{unique}");
            let spare =
                operation::SetExtendedAttribute::new(name.clone(), "array".to_owned().into(), "Spare".to_owned());
            world.provider.ok(&spare).await;
            json(&operation::DeleteExtendedAttribute { name })
        }
        "AddTeamUser" => json(&world::new_member(&format!("kim{unique}"), &["profile-ro"], None)),
        "GetTeamList" => json(&operation::GetTeamList { upid: None }),
        "UpdateTeamUser" => {
            let name = format!("lee{unique}");
            world.provider.ok(&world::new_member(&name, &["profile-ro"], None)).await;
            json(&operation::UpdateTeamUser::new(world::email(&name), vec!["profile-rw".to_owned()]))
        }
        "DeleteTeamUser" => {
            let member = world.provider.ok(&world::new_member(&format!("max{unique}"), &["profile-ro"], None)).await;
            json(&operation::DeleteTeamUser { uuid: member.uuid, upid: None })
        }
        "GetProfileList" => json(&operation::GetProfileList {}),
        "GetSystemUser" => json(&operation::GetSystemUser { email: None, uuid: Some(world.alice.uuid) }),
        "UpdateSystemUser" => {
            let member = world.provider.ok(&world::new_member(&format!("ned{unique}"), &["profile-ro"], None)).await;
            json(&operation::UpdateSystemUser { uuid: member.uuid, status: "inactive".to_owned().into() })
        }
        "CreateRole" => json(&world::new_role(&format!("clerk{unique}"), &["readmyprofile"], None)),
        "ListRoles" => json(&operation::ListRoles { upid: None }),
        "DeleteRole" => json(&operation::DeleteRole { role: spare_role(world, unique).await, upid: None }),
        "AssignRoleRight" => {
            json(&operation::AssignRoleRight::new(spare_role(world, unique).await, "readwalletbalances".to_owned()))
        }
        "UnassignRoleRight" => {
            json(&operation::UnassignRoleRight::new(spare_role(world, unique).await, "readmyprofile".to_owned()))
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
        // A person of its own: a changed password ends all sessions.
        "ChangeUserPassword" => {
            let staff = world::staff(&world.provider, &format!("changing{unique}")).await;
            json(&operation::ChangeUserPassword {
                password: Some(world::PASSWORD.into()),
                ..operation::ChangeUserPassword::new(address(&staff), world::PASSWORD.into())
            })
        }
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
        "GetWalletListByName" => json(&operation::GetWalletListByName { wallet_name: "main".to_owned() }),
        "GetSystemCurrencyList" => json(&operation::GetSystemCurrencyList {}),
        "CreateBridgeCurrency" => {
            let bridge: String = (0..8).map(|_| fastrand::lowercase()).collect();
            let address = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn".to_owned();
            json(&operation::CreateBridgeCurrency::new(currency(), bridge, address, true, true))
        }
        "CreateSystemBridgeCurrency" => {
            let bridge: String = (0..8).map(|_| fastrand::lowercase()).collect();
            let (issuer, address) = ("Acme".to_owned(), "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn".to_owned());
            let usd = "USD".parse().expect("a code");
            json(&operation::CreateSystemBridgeCurrency::new(usd, bridge, issuer, address))
        }
        "GetTierData" => json(&operation::GetTierData {}),
        "SetTier" => json(&operation::SetTier::new(spare_level(), "Sample".to_owned())),
        "AssignTier" => json(&operation::AssignTier { upid: world.alice.upid, level: 1 }),
        "DeleteTier" => {
            let level = spare_level();
            world.provider.ok(&operation::SetTier::new(level, "Spare".to_owned())).await;
            json(&operation::DeleteTier { level })
        }
        "ListFeeSchedules" => {
            let with_a_rule = operation::SetFeeSchedule {
                schedule_name: Some("With a rule".to_owned()),
                fee_operation: Some(FeeOperation::Withdraw),
                fee_currency: Some(currency()),
                fixed: Some(amount("0.10")),
                basis_points: Some(10),
                ..operation::SetFeeSchedule::new()
            };
            world.provider.ok(&with_a_rule).await;
            json(&operation::ListFeeSchedules {})
        }
        "SetFeeSchedule" => json(&operation::SetFeeSchedule {
            schedule_name: Some("Sample".to_owned()),
            ..operation::SetFeeSchedule::new()
        }),
        "AssignFeeSchedule" => json(&operation::AssignFeeSchedule::new(world.alice.upid)),
        "DeleteFeeSchedule" => {
            let spare = operation::SetFeeSchedule {
                schedule_name: Some("Spare".to_owned()),
                ..operation::SetFeeSchedule::new()
            };
            json(&operation::DeleteFeeSchedule { fsid: world.provider.ok(&spare).await.fsid })
        }
        "UpdateMerchantInfo" => json(&world::merchant_info("Acme Shops")),
        "ManualDeposit" => json(&operation::ManualDeposit {
            waid: Some(world.alice.waid),
            ..operation::ManualDeposit::new(currency(), amount("7.25"))
        }),
        "CloseWithdraw" => {
            let (method, to) = ("manual".to_owned(), "Cash desk 9".to_owned());
            let request = operation::WalletWithdraw {
                waid: Some(world.waid),
                ..operation::WalletWithdraw::new(amount("0.40"), currency(), method, to)
            };
            let txid = world.provider.ok(&request).await.txid;
            json(&operation::CloseWithdraw::new(txid, FinalState::Completed))
        }
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
        "CreateWalletDepositAddress" => {
            json(&operation::CreateWalletDepositAddress::new("ripple".to_owned(), world.alice.waid))
        }
        "GetWalletDepositAddress" => {
            let new = operation::CreateWalletDepositAddress::new("ripple".to_owned(), world.alice.waid);
            world.provider.ok(&new).await;
            let xrp = "XRP".parse().expect("a code");
            let waid = Some(world.alice.waid);
            json(&operation::GetWalletDepositAddress {
                waid,
                ..operation::GetWalletDepositAddress::new("ripple".to_owned(), xrp)
            })
        }
        // By hand: so nothing goes on with it by itself.
        "WalletWithdraw" => {
            let (method, to) = ("manual".to_owned(), "Cash desk 7".to_owned());
            json(&operation::WalletWithdraw::new(amount("1.50"), currency(), method, to))
        }
        "WalletWithdrawTest" => {
            // There is a path only for who has something to pay with.
            let found = unassigned(&world.provider).await;
            world.provider.ok(&operation::AssignBridgeDeposit::new("ripple".to_owned(), found, world.waid)).await;
            json(&operation::WalletWithdrawTest {
                amount: Some(amount("1")),
                currency: Some("XRP".parse().expect("a code")),
                ..operation::WalletWithdrawTest::new("ripple".to_owned(), RECEIVER.to_owned())
            })
        }
        "GetTrustLines" => {
            json(&operation::GetTrustLines { network: "ripple".to_owned(), address: trusting_account(world).await })
        }
        "IssueIOU" => {
            let issuer = ripple_account(world, true).await;
            let usd = "USD".parse().expect("a code");
            json(&operation::IssueIOU::new("ripple".to_owned(), issuer, RECEIVER.to_owned(), usd, amount("10")))
        }
        "CreateProfileAddress" => {
            let have = world.provider.ok(&operation::GetProfileAddressList::new()).await.addresses;
            let bridge = if have.contains_key("ripple") { "stellar" } else { "ripple" };
            json(&operation::CreateProfileAddress { bridge_name: bridge.to_owned() })
        }
        "GetProfileAddressList" => {
            let have = world.provider.ok(&operation::GetProfileAddressList::new()).await.addresses;
            if !have.contains_key("ripple") {
                let bridge_name = "ripple".to_owned();
                world.provider.ok(&operation::CreateProfileAddress { bridge_name }).await;
            }
            let have = world.provider.ok(&operation::GetProfileAddressList::new()).await.addresses;
            let hosted = have["ripple"].profile_address.clone();
            world.provider.ok(&trust_from(hosted)).await;
            json(&operation::GetProfileAddressList::new())
        }
        "SetAddressTrustline" => {
            let (hosted, usd) = (ripple_account(world, false).await, "USD".parse().expect("a code"));
            let (bridge, issuer) = ("ripple".to_owned(), RECEIVER.to_owned());
            json(&operation::SetAddressTrustline::new(bridge, hosted, issuer, usd, amount("1000")))
        }
        "SetAddressAttribute" => json(&operation::SetAddressAttribute {
            destination_tag_required: Some(true),
            ..operation::SetAddressAttribute::new("ripple".to_owned(), ripple_account(world, false).await)
        }),
        "GetSystemActiveBridgeList" => json(&operation::GetSystemActiveBridgeList {}),
        "GetSystemBridgeBalances" => {
            json(&operation::GetSystemBridgeBalances { bridge_name: "bitcoin".to_owned(), instance_id: 1 })
        }
        "UpdateBridgeExternalAccount" => json(&account_data(&outside_address(&world.provider, "ripple").await, false)),
        "GetExternalAccountIdentifierField" => {
            json(&operation::GetExternalAccountIdentifierField { bridge_name: "ripple".to_owned() })
        }
        "GetSystemBridgeExternalAccountAttributeList" => {
            json(&operation::GetSystemBridgeExternalAccountAttributeList { bridge_name: "ripple".to_owned() })
        }
        "GetSystemBridgeExternalAccountList" => {
            json(&operation::GetSystemBridgeExternalAccountList { bridge_name: "ripple".to_owned(), instance_id: 1 })
        }
        "ListBridgeDeposits" => {
            unassigned(&world.provider).await;
            json(&operation::ListBridgeDeposits::new("ripple".to_owned(), 1))
        }
        "ListBridgeOrders" => json(&operation::ListBridgeOrders::new("ripple".to_owned(), 1)),
        "AssignBridgeDeposit" => {
            let lost = unassigned(&world.provider).await;
            json(&operation::AssignBridgeDeposit::new("ripple".to_owned(), lost, world.alice.waid))
        }
        _ => return None,
    })
}

/// A role of the provider's.
async fn spare_role(world: &World, unique: u32) -> String {
    let role = format!("spare{unique}");
    world.provider.ok(&world::new_role(&role, &["readmyprofile"], None)).await;
    role
}

/// An application of the provider.
async fn spare_application(world: &World) -> String {
    world.provider.ok(&world::new_application("Spare")).await.client_id
}

/// The level of a tier that is not there yet.
fn spare_level() -> u32 {
    fastrand::u32(10..=1000)
}

/// A hold of the first user's money.
async fn spare_hold(world: &World) -> Hoid {
    world.provider.ok(&world::hold_of(&world.alice, "0.30")).await.hoid
}

/// An address of somebody outside; the contract's own.
const RECEIVER: &str = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B";

/// A new address of a simulated network.
pub async fn outside_address(api: &Api, network: &str) -> String {
    let path = format!("/sandbox/bridge/{network}/accounts");
    let answer = api.exchange("POST", &path, Some(b"{}".to_vec())).await;
    let body: Value = serde_json::from_str(&answer.text()).expect("JSON");
    body["address"].as_str().expect("an address").to_owned()
}

/// Something that came in on ripple without a tag, once it was noticed.
pub async fn unassigned(api: &Api) -> String {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let ask = async |method: &str, path: &str, body: Option<Value>| -> Value {
        let body = body.map(|body| body.to_string().into_bytes());
        let answer = api.exchange(method, &format!("/sandbox/bridge/{path}"), body).await;
        serde_json::from_str(&answer.text()).expect("JSON")
    };
    let networks = ask("GET", "networks", None).await["networks"].as_array().cloned().expect("networks");
    let main = networks.iter().find(|network| network["network"] == "ripple").map(|network| text(&network["main"]));
    let paid = ask("POST", "ripple/send", Some(serde_json::json!({ "to": main, "amount": "3" }))).await;
    let transaction = text(&paid["transaction"]);
    for _ in 0..600 {
        let deposits = ask("GET", "ripple/deposits", None).await["deposits"].as_array().cloned().expect("deposits");
        if deposits.iter().any(|deposit| deposit["transaction"] == transaction.as_str()) {
            return transaction;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the deposit is never noticed")
}

/// Sets an external account of the ripple bridge.
#[must_use]
pub fn account_data(address: &str, issuing: bool) -> operation::UpdateBridgeExternalAccount {
    let data =
        serde_json::json!({ "publicaddress": address, "secret": "a secret of 24 letters..", "issuing": issuing });
    let Value::Object(data) = data else { unreachable!("it is one") };
    operation::UpdateBridgeExternalAccount::new("ripple".to_owned(), 1, SecretObject(JsonObject(data)))
}

/// A new external account of the ripple bridge, with its key.
async fn ripple_account(world: &World, issuing: bool) -> String {
    let address = outside_address(&world.provider, "ripple").await;
    world.provider.ok(&account_data(&address, issuing)).await;
    address
}

/// An account of the ripple network that the platform has the key of, and that trusts an issuer.
async fn trusting_account(world: &World) -> String {
    let address = ripple_account(world, false).await;
    world.provider.ok(&trust_from(address.clone())).await;
    address
}

/// Trust in an issuer, of this account.
fn trust_from(hosted: String) -> operation::SetAddressTrustline {
    let usd = "USD".parse().expect("a code");
    operation::SetAddressTrustline::new("ripple".to_owned(), hosted, RECEIVER.to_owned(), usd, amount("1000"))
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
