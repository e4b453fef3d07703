//! Money once: requests to pay and transfers through faults on a third of the exchanges, and a server that is killed.

use super::{api_user, collections, disbursements, options};
use florin_prove::proxy::Proxy;
use florin_sdk_core::FlorinError;
use florin_sdk_server::momo::{
    Collections, Disbursements, Party, Patience, ReferenceId, RequestToPay, Status, Transfer,
};
use florin_sdk_server::{FileJournal, Journal, Knowledge};
use florin_tests::seed;
use florin_tests::server::Server;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const REQUESTS: usize = 300;
/// Each with a client and a journal of its own.
const PROVIDERS: usize = 6;
/// How many calls one provider makes at a time.
const AT_ONCE: usize = 3;
/// How many exchanges the server lives each time, and how often that is looked at: a fast machine has as many kills.
const LIFE: u64 = 150;
const LOOK: Duration = Duration::from_millis(20);
/// How often one call is made before the test gives up.
const PATIENCE: usize = 1000;

#[derive(Debug, Clone)]
struct Planned {
    reference: ReferenceId,
    hundredths: u32,
    pays_out: bool,
    /// Its caller stops waiting before it can know.
    abandoned: bool,
}

#[derive(Clone)]
struct Provider {
    collections: Arc<Collections>,
    disbursements: Arc<Disbursements>,
    journal: Arc<FileJournal>,
}

impl Provider {
    async fn begin(&self, planned: &Planned) -> Result<ReferenceId, FlorinError> {
        let amount = format!("{}.{:02}", planned.hundredths / 100, planned.hundredths % 100).parse().unwrap();
        let (currency, id) = ("EUR".to_owned(), format!("x-{}", planned.reference));
        let party = Party::msisdn("256770000001");
        if planned.pays_out {
            let payout = Transfer::new(amount, currency, id, party);
            self.disbursements.transfer(payout, Some(planned.reference), None).await
        } else {
            let price = RequestToPay::new(amount, currency, id, party);
            self.collections.request_to_pay(price, Some(planned.reference), None).await
        }
    }

    async fn wait(&self, planned: &Planned) -> Result<Status, FlorinError> {
        let patience = Some(Patience { first_delay_ms: 100, most_delay_ms: 500, deadline_s: 60 });
        if planned.pays_out {
            Ok(self.disbursements.wait_for_transfer(planned.reference, patience).await?.status)
        } else {
            Ok(self.collections.wait_for_request_to_pay(planned.reference, patience).await?.status)
        }
    }

    /// As a provider's program would: what did not run is called again, what is in doubt is called again under its own
    /// reference.
    async fn carry_out(&self, planned: &Planned) {
        if planned.abandoned {
            // The future is dropped long before an answer can be there; the call goes on.
            let _ = tokio::time::timeout(Duration::from_millis(1), self.begin(planned)).await;
            return;
        }
        for _ in 0..PATIENCE {
            match self.begin(planned).await {
                Ok(reference) => return assert_eq!(reference, planned.reference),
                Err(error) if error.knowledge() == Knowledge::Refused => panic!("{}: {error}", planned.reference),
                Err(error) => assert!(!matches!(error, FlorinError::InvalidInput { .. }), "{error}"),
            }
        }
        panic!("{} is never accepted", planned.reference);
    }

    async fn settle_all(&self) {
        for _ in 0..PATIENCE {
            self.collections.resume_pending().await.expect("the journal");
            self.disbursements.resume_pending().await.expect("the journal");
            if self.journal.pending().await.expect("the journal").is_empty() {
                return;
            }
            // Nothing tells when a call that nobody waits for has ended.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the journal never gets empty");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_hundred_through_faults_and_kills() {
    let (mut server, _) = Server::fresh().await;
    let mut rng = seed::generator("the plan");
    let plan: Vec<_> = (0..REQUESTS)
        .map(|_| Planned {
            reference: ReferenceId::from_random(rng.u128(..)),
            hundredths: rng.u32(1..=300),
            pays_out: rng.bool(),
            abandoned: rng.u8(..10) == 0,
        })
        .collect();
    let user = api_user(&server.base()).await;
    let balance = async |server: &Server| {
        let journal = Arc::new(florin_sdk_server::MemoryJournal::default());
        let balance = collections(options(&server.base()), &user, journal).balance().await.expect("a balance");
        balance.available_balance.units(2).expect("two digits")
    };
    let before = balance(&server).await;

    let proxy = Proxy::start(seed::generator("the faults")).await.expect("a proxy");
    let address = |server: &Server| server.base().strip_prefix("http://").and_then(|address| address.parse().ok());
    proxy.lead_to(address(&server));
    // A third of the exchanges.
    proxy.spoil(33);
    let providers: Vec<_> = (0..PROVIDERS)
        .map(|index| {
            let path = server.home.file(&format!("momo-journal-{index}"));
            let journal = Arc::new(FileJournal::open(path).expect("a journal"));
            Provider {
                collections: collections(options(&proxy.url()), &user, journal.clone()),
                disbursements: disbursements(options(&proxy.url()), &user, journal.clone()),
                journal,
            }
        })
        .collect();
    let lanes = (0..PROVIDERS * AT_ONCE).map(|lane| {
        let provider = providers[lane % PROVIDERS].clone();
        let share: Vec<_> = plan.iter().skip(lane).step_by(PROVIDERS * AT_ONCE).cloned().collect();
        tokio::spawn(async move {
            for planned in &share {
                provider.carry_out(planned).await;
            }
            provider.settle_all().await;
            for planned in &share {
                let mut tries = 0;
                let status = loop {
                    match provider.wait(planned).await {
                        Ok(status) => break status,
                        // It ended without having been sent, as no token was to be had, and nobody was there to hear
                        // that nothing ran. Who comes back makes the same call again, under the same reference.
                        Err(error) if error.knowledge() == Knowledge::Refused => {
                            assert!(planned.abandoned, "{planned:?}: {error}");
                            provider.carry_out(&Planned { abandoned: false, ..planned.clone() }).await;
                        }
                        Err(error) => assert!(tries < PATIENCE, "{planned:?}: {error}"),
                    }
                    tries += 1;
                };
                assert_eq!(status, Status::Successful, "{planned:?}");
            }
        })
    });
    let mut work = Box::pin(join_all(lanes.collect::<Vec<_>>()));
    let (mut kills, mut end) = (0, LIFE);
    let ended = loop {
        tokio::select! {
            ended = &mut work => break ended,
            () = tokio::time::sleep(LOOK) => {
                if proxy.tally().exchanges >= end {
                    server.kill().await;
                    server.restart().await;
                    proxy.lead_to(address(&server));
                    kills += 1;
                    end = proxy.tally().exchanges + LIFE;
                }
            }
        }
    };
    for lane in ended {
        lane.expect("a lane");
    }
    for provider in &providers {
        provider.settle_all().await;
    }
    proxy.last_copies().await;
    let tally = proxy.tally();
    eprintln!("{kills} kills, {tally:?}");
    assert!(kills >= 2, "only {kills} kills: the test is too short to say anything");

    let signed = |planned: &Planned| i128::from(planned.hundredths) * if planned.pays_out { -1 } else { 1 };
    assert_eq!(balance(&server).await - before, plan.iter().map(signed).sum::<i128>());
    assert_eq!(server.terminate().await.code(), Some(0));
    let database = server.home.open_read_only();
    let (mut named, mut moved) = (BTreeSet::new(), BTreeSet::new());
    for row in database.rows("SELECT body, status, txid FROM momo_request") {
        let body: serde_json::Value = serde_json::from_str(&row[0].text()).expect("JSON");
        assert_eq!(row[1].text(), "SUCCESSFUL");
        assert!(named.insert(body["externalId"].as_str().expect("an id").to_owned()), "{body} twice");
        assert!(moved.insert(row[2].number()), "one transaction for two requests");
    }
    let planned: BTreeSet<_> = plan.iter().map(|planned| format!("x-{}", planned.reference)).collect();
    assert_eq!(named, planned, "each reference once, and nothing that nobody sent");
    server.home.verify().await.sound();
}
