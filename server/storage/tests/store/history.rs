//! A wallet's history, read through its own lists, is all of its postings, wherever one begins.

use crate::books::books_on;
use crate::support::{Engine, engine_tests, read, write};
use florin_domain::currency::{self, NewCurrency};
use florin_domain::ledger::{HistoryFilter, Posting, history};
use florin_domain::store::Record;
use florin_sdk_core::{Amount, Timestamp};

/// Long enough for several landmarks in one list, and for none in the other.
const LONG: usize = 260;
const SHORT: usize = 30;

fn pages_and_times_find_the_same_as_a_search(engine: Engine) {
    let books = books_on(engine, 1);
    let issuer = books.issuer;
    write(&*books.store, move |w| {
        let new = NewCurrency {
            letters: "GEM".parse().unwrap(),
            name: "Gem".to_owned(),
            decimals: 0,
            display_decimals: 0,
            issuer_name: None,
            reference: None,
        };
        currency::create_extended(w, issuer, new)
    })
    .unwrap();
    books.supply("1000", true).unwrap();
    for number in 0..LONG {
        books.transfer(0, 1, 1).unwrap();
        if number % (LONG / SHORT) == 0 {
            let one: Amount = "1".parse().unwrap();
            write(&*books.store, move |w| currency::issue(w, issuer, &"GEM".parse().unwrap(), one, None)).unwrap();
        }
    }
    let wallet = books.wallets[0].clone();
    read(&*books.store, move |r| {
        let mut all = r.list::<Posting>(Posting::query().eq(Posting::waid, wallet.waid)).unwrap();
        all.sort_by_key(|posting| std::cmp::Reverse(posting.posting));
        assert!(all.len() > LONG + SHORT);
        for limit in [1, 7, 64, 1000] {
            let mut found = Vec::new();
            let mut before = None;
            loop {
                let filter = HistoryFilter { before, limit, ..HistoryFilter::default() };
                let (page, next) = history(r, &wallet, &filter).unwrap();
                found.extend(page.into_iter().map(|listed| listed.txid));
                before = next;
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(found, all.iter().map(|posting| posting.txid).collect::<Vec<_>>(), "pages of {limit}");
        }
        let times: Vec<i64> = all.iter().map(|posting| (posting.txid.number() / 1000).cast_signed()).collect();
        for place in (0..times.len()).step_by(9) {
            for (from, to) in [(times[place] - 5, times[place]), (0, times[place]), (times[place], i64::MAX / 100_000)]
            {
                let expected: Vec<_> = (all.iter().zip(&times))
                    .filter(|(_, time)| (from..to).contains(time))
                    .map(|(posting, _)| posting.txid)
                    .collect();
                let (from, to) = (Some(Timestamp::from_millis(from)), Some(Timestamp::from_millis(to)));
                let filter = HistoryFilter { from, to, limit: 1000, ..HistoryFilter::default() };
                let (page, next) = history(r, &wallet, &filter).unwrap();
                let found: Vec<_> = page.into_iter().map(|listed| listed.txid).collect();
                assert_eq!((found, next), (expected, None), "from {from:?} to {to:?}");
            }
        }
    });
}

engine_tests! { pages_and_times_find_the_same_as_a_search }
