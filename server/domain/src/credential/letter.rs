//! The texts of mails. Plain text: a link in it is what it says it is.

use crate::mail::{Letter, SITE};
use florin_sdk_core::Secret;
use url::Url;

/// The address of a page of ours that a token is given to. The host is filled in when the mail is sent.
fn our_page(path: &str, token: &Secret) -> String {
    format!("{SITE}{path}?token={}", token.expose())
}

/// The address of a page of the provider's that a token is given to.
fn their_page(callback: &str, token: &Secret) -> String {
    // Checked when it came; at worst it is a text that is no address.
    Url::parse(callback).map_or_else(
        |_| callback.to_owned(),
        |mut url| {
            url.query_pairs_mut().append_pair("token", token.expose());
            url.into()
        },
    )
}

fn letter(subject: &str, text: &str) -> Letter {
    Letter { subject: subject.to_owned(), text: Secret::from(format!("Hello,\n\n{text}\n")) }
}

pub(super) fn reset(callback: &str, token: &Secret) -> Letter {
    letter(
        "Set a new password",
        &format!(
            "Somebody, most likely you, asked to set a new password for this e-mail address. To do so, open this page \
             within an hour:\n\n{}\n\nIf it was not you, you need not do anything: your password stays as it is.",
            their_page(callback, token)
        ),
    )
}

pub(super) fn activate(token: &Secret) -> Letter {
    letter(
        "Confirm your e-mail address",
        &format!(
            "You were registered with this e-mail address. To confirm that it is yours, open this page within three \
             days:\n\n{}\n\nIf you do not know of this, you need not do anything: without you, nobody can sign in.",
            our_page("/auth/activate", token)
        ),
    )
}

pub(super) fn invite(profile: &str, callback: &str, token: &Secret) -> Letter {
    letter(
        "You are invited",
        &format!(
            "You may now work for {profile}. Choose your password on this page, within three days:\n\n{}\n\nAfterwards \
             you sign in with this e-mail address.",
            their_page(callback, token)
        ),
    )
}

pub(super) fn welcome(profile: &str, callback: &str) -> Letter {
    letter(
        "You are in another team",
        &format!(
            "You may now work for {profile}, too. Sign in as you always do. This is the page of whoever invited you:\n\n\
             {callback}"
        ),
    )
}

pub(super) fn confirm_email(token: &Secret) -> Letter {
    letter(
        "Confirm your new e-mail address",
        &format!(
            "You asked to sign in with this e-mail address from now on. To confirm it, open this page within a \
             day:\n\n{}\n\nIf it was not you, you need not do anything.",
            our_page("/auth/confirm-email", token)
        ),
    )
}

pub(super) fn email_change_asked(new: &str) -> Letter {
    letter(
        "Your e-mail address is to be changed",
        &format!(
            "Somebody who knows your password asked to change your e-mail address to {new}. It is changed once that \
             address confirms it.\n\nIf it was not you, change your password now: that takes the request back."
        ),
    )
}

pub(super) fn email_changed(new: &str) -> Letter {
    letter(
        "Your e-mail address was changed",
        &format!(
            "From now on you sign in with {new}, and mails go there.\n\nIf it was not you, tell whoever runs this \
             platform at once."
        ),
    )
}

pub(super) fn password_changed() -> Letter {
    letter(
        "Your password was changed",
        "Your password was changed, and you were signed out everywhere.\n\nIf it was not you, ask for a new password at \
         once, and tell whoever runs this platform.",
    )
}

pub(super) fn mfa_changed(on: bool) -> Letter {
    let (subject, what) = if on {
        ("Your second factor is on", "From now on, signing in takes a code of your authenticator app.")
    } else {
        ("Your second factor is off", "From now on, signing in takes your password alone.")
    };
    let text =
        format!("{what}\n\nIf it was not you, change your password at once, and tell whoever runs this platform.");
    letter(subject, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_added_to_what_the_address_has_already() {
        let token = Secret::from("abc");
        assert_eq!(their_page("https://a.example/set?x=1#top", &token), "https://a.example/set?x=1&token=abc#top");
        assert_eq!(their_page("https://a.example", &token), "https://a.example/?token=abc");
    }
}
