//! API users, their keys and their tokens (sections 2 to 4).

use super::{Body, Problems, Secret, lenient};

body! {
    fields "camelCase";

    /// An API user to be made.
    pub struct ApiUserRequest as "MomoApiUserRequest" {
        /// The host that callbacks may go to: a bare name; a URL is tolerated (K4).
        provider_callback_host: String,
    }
    check |this, problems| {
        let host = &this.provider_callback_host;
        if host.trim().is_empty() || host.len() > 255 || host.contains(char::is_whitespace) {
            problems.add("providerCallbackHost", "must be a host name");
        }
    }

    /// An API user.
    pub struct ApiUser as "MomoApiUser" {
        /// The host that callbacks may go to, as it was sent.
        provider_callback_host: String,
        /// The target environment.
        target_environment: String,
        ;
        /// Nobody has seen it filled.
        payment_server_url: String,
    }

    /// A key of an API user. It is shown this once; another takes its place.
    pub struct ApiKey as "MomoApiKey" {
        /// 32 hexadecimal digits.
        api_key: Secret,
    }
}

body! {
    fields "snake_case";

    /// An access token.
    pub struct Token as "MomoToken" {
        /// Opaque, whatever it looks like.
        access_token: Secret,
        /// Clients ignore it (K31).
        #[serde(default)]
        token_type: String,
        /// How many seconds it is good for.
        #[serde(deserialize_with = "lenient::number")]
        expires_in: u64,
    }
}
