//! Sessions of people and single sign-on: one test for each rule, on a server in this process whose clock moves.

mod api;
mod browser;
mod code;
mod session;
mod world;
