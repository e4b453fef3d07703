//! What can be had once, asked for twice: by the same reference, by others, and all at once.

use super::owner::Two;
use florin_sdk_core::operation::{CaptureHold, RefundTransaction, ReleaseHold};
use florin_tests::world::amount;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_repeated() {
    let two = Two::new().await;
    let owner = &two.one;
    let txid = owner.spare_debit("100").await;
    let refund = |text: &str| RefundTransaction { amount: Some(amount(text)), ..RefundTransaction::new(txid) };
    let first = owner.send("refund", &refund("40")).await;
    assert_eq!((first.code(), first.is_replay()), (10000, false));
    let again = owner.send("refund", &refund("40")).await;
    assert!(again.is_replay() && again.text() == first.text(), "{}", again.text());
    assert_eq!(owner.balance().await, amount("940"));
    // Another key is another refund, as long as something is left.
    assert_eq!(owner.send("refund-2", &refund("40")).await.code(), 10000);
    owner.send("refund-3", &refund("40")).await.refused(20010, "more than is left");
    assert!(owner.send("refund-3", &refund("40")).await.is_replay());
    owner.send("refund", &refund("20")).await.refused(20007, "another request");
    assert_eq!(owner.send("refund-4", &refund("20")).await.code(), 10000);
    owner.send("refund-5", &refund("0.01")).await.refused(20010, "nothing is left");
    assert!(owner.send("refund", &refund("40")).await.is_replay());
    assert_eq!(owner.balance().await, amount("1000"));
    two.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_captured_twice() {
    let two = Two::new().await;
    let owner = &two.one;
    let hoid = owner.spare_hold("100").await;
    let capture = |text: &str| CaptureHold { amount: Some(amount(text)), ..CaptureHold::new(hoid) };
    let first = owner.send("capture", &capture("40")).await;
    assert_eq!((first.code(), first.is_replay()), (10000, false));
    let again = owner.send("capture", &capture("40")).await;
    assert!(again.is_replay() && again.text() == first.text(), "{}", again.text());
    owner.send("capture", &capture("41")).await.refused(20007, "another request");
    // A hold is captured once: what was left of it is the user's again.
    owner.send("capture-2", &capture("40")).await.refused(20016, "it is closed");
    owner.send("capture-3", &CaptureHold::new(hoid)).await.refused(20016, "it is closed");
    owner.send("release", &ReleaseHold::new(hoid)).await.refused(20016, "it is closed");
    assert!(owner.send("capture-2", &capture("40")).await.is_replay());
    assert_eq!(owner.balance().await, amount("960"));
    two.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_race_releases() {
    let two = Two::new().await;
    let owner = &two.one;
    let mut expected = amount("1000").decimal();
    let (mut captured, mut released) = (0, 0);
    for round in 0..12 {
        let hoid = owner.spare_hold("10").await;
        let answers = join_all((0..16).map(|index| async move {
            let key = format!("race-{round}-{index}");
            // Who is asked first takes turns.
            let captures = (index + round) % 2 == 0;
            let answer = if captures {
                owner.send(&key, &CaptureHold::new(hoid)).await
            } else {
                owner.send(&key, &ReleaseHold::new(hoid)).await
            };
            (captures, answer)
        }))
        .await;
        let won: Vec<_> = answers.iter().filter(|(_, answer)| answer.code() == 10000).map(|(won, _)| *won).collect();
        assert_eq!(won.len(), 1, "one of them wins: {won:?}");
        for (_, answer) in answers.iter().filter(|(_, answer)| answer.code() != 10000) {
            answer.refused(20016, "the others find it closed");
        }
        if won[0] {
            expected -= amount("10").decimal();
            captured += 1;
        } else {
            released += 1;
        }
        assert_eq!(owner.balance().await.decimal(), expected);
    }
    eprintln!("{captured} captures and {released} releases won");
    two.verify().await;
}
