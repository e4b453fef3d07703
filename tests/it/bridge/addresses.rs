//! Addresses at the door: what each network would take is taken, and nothing else.

use super::{code, withdrawal};
use florin_sdk_core::Waid;
use florin_sdk_core::operation::{GetTrustLines, ManualDeposit, WalletWithdraw, WalletWithdrawTest};
use florin_tests::digest::changes;
use florin_tests::world::{World, amount};

/// Method, currency, addresses: the networks' own examples.
const GOOD: &[(&str, &str, &[&str])] = &[
    (
        "ripple",
        "XRP",
        &[
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn",
            "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-0",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-4294967295",
        ],
    ),
    (
        "stellar",
        "XLM",
        &[
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ-9223372036854775807",
            "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ",
        ],
    ),
    (
        "bitcoin",
        "BTC",
        &[
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ],
    ),
    ("iban", "EUR", &["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "MT84MALT011000012345MTLCAST001S"]),
    ("bank", "EUR", &["12345678", "001-04-123/9"]),
    ("manual", "EUR", &["Cash desk 7"]),
];

/// The same, with what no network would take: a letter changed, another network's, a tag too large, a test network's.
const BAD: &[(&str, &str, &[&str])] = &[
    (
        "ripple",
        "XRP",
        &[
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCm",
            "racZzyXWwvuUT98SsrQP7p65OnmMLkK4j3",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-4294967296",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-x",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn-",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "snoPBrXtMeMyMHUVTgbuqAfg1SUTbKJHGFD",
        ],
    ),
    (
        "stellar",
        "XLM",
        &[
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGA",
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ-9223372036854775808",
            "SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR",
            "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn",
        ],
    ),
    (
        "bitcoin",
        "BTC",
        &[
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
            "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqdf4kme",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa-7",
        ],
    ),
    ("iban", "EUR", &["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000"]),
    ("bank", "EUR", &["a", "12345678901234567890123456789012345"]),
];

/// A wallet with some of all of them.
async fn rich(world: &World) -> Waid {
    for currency in ["XRP", "XLM", "BTC", "EUR"] {
        let deposit =
            ManualDeposit { waid: Some(world.alice.waid), ..ManualDeposit::new(code(currency), amount("1000")) };
        world.provider.ok(&deposit).await;
    }
    world.alice.waid
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_network_would_take_is_taken() {
    let world = World::new().await;
    let waid = rich(&world).await;
    for (method, currency, list) in GOOD {
        for to in *list {
            let answer = world.provider.send(&withdrawal(waid, method, currency, "1", to)).await;
            assert_eq!(answer.code(), 10000, "{method} {to}: {}", answer.text());
        }
    }
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_addresses_are_refused_and_nothing_is_written() {
    let world = World::new().await;
    let waid = rich(&world).await;
    let before = world.server.tables();
    for (method, currency, list) in BAD {
        for to in *list {
            let answer = world.provider.send(&withdrawal(waid, method, currency, "1", to)).await;
            answer.refused(20000, &format!("{method} {to}"));
            assert!(answer.text().contains("destinationaddress"), "{}", answer.text());
        }
    }
    for to in BAD[0].2 {
        let test = WalletWithdrawTest {
            amount: Some(amount("1")),
            currency: Some(code("XRP")),
            waid: Some(waid),
            ..WalletWithdrawTest::new("ripple".to_owned(), (*to).to_owned())
        };
        let answer = world.provider.send(&test).await;
        answer.refused(20000, to);
        assert!(answer.text().contains("destinationaddress"), "{}", answer.text());
        let lines = GetTrustLines { network: "ripple".to_owned(), address: (*to).to_owned() };
        world.provider.send(&lines).await.refused(20000, to);
    }
    let nowhere =
        WalletWithdraw::new(amount("10"), code("EUR"), "paypal".to_owned(), "somebody@example.com".to_owned());
    let answer = world.provider.send(&nowhere).await;
    answer.refused(20000, "no such method");
    assert!(answer.text().contains("method"), "{}", answer.text());
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
}
