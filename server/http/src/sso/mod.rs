//! Single sign-on, `/auth`.

pub mod keys;
