//! The MoMo surface.

mod agreements;
mod callbacks;
mod conformance;
mod credentials;
mod money_once;
mod outcomes;
mod production;
