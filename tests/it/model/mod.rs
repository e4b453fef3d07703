//! The server does what a plain ledger does: random sequences of every money operation, good and bad, repeated and in
//! conflict, while time passes. What fails is made as short as it gets.
//!
//! The server is in this process, so that its clock can be moved; requests go through all of it but the socket.

mod case;
mod ledger;
mod step;
mod wire;

use case::Case;
use fastrand::Rng;
use florin_tests::seed;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::atomic::{AtomicUsize, Ordering};
use wire::Wire;

/// How many steps are taken in all, unless `FLORIN_TEST_STEPS` says otherwise.
const STEPS: usize = 20_000;

fn steps() -> usize {
    let given = std::env::var("FLORIN_TEST_STEPS");
    given.map_or(STEPS, |text| text.parse().expect("FLORIN_TEST_STEPS is a number"))
}

/// On how many servers at once, each with a database of its own: while one waits for the disk, others work.
const SERVERS: usize = 4;

#[test]
fn the_server_does_what_a_plain_ledger_does() {
    let mut rng = seed::generator("the_server_does_what_a_plain_ledger_does");
    let steps = steps();
    let rngs: Vec<_> = (0..SERVERS).map(|_| rng.fork()).collect();
    std::thread::scope(|scope| {
        let servers: Vec<_> = rngs.into_iter().map(|rng| scope.spawn(move || compare(rng, steps / SERVERS))).collect();
        for server in servers {
            server.join().expect("no difference");
        }
    });
}

fn compare(mut rng: Rng, steps: usize) {
    let wire = Wire::new();
    let (cases, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    while taken.load(Ordering::Relaxed) < steps {
        let seed = std::array::from_fn::<u8, 32, _>(|_| rng.u8(..));
        let config = Config { cases: 1, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let result = runner.run(&step::steps(), |steps| {
            taken.fetch_add(steps.len(), Ordering::Relaxed);
            let mut case = Case::new(&wire, cases.fetch_add(1, Ordering::Relaxed));
            case.begin()?;
            for (step, keyed) in steps {
                case.take(step, keyed)?;
            }
            case.end()
        });
        assert!(result.is_ok(), "{}", result.expect_err("it failed"));
    }
    let report = wire.verify();
    assert!(report.ok, "{:?}", report.faults);
    assert!(report.transactions > steps as u64 / 4, "many steps did something: {}", report.transactions);
    wire.sweep();
    let report = wire.verify();
    assert!(report.ok, "{:?}", report.faults);
}
