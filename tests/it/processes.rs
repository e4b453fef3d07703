//! Several processes on one PostgreSQL: what they meet that one alone does not.

use florin_sdk_core::CurrencyCode;
use florin_sdk_core::model::FeeOperation;
use florin_sdk_core::operation::{
    AssignFeeSchedule, AssignTier, GetWallet, ManualDeposit, SetFeeSchedule, SetTier, WalletTransfer, WalletWithdraw,
};
use florin_tests::database::{Engine, engine};
use florin_tests::http::{Answer, Api};
use florin_tests::server::{Options, Server};
use florin_tests::world::{self, World, amount};
use futures_util::future::join_all;

/// How many currencies are begun. Each has rows of its own that the first who needs them makes.
const ROUNDS: usize = 30;

/// How many requests of each kind come at once, half of them to each process.
const AT_ONCE: usize = 8;

fn letters(round: usize) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).expect("a letter"));
    [letter(round / 26), letter(round), 'Q'].into_iter().collect()
}

/// The wallet that a network stands for, the one for fees, the row that counts a limit, a balance: whoever is first makes
/// them, and of two processes that are first at once neither tells its caller.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_first_at_once_is_told_nothing_of_it() {
    if engine() == Engine::Sqlite {
        return; // One process has the file to itself.
    }
    let world = World::new().await;
    let mut second = Server::start(world.server.home.clone(), Options::default()).await;
    let apis = [world.provider.clone(), world.provider.at(&second.base())];
    let mut people = Vec::new();
    for index in 0..AT_ONCE {
        people.push(world::person(&world.provider, &format!("person {index}")).await);
    }
    // All of them pay fees, and their limits are counted.
    let rule =
        |operation| SetFeeSchedule { fee_operation: Some(operation), basis_points: Some(100), ..SetFeeSchedule::new() };
    let schedule = SetFeeSchedule { schedule_name: Some("All".to_owned()), ..rule(FeeOperation::Transfer) };
    let fsid = Some(world.provider.ok(&schedule).await.fsid);
    world.provider.ok(&SetFeeSchedule { fsid, ..rule(FeeOperation::Withdraw) }).await;
    let tier = SetTier {
        limit_deposit_fiat_1: Some(amount("1000000")),
        limit_transfer_fiat_1: Some(amount("1000000")),
        limit_withdraw_fiat_1: Some(amount("1000000")),
        ..SetTier::new(5, "Counted".to_owned())
    };
    world.provider.ok(&tier).await;
    for person in &people {
        world.provider.ok(&AssignFeeSchedule { upid: person.upid, fsid }).await;
        world.provider.ok(&AssignTier { upid: person.upid, level: 5 }).await;
    }

    let all_done = |what: &str, answers: &[Answer]| {
        let codes: Vec<u32> = answers.iter().map(Answer::code).collect();
        assert!(codes.iter().all(|code| *code == 10000), "{what}: {codes:?}");
    };
    for round in 0..ROUNDS {
        let letters = letters(round);
        world.provider.ok(&world::new_currency(&letters, None)).await;
        let currency: CurrencyCode = format!("{letters}.acme").parse().expect("a code");
        // Half of them to one wallet, the others each to one of their own.
        let at = |index: usize| -> (&Api, _) {
            (&apis[index % 2], if index < AT_ONCE / 2 { people[0].waid } else { people[index].waid })
        };
        let deposits = (0..AT_ONCE).map(async |index| {
            let (api, waid) = at(index);
            let deposit = ManualDeposit { waid: Some(waid), ..ManualDeposit::new(currency.clone(), amount("100")) };
            api.reference(&format!("d-{round}-{index}")).send(&deposit).await
        });
        all_done("deposits", &join_all(deposits).await);
        let transfers = (0..AT_ONCE).map(async |index| {
            let (api, waid) = at(index);
            let transfer = WalletTransfer { currency: currency.clone(), ..world::transfer(waid, people[1].waid, "10") };
            api.reference(&format!("t-{round}-{index}")).send(&transfer).await
        });
        all_done("transfers", &join_all(transfers).await);
        let withdrawals = (0..AT_ONCE).map(async |index| {
            let (api, waid) = at(index);
            let withdraw = WalletWithdraw {
                waid: Some(waid),
                ..WalletWithdraw::new(amount("5"), currency.clone(), "manual".to_owned(), "Desk".to_owned())
            };
            api.reference(&format!("w-{round}-{index}")).send(&withdraw).await
        });
        all_done("withdrawals", &join_all(withdrawals).await);
        let wallet = world.provider.ok(&GetWallet { waid: Some(people[0].waid) }).await;
        let balance = wallet.balances.into_iter().find(|balance| balance.currency_code == currency).expect("it");
        // Four times 100, less 10, 5, and a fee of 1 % of both.
        assert_eq!((balance.available, balance.held), (amount("339.40"), amount("20.20")));
    }
    assert_eq!(second.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}
