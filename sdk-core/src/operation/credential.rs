//! What users sign in with: password, second factor, e-mail address. Source: spec/omnigate/operations.json, group User.

use super::operation;
#[cfg(feature = "write")]
use crate::id::{Upid, Uuid};
use crate::secret::Secret;
#[cfg(feature = "write")]
use crate::text::{Email, WebUrl};

/// Notes what is wrong with the code of a second factor (of six digits).
#[cfg(feature = "write")]
fn check_code(name: &str, code: Option<&Secret>, problems: &mut super::Problems) {
    if code.is_some_and(|code| !code.expose().bytes().all(|byte| byte.is_ascii_digit())) {
        problems.add(name, "must be six digits");
    }
}

operation! {
    /// Signs a user in with e-mail address, password and, where it is on, the code of the second factor. Whoever cannot
    /// sign in gets one and the same answer (20001), whatever the reason; only with the right password the missing code
    /// of a second factor is asked for (20015).
    pub write struct Login -> LoggedIn;
    Post "/user/login"; callers Public; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// Password of the user.
        "password" password: Secret = 8..=16;
    }
    optional {
        /// The six digits that the authenticator app shows now; needed when the second factor is on.
        "mfacode" mfa_code: Secret = 6..=6;
    }
    check |op, problems| {
        check_code("mfacode", op.mfa_code.as_ref(), problems);
    }
}

wire_record! {
    write
    /// A user who has signed in.
    pub struct LoggedIn {
        /// The user's default profile: what the token acts for.
        "upid" upid: Upid;
        /// The user.
        "uuid" uuid: Uuid;
        /// The user's roles on the default profile.
        "roles" roles: Vec<String>;
        /// The access token: send it as `Authorization: Bearer`.
        "token" token: Secret;
        /// All profiles of the user.
        "availableprofilelist" profiles: Vec<AvailableProfile>;
    }
}

wire_record! {
    write
    /// A profile that a user may act for.
    pub struct AvailableProfile {
        /// The profile.
        "upid" upid: Upid;
        /// Its name.
        "name" name: String;
    }
}

operation! {
    /// Sends the activation link once more, if the user waits for it and e-mail address and password are right. It
    /// answers 10000 in any case, so that nobody learns who is registered.
    pub write struct ActivationEmail -> super::Done;
    Post "/user/activate"; callers Public; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// Password of the user.
        "password" password: Secret = 8..=16;
    }
    optional {}
}

operation! {
    /// Sends a link with which a user may set a new password, once and within an hour. It answers 10000 in any case, so
    /// that nobody learns who is registered.
    pub write struct ResetUserPassword -> super::Done;
    Post "/user/resetpassword"; callers Public; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// The page that the link leads to. It gets `token`, 32 characters, added to its query, and passes that to
        /// `ChangeUserPassword`. Without a provider's credential it must be at a place that the operator allows.
        "callbackurl" callback_url: WebUrl = 10..=60;
    }
    optional {}
}

operation! {
    /// Sets a new password, with the current one or with the token of `ResetUserPassword`. All sessions of the user end.
    pub write struct ChangeUserPassword -> super::Done;
    Post "/user/password"; callers Public; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any ["modifyuserpassword"], party }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// New password: 8 to 16 characters with lower case, upper case, digit and special character.
        "newpassword" new_password: Secret = 8..=16;
    }
    optional {
        /// Current password; needed when `token` is not given.
        "password" password: Secret = 8..=16;
        /// The six digits that the authenticator app shows now; needed when the second factor is on.
        "mfacode" mfa_code: Secret = 6..=6;
        /// The token of `ResetUserPassword`; instead of `password`.
        "token" token: Secret = 32..=32;
    }
    check |op, problems| {
        if op.password.is_none() && op.token.is_none() {
            problems.add("password, token", "one of these must be given");
        }
        if !super::profile::is_strong(op.new_password.expose()) {
            problems.add("newpassword", super::profile::WEAK);
        }
        check_code("mfacode", op.mfa_code.as_ref(), problems);
    }
}

operation! {
    /// Asks to change a user's e-mail address. It is changed when the link that is sent to the new address is confirmed.
    pub write struct ChangeUserEmail -> super::Done;
    Post "/user/email"; callers Provider; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// Current e-mail address.
        "email" email: Email = 6..=60;
        /// New e-mail address.
        "newemail" new_email: Email = 6..=60;
        /// Password of the user.
        "password" password: Secret = 8..=16;
    }
    optional {
        /// The six digits that the authenticator app shows now; needed when the second factor is on.
        "mfa" | "mfacode" mfa_code: Secret = 6..=6;
    }
    check |op, problems| {
        check_code("mfa", op.mfa_code.as_ref(), problems);
        if op.email.folded() == op.new_email.folded() {
            problems.add("newemail", "is the current address");
        }
    }
}

operation! {
    /// Reads whether the second factor is on, for the calling user; with an API key, for its profile's master user.
    pub read struct GetUserMFAStatus -> MfaStatus;
    Get "/user/mfa/status"; callers Provider; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    provider
    /// Whether the second factor is on.
    pub struct MfaStatus {
        /// It is.
        "mfaenabled" | "mefaenabled" enabled: bool;
    }
}

operation! {
    /// Makes a new seed for the calling user's authenticator app, in place of one that was not confirmed. Nothing changes
    /// until `EnableUserMFA` proves that the app has it. Each call gives another seed: only the last one counts.
    pub read struct GetUserMFASeed -> MfaSeed;
    Get "/user/mfa/seed"; callers Provider; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    provider
    /// A seed for an authenticator app, and what to label it with.
    pub struct MfaSeed {
        /// The seed in base32.
        "mfaseed" seed: Secret;
        /// Name of the service, to label the code with: the platform's issuer name.
        "servicename" service_name: String;
        /// Name of the user, to label the code with: the e-mail address.
        "useridentifier" user_identifier: String;
        /// All of it as an `otpauth://` address: the text of the QR code.
        "otpauthurl" otpauth_url: Option<Secret>;
        /// The QR code as an SVG picture, ready to be shown.
        "qrcodesvg" qr_code_svg: Option<Secret>;
    }
}

operation! {
    /// Turns the second factor on, proven by the password and a code that the seed of `GetUserMFASeed` makes.
    pub write struct EnableUserMFA -> super::Done;
    Post "/user/mfa/enable"; callers Provider; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// E-mail address of the user.
        "email" email: Email = 6..=60;
        /// Current password.
        "password" password: Secret = 8..=16;
        /// The six digits that the authenticator app shows now.
        "mfacode" mfa_code: Secret = 6..=6;
    }
    optional {}
    check |op, problems| {
        check_code("mfacode", Some(&op.mfa_code), problems);
    }
}

operation! {
    /// Turns the calling user's second factor off, proven by the password and a code.
    pub write struct DisableUserMFA -> super::Done;
    Post "/user/mfa/disable"; callers Provider; group "credentials"; timeout Standard; rate Standard;
    rights { own [], child [], any ["modifyusermfa"], party }
    required {
        /// Current password.
        "password" password: Secret = 8..=16;
        /// The six digits that the authenticator app shows now.
        "mfacode" mfa_code: Secret = 6..=6;
    }
    optional {}
    check |op, problems| {
        check_code("mfacode", Some(&op.mfa_code), problems);
    }
}
