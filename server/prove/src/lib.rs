//! The exactly-once test, for anybody's own machine: `florin prove`.
//!
//! A server is killed and killed again, provider SDK clients in processes of their own are killed, too, and go on from
//! their journals, and a proxy between them spoils exchanges. Afterwards each planned operation must be booked exactly
//! once, with the right amount, and the books must add up.
//!
//! | module | what |
//! | --- | --- |
//! | [`plan`] | what is to happen, made from a seed: stories, their steps, and what each must leave in the books |
//! | [`action`] | one step, sent through the SDK |
//! | [`client`] | the process that plays stories, and goes on after it was killed |
//! | [`notes`] | what a client's owner knows: which steps have begun and what was told of them |
//! | [`proxy`] | the proxy that drops, delays, doubles and spoils |
//! | [`server`] | `florin` processes: init, serve, verify |
//! | [`fleet`] | the clients' processes: started, killed, started again |
//! | [`count`] | reads the books and compares them with the plan |
//! | [`report`] | what came out |
//! | [`run()`] | all of it together |

pub mod action;
pub mod client;
pub mod count;
pub mod error;
pub mod fleet;
pub mod notes;
pub mod plan;
pub mod proxy;
pub mod report;
pub mod run;
pub mod server;

pub use error::ProveError;
pub use report::Report;
pub use run::{Extent, Options, run};
