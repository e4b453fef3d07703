//! What an application asks a person for, and whether it may.

use super::application::{Application, by_client_id};
use crate::refusal::Refusal;
use crate::session::Scope;
use crate::store::Reader;

/// The longest value of `state` and `nonce`.
const MAX_TEXT: usize = 1024;

/// The characters of an S256 challenge: base64url of 32 bytes.
const CHALLENGE_LEN: usize = 43;

/// The parameters of `/auth/authorize`, as they came.
#[derive(Debug, Clone, Default)]
pub struct Params {
    /// The application.
    pub client_id: Option<String>,
    /// Where the person is sent back to.
    pub redirect_uri: Option<String>,
    /// `code` or `token`.
    pub response_type: Option<String>,
    /// `query` or `fragment`, if it is said.
    pub response_mode: Option<String>,
    /// How much is asked for.
    pub scope: Option<String>,
    /// What the application gets back as it is.
    pub state: Option<String>,
    /// Of RFC 7636.
    pub code_challenge: Option<String>,
    /// Of RFC 7636: `S256`.
    pub code_challenge_method: Option<String>,
    /// Of OpenID Connect: what the id token repeats.
    pub nonce: Option<String>,
    /// Of OpenID Connect: `none` asks for an answer without a page.
    pub prompt: Option<String>,
}

/// How the answer gets to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// An authorization code, in the query.
    Code,
    /// An access token, in the fragment: the implicit flow.
    Token,
}

/// What an application asks for, when it may.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The application.
    pub application: Application,
    /// Where the person is sent back to.
    pub redirect_uri: String,
    /// How the answer gets there.
    pub flow: Flow,
    /// How much.
    pub scope: Scope,
    /// What the application gets back as it is.
    pub state: Option<String>,
    /// What the code's verifier must hash to.
    pub challenge: Option<String>,
    /// What the id token repeats.
    pub nonce: Option<String>,
    /// Whether no page may be shown.
    pub silent: bool,
}

/// An application may not ask that.
#[derive(Debug, Clone)]
pub enum Reject {
    /// It is not known who asks, or where to send people: they see a page, and are sent nowhere.
    Page(&'static str),
    /// The application is told so.
    Back {
        /// Where.
        redirect_uri: String,
        /// How.
        flow: Flow,
        /// What it gets back as it is.
        state: Option<String>,
        /// The error of RFC 6749, section 4.1.2.1.
        error: &'static str,
        /// More words for its developer.
        description: &'static str,
    },
    /// A failure of ours.
    Refused(Refusal),
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Looks at what an application asks for. `implicit`: whether the implicit flow is switched on.
pub fn check(store: &mut dyn Reader, params: Params, implicit: bool) -> Result<Asked, Reject> {
    let client_id = params.client_id.ok_or(Reject::Page("The link does not say which application it is from."))?;
    let application = by_client_id(store, &client_id)?
        .ok_or(Reject::Page("The link is from an application that is not registered here."))?;
    let redirect_uri = params.redirect_uri.ok_or(Reject::Page("The link does not say where to send you back to."))?;
    if !application.sends_back_to(&redirect_uri) {
        return Err(Reject::Page("The link wants to send you to an address that the application did not register."));
    }
    let flow = if params.response_type.as_deref() == Some("token") { Flow::Token } else { Flow::Code };
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_TEXT);
    let state = params.state.filter(|text| text.len() <= MAX_TEXT);
    let back = |error, description| {
        Err(Reject::Back { redirect_uri: redirect_uri.clone(), flow, state: state.clone(), error, description })
    };
    match params.response_type.as_deref() {
        Some("code") => {}
        Some("token") if implicit => {}
        Some("token") => {
            return back("unsupported_response_type", "the implicit flow is switched off; use code with PKCE");
        }
        Some(_) => return back("unsupported_response_type", "response_type must be code"),
        None => return back("invalid_request", "response_type is missing"),
    }
    let mode = if flow == Flow::Code { "query" } else { "fragment" };
    if params.response_mode.as_deref().is_some_and(|wanted| wanted != mode) {
        return back("invalid_request", "response_mode is not the one of this flow");
    }
    if too_long(&params.nonce) {
        return back("invalid_request", "nonce is too long");
    }
    let Some(mut scope) = Scope::parse(params.scope.as_deref()) else {
        return back("invalid_scope", "the scopes are *, read and openid");
    };
    if application.public || flow == Flow::Token {
        scope = scope.for_public();
    }
    match (params.code_challenge.as_deref(), params.code_challenge_method.as_deref()) {
        (None, None) if application.public && flow == Flow::Code => {
            return back("invalid_request", "an application without a secret must send a code_challenge (PKCE)");
        }
        (None, None) => {}
        (Some(challenge), Some("S256")) if is_challenge(challenge) => {}
        (Some(_), Some("S256")) => return back("invalid_request", "code_challenge must have 43 base64url characters"),
        _ => return back("invalid_request", "code_challenge_method must be S256"),
    }
    Ok(Asked {
        application,
        flow,
        scope,
        state,
        challenge: params.code_challenge,
        nonce: params.nonce,
        silent: params.prompt.as_deref() == Some("none"),
        redirect_uri,
    })
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
