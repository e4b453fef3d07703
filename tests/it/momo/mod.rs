//! MTN's surface, with the client of the provider SDK: its whole life, and money once through faults and kills.

mod once;
mod rest;
mod scenario;

use florin_sdk_server::momo::{Collections, Credentials, Disbursements, Options, Provisioning, Target};
use florin_sdk_server::{ClientOptions, Journal, Secret};
use std::sync::Arc;

/// The subscription keys of the local sandbox (spec/momo/contract.md, section 11).
fn subscription(product: &str) -> Secret {
    match product {
        "collection" => "c0111ec7",
        "disbursement" => "d15b0125",
        _ => "4e0177a2",
    }
    .repeat(4)
    .into()
}

/// Impatient, so that a test need not wait for the table's ten seconds.
fn options(base: &str) -> Options {
    let options = Options::new(Target::Local { base_url: base.to_owned() });
    let client = ClientOptions { timeout_scale_percent: 10, retry_delay_scale_percent: 1, ..options.client };
    Options { client, ..options }
}

/// A new API user whose callbacks go to this machine.
async fn api_user(base: &str) -> (String, Secret) {
    let provisioning = Provisioning::new(options(base), subscription("collection")).expect("a client");
    let user = provisioning.create_user("127.0.0.1".into(), None).await.expect("a user");
    let key = provisioning.create_key(user).await.expect("a key");
    (user.to_string(), key)
}

fn credentials(product: &str, user: &(String, Secret)) -> Credentials {
    Credentials { subscription_key: subscription(product), api_user: user.0.clone(), api_key: user.1.clone() }
}

fn collections(options: Options, user: &(String, Secret), journal: Arc<dyn Journal>) -> Arc<Collections> {
    Collections::new(options, credentials("collection", user), journal).expect("a client")
}

fn disbursements(options: Options, user: &(String, Secret), journal: Arc<dyn Journal>) -> Arc<Disbursements> {
    Disbursements::new(options, credentials("disbursement", user), journal).expect("a client")
}
