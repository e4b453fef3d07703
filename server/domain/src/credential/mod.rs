//! What people sign in with: passwords, second factors, and links that are sent by mail.
//!
//! Each use is in three steps, as hashing a password takes tens of milliseconds of one core on purpose: find who is meant
//! ([`Found`]), hash ([`Found::check`], never on a thread that others wait for), and decide in the writer ([`prove`]), where
//! failures are counted and nothing can come between.
//!
//! Whoever fails learns nothing: an unknown address, a wrong password, an inactive user and one who is locked out get the
//! same answer after the same work.
//!
//! | module | what |
//! | --- | --- |
//! | `proof` | is it really this user? |
//! | `guard` | counts failures, and locks out |
//! | `mfa` | the second factor: seeds, codes |
//! | `link` | what is sent by mail and used once |
//! | `letter` | the texts of mails |
//! | `reset`, `activation`, `change` | what is done with them |
//!
//! Source: spec/omnigate/concepts.md, "Passwords and MFA"; ambiguities,
//!

mod activation;
mod change;
mod guard;
mod letter;
mod link;
mod mfa;
mod proof;
mod reset;

pub use activation::{Activated, activate, invite_to_activate, invite_to_team, resend};
pub use change::{Confirmed, PasswordProof, change_email, change_password, confirm_email, email_is_taken};
pub use guard::LoginGuard;
pub use link::{Link, Purpose, find_link};
pub use mfa::{NewSeed, UserMfa, disable_mfa, enable_mfa, is_mfa_on, new_seed, note_seed};
pub use proof::{Checked, Factor, Found, Verdict, acting_user, need_key_that_writes, prove, unproven};
pub use reset::send_reset;
