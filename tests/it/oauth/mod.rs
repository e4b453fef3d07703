//! Sessions of people and single sign-on: one test for each rule, on a server in this process whose clock moves.

mod session;
mod world;
