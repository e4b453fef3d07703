//! Consents: what an account holder lets somebody see or do.

use super::{Body, Problems, Secret, check_present, lenient};

body! {
    fields "snake_case";

    /// Asks an account holder for a consent. Sent as a form.
    pub struct BcAuthorize as "MomoBcAuthorize" {
        /// Who: `ID:{msisdn}/MSISDN`.
        login_hint: String,
        /// To what, with blanks between: such as `profile`.
        scope: String,
        /// `online` or `offline`.
        access_type: String,
        ;
        /// For how many seconds, offline only.
        consent_valid_in: String,
        /// For being told.
        client_notification_token: Secret,
        /// Base64 of the financial instruction.
        scope_instruction: String,
    }
    check |this, problems| {
        check_present("login_hint", &this.login_hint, problems);
        check_present("scope", &this.scope, problems);
        if !matches!(this.access_type.as_str(), "online" | "offline") {
            problems.add("access_type", "must be online or offline");
        }
        if let Some(seconds) = &this.consent_valid_in {
            super::check_seconds("consent_valid_in", seconds, problems);
        }
    }

    /// Under what the consent is asked about.
    pub struct BcAuthorizeResult as "MomoBcAuthorizeResult" {
        /// Names the request.
        auth_req_id: Secret,
        /// How many seconds to wait between questions.
        #[serde(deserialize_with = "lenient::number")]
        interval: u64,
        /// For how many seconds it can be asked about.
        #[serde(deserialize_with = "lenient::number")]
        expires_in: u64,
    }

    /// Asks for a consent's token. Sent as a form.
    pub struct Oauth2TokenRequest as "MomoOauth2TokenRequest" {
        /// [`Self::CIBA`] or [`Self::REFRESH`].
        grant_type: String,
        ;
        /// With the first.
        auth_req_id: Secret,
        /// With the second.
        refresh_token: Secret,
    }
    check |this, problems| {
        let complete = match this.grant_type.as_str() {
            Oauth2TokenRequest::CIBA => this.auth_req_id.is_some(),
            Oauth2TokenRequest::REFRESH => this.refresh_token.is_some(),
            _ => false,
        };
        if !complete {
            problems.add("grant_type", "must be one of the two, with its own field");
        }
    }

    /// A consent's token.
    pub struct Oauth2Token as "MomoOauth2Token" {
        /// The token.
        access_token: Secret,
        /// `Bearer`; clients ignore it.
        #[serde(default)]
        token_type: String,
        /// How many seconds it is good for.
        #[serde(deserialize_with = "lenient::number")]
        expires_in: u64,
        ;
        /// To what.
        scope: String,
        /// For the next one; offline only.
        refresh_token: Secret,
        /// How many seconds the refresh token is good for.
        #[serde(deserialize_with = "lenient::some_number")]
        refresh_token_expired_in: u64,
    }

    /// What an account holder has consented to be known.
    pub struct UserInfo as "MomoUserInfo" {
        ;
        /// The holder's id.
        #[serde(deserialize_with = "lenient::some_text")]
        sub: String,
        /// The whole name.
        name: String,
        /// The given name.
        given_name: String,
        /// The family name.
        family_name: String,
        /// The middle name.
        middle_name: String,
        /// An e-mail address.
        email: String,
        /// The gender.
        gender: String,
        /// Language and country.
        locale: String,
        /// The number.
        phone_number: String,
        /// An address.
        address: String,
        /// The account's state.
        status: String,
        /// `YYYY-MM-DD`.
        birthdate: String,
        /// A score.
        #[serde(deserialize_with = "lenient::some_text")]
        credit_score: String,
        /// Where the holder was born.
        country_of_birth: String,
        /// Where the holder was born.
        region_of_birth: String,
        /// Where the holder was born.
        city_of_birth: String,
        /// What the holder does.
        occupation: String,
        /// For whom.
        employer_name: String,
        /// What the holder showed.
        identification_type: String,
        /// Its number.
        #[serde(deserialize_with = "lenient::some_text")]
        identification_value: String,
        /// Whether the address was checked.
        email_verified: bool,
        /// Whether the number was checked.
        phone_number_verified: bool,
        /// Whether the account is active.
        active: bool,
        /// When it was last changed: seconds since 1970.
        #[serde(deserialize_with = "lenient::some_number")]
        updated_at: u64,
    }
}

impl Oauth2TokenRequest {
    /// The grant of a consent that was asked for.
    pub const CIBA: &'static str = "urn:openid:params:grant-type:ciba";
    /// The grant of an earlier token.
    pub const REFRESH: &'static str = "refresh_token";

    /// For a consent that was asked for.
    #[must_use]
    pub fn ciba(auth_req_id: Secret) -> Self {
        Self { auth_req_id: Some(auth_req_id), ..Self::new(Self::CIBA.to_owned()) }
    }

    /// For an earlier token.
    #[must_use]
    pub fn refresh(token: Secret) -> Self {
        Self { refresh_token: Some(token), ..Self::new(Self::REFRESH.to_owned()) }
    }
}
