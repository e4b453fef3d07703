//! `florin move` and `florin backup`, as an operator calls them.

use crate::verify::books;
use florin_sdk_core::operation::{AcceptPayment, GetOperationOutcome};
use florin_tests::digest;
use florin_tests::seed;
use florin_tests::server::{Home, Options, Server, florin, start_florin};
use florin_tests::world::{self, World};
use std::time::Duration;
use tokio::time::sleep;

/// Killed this often at most; each time it gets a bit further.
const KILLS: u64 = 12;

/// Moves the books, killed at random moments and started again.
async fn move_with_kills(from: &str, to: &str) {
    let mut rng = seed::generator("move");
    let arguments = ["move", "--from", from, "--to", to, "--batch", "2"];
    for kill in 0..KILLS {
        let mut child = start_florin(arguments);
        sleep(Duration::from_millis(rng.u64(1..40 * (kill + 1)))).await;
        // It may have ended before.
        let _ = child.start_kill();
        child.wait().await.expect("its end");
    }
    let ended = florin(arguments).await;
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// What finds client references is the engine's own, and made anew when it is served; and what says how it was made.
fn engines_own(name: &str) -> bool {
    ["client_reference_hash", "hashed", "florin_schema", "settled", "(schema)"].contains(&name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// There and back between two files, killed on the way; an old key gets its first answer from the new database.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_goes_on_and_nothing_runs_twice() {
    let mut world = World::new().await;
    let prid = world.payment_request(&world.alice, "3").await;
    let accept = AcceptPayment::new(prid, world::currency(), "wallet".to_owned(), world::amount("3"));
    world.provider.reference("m-pay").ok(&accept).await;
    world.provider.ok(&world::hold_of(&world.bob, "2.20")).await;
    let transfer = world::transfer(world.alice.waid, world.bob.waid, "1");
    let first = world.provider.reference("m-1").ok(&transfer).await.txid;
    let (alice, bob) = (world.balance(world.alice.waid).await, world.balance(world.bob.waid).await);
    let used = florin(["move", "--from", &world.server.home.url(), "--to", &Home::new().url()]).await;
    assert!(!used.status.success() && text(&used.stderr).contains("in use"), "{}", text(&used.stderr));
    assert_eq!(world.server.terminate().await.code(), Some(0));

    let before = digest::tables(&world.server.home.open_read_only());
    let (old, new) = (world.server.home.clone(), Home::new());
    move_with_kills(&old.url(), &new.url()).await;
    old.verify().await.sound();
    new.verify().await.sound();
    let after = digest::tables(&new.open_read_only());
    let changes = digest::changes(&before, &after);
    assert!(changes.iter().all(|name| engines_own(name)), "{changes:?}");
    let refused = florin(["serve", "--listen", "127.0.0.1:0", "--database", &old.url()]).await;
    let (said, url) = (text(&refused.stderr), new.url());
    // Where they are now, without a password.
    let name = url.rsplit_once('/').expect("an address").1;
    assert!(!refused.status.success() && said.contains("were moved") && said.contains(name), "{said}");
    assert!(new.password().is_none_or(|password| !said.contains(&password)), "{said}");

    world.server = Server::start(new.clone(), Options::default()).await;
    world.provider = world.server.api().key(&world.initialised.apikey);
    assert_eq!(world.provider.reference("m-1").ok(&transfer).await.txid, first, "the first answer again");
    let outcome = GetOperationOutcome { reference: "m-pay".to_owned(), operation: None };
    assert!(world.provider.ok(&outcome).await.txid.is_some());
    assert_eq!((world.balance(world.alice.waid).await, world.balance(world.bob.waid).await), (alice, bob));
    new.verify().await.sound();
}

/// The copy of a half-moved database is never taken for the books.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_copy_cannot_be_served_or_verified() {
    /// A few are enough to find the middle.
    const TRIES: u32 = 100;
    let home = books().await;
    let mut rng = seed::generator("half");
    // Between too early and too late, on a machine as fast as this one.
    let (mut early, mut late) = (0, 2000);
    for _ in 0..TRIES {
        let (source, half) = (home.copy(), Home::new());
        let mut child = start_florin(["move", "--from", &source.url(), "--to", &half.url(), "--batch", "1"]);
        let delay = rng.u64(early..=late);
        sleep(Duration::from_millis(delay)).await;
        // It may have ended before.
        let _ = child.start_kill();
        let ended = child.wait().await.expect("its end");
        let found = florin(["verify", "--database", &*half.url()]).await;
        if !text(&found.stderr).contains("half of a copy") {
            // A bound that was found too close gives way again: no two tries take the same time.
            if ended.success() {
                (early, late) = (early.saturating_sub(5), delay.max(early + 1));
            } else {
                (early, late) = (delay.min(late), late + 5);
            }
            continue;
        }
        for command in [&["verify"][..], &["serve", "--listen", "127.0.0.1:0"], &["init"], &["key"]] {
            let mut arguments = command.to_vec();
            let url = half.url();
            arguments.extend(["--database", &*url]);
            let output = florin(arguments).await;
            let said = text(&output.stderr);
            assert!(!output.status.success() && said.contains("half of a copy"), "{command:?}: {said}");
        }
        source.verify().await.sound();
        return;
    }
    panic!("no try was cut off in the middle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_server_is_whole_and_serves() {
    let world = World::new().await;
    for number in 1..=3 {
        let transfer = world::transfer(world.alice.waid, world.bob.waid, "1");
        world.provider.reference(&format!("b-{number}")).ok(&transfer).await;
    }
    let home = &world.server.home;
    let to = home.file("copy.db");
    let to = to.to_str().expect("a name");
    let made = florin(["backup", "--database", &home.url(), "--to", to]).await;
    assert!(made.status.success(), "{}", text(&made.stderr));
    let again = florin(["backup", "--database", &home.url(), "--to", to]).await;
    assert!(!again.status.success() && text(&again.stderr).contains("holds something"), "{}", text(&again.stderr));
    let file = format!("sqlite://{to}");
    let verified = florin(["verify", "--database", &*file]).await;
    assert!(verified.status.success(), "{}", text(&verified.stdout));
    // Back to the engine that it came from.
    let restored = Home::new();
    let moved = florin(["move", "--from", &*file, "--to", &*restored.url()]).await;
    assert!(moved.status.success(), "{}", text(&moved.stderr));
    let changes = digest::changes(&digest::tables(&restored.open_read_only()), &world.server.tables());
    assert!(changes.iter().all(|name| engines_own(name)), "{changes:?}");
    let restored = Server::start(restored, Options::default()).await;
    let provider = restored.api().key(&world.initialised.apikey);
    let transfer = world::transfer(world.alice.waid, world.bob.waid, "1");
    let first = world.provider.reference("b-2").ok(&transfer).await.txid;
    assert_eq!(provider.reference("b-2").ok(&transfer).await.txid, first, "the first answer again");
}
