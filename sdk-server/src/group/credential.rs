//! What the provider's people sign in with: passwords, second factors, e-mail addresses.

use crate::ProviderClient;
use florin_sdk_core::FlorinError;
use florin_sdk_core::operation::{
    ActivationEmail, ChangeUserEmail, ChangeUserPassword, DisableUserMFA, EnableUserMFA, GetUserMFASeed,
    GetUserMFAStatus, LoggedIn, Login, MfaSeed, ResetUserPassword,
};

/// What people sign in with. Errors: [`ProviderClient`]; and, wherever a password is asked for, code 20001 for everybody
/// who cannot prove who they are, whatever the reason, and 20015 when the password is right and the code of the second
/// factor is missing or wrong.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct CredentialGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl CredentialGroup {
    /// Signs a person in. The token in the answer is an access token: a client made with it acts as this person, on the
    /// default profile, for an hour.
    ///
    /// After five failures in a row nobody gets in for 30 seconds, not even with the right password; each failure after
    /// that doubles the time, up to an hour.
    ///
    /// Source: `Login` in spec/omnigate/operations.json; ambiguities A-084.
    pub async fn login(&self, request: Login) -> Result<LoggedIn, FlorinError> {
        self.0.send(request).await
    }

    /// Sends the activation link once more, to a person who waits for it. It is no error if there is no such person.
    ///
    /// Source: `ActivationEmail` in spec/omnigate/operations.json; ambiguities A-098.
    pub async fn send_activation(&self, request: ActivationEmail) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Sends a link with which a person sets a new password, once and within an hour. It leads to a page of yours, which
    /// gets the token in `token` and passes it to [`Self::change_password`]. It is no error if there is no such person.
    ///
    /// Source: `ResetUserPassword` in spec/omnigate/operations.json; ambiguities.
    pub async fn reset_password(&self, request: ResetUserPassword) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Sets a new password, with the old one or with the token of [`Self::reset_password`]. All sessions of the person end.
    ///
    /// Source: `ChangeUserPassword` in spec/omnigate/operations.json; ambiguities.
    pub async fn change_password(&self, request: ChangeUserPassword) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Asks to change a person's e-mail address: it is changed once the link that goes to the new address is confirmed.
    ///
    /// Source: `ChangeUserEmail` in spec/omnigate/operations.json; ambiguities.
    pub async fn change_email(&self, request: ChangeUserEmail) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Whether the second factor is on, for whoever calls: a person who signed in, or the master user of the API key's
    /// profile.
    ///
    /// Source: `GetUserMFAStatus` in spec/omnigate/operations.json; ambiguities A-042.
    pub async fn mfa_status(&self) -> Result<bool, FlorinError> {
        Ok(self.0.send(GetUserMFAStatus {}).await?.enabled)
    }

    /// A new seed for an authenticator app, with the QR code to show. It counts once [`Self::enable_mfa`] has proven that
    /// the app has it, within an hour; each call makes another one, and only the last counts.
    ///
    /// Source: `GetUserMFASeed` in spec/omnigate/operations.json; ambiguities.
    pub async fn mfa_seed(&self) -> Result<MfaSeed, FlorinError> {
        self.0.send(GetUserMFASeed {}).await
    }

    /// Turns the second factor on.
    ///
    /// Source: `EnableUserMFA` in spec/omnigate/operations.json.
    pub async fn enable_mfa(&self, request: EnableUserMFA) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Turns the second factor off.
    ///
    /// Source: `DisableUserMFA` in spec/omnigate/operations.json.
    pub async fn disable_mfa(&self, request: DisableUserMFA) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }
}
