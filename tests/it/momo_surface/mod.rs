//! The MoMo surface, as bytes and JSON: what it answers, and what becomes of the money.

mod agreements;
mod callbacks;
mod conformance;
mod credentials;
mod money_once;
mod outcomes;
mod production;
