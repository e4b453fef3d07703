//! The platform itself: roles, settings, and what became of a request. Source: spec/omnigate/operations.json, group
//! Static; GetSettings and GetOperationOutcome: spec/florin/extensions.md.

use super::operation;
use crate::id::{Prid, Txid};
use crate::json::JsonObject;
use crate::model::{PublicCurrency, Role};
use crate::timestamp::Timestamp;

wire_record! {
    unexported
    /// Nothing but success.
    pub struct Done {}
}

operation! {
    /// Lists the roles and their rights.
    pub read struct GetPublicRoleList -> RoleList;
    Get "/static/rolelist"; callers Public; group "settings"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The roles of the platform.
    pub struct RoleList {
        /// The roles.
        "rolelist" roles: Vec<Role>;
    }
}

operation! {
    /// Reads what an app needs to know of the platform.
    pub read struct GetSettings -> Settings;
    Get "/settings"; callers Both; group "settings"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    /// What an app needs to know of the platform.
    pub struct Settings {
        /// The currencies of the platform.
        "currencies" currencies: Vec<PublicCurrency>;
        /// The server's clock.
        "servertime" server_time: Timestamp;
        /// The version of the native surface.
        "apiversion" api_version: String;
        /// What this server offers.
        "features" features: Vec<String>;
    }
}

open_text_enum! {
    /// What became of a request.
    OutcomeKind {
        /// No request with this reference was decided.
        Unknown = "unknown",
        /// It is still running.
        Pending = "pending",
        /// It was carried out.
        Done = "done",
        /// It was refused; nothing changed.
        Refused = "refused",
    }
}

operation! {
    /// Tells what became of the money operation that was sent under a client reference.
    pub read struct GetOperationOutcome -> OperationOutcome;
    Get "/operation/{reference}"; callers Provider; group "operations"; timeout Standard; rate Standard;
    rights { own ["listmyswallettx", "createcurrency", "managepaymentrequest"], child [], any [] }
    required {
        /// The client reference.
        "reference" reference: String = 1..=255;
    }
    optional {
        /// Only this operation, where one reference was used for several.
        "operation" operation: String = 1..=64;
    }
}

wire_record! {
    provider
    /// What became of a request.
    pub struct OperationOutcome {
        /// Unknown, pending, done or refused.
        "outcome" outcome: OutcomeKind;
        /// The operation's name.
        "operation" operation: Option<String>;
        /// The transaction that it made.
        "txid" txid: Option<Txid>;
        /// The payment request that it made or settled.
        "prid" prid: Option<Prid>;
        /// When it was decided.
        "completed" completed: Option<Timestamp>;
        /// The result code of a refusal.
        "refusalcode" refusal_code: Option<u32>;
        /// The message of a refusal.
        "refusalmessage" refusal_message: Option<String>;
        /// The whole first answer of a request that was carried out.
        "answer" answer: Option<JsonObject>;
    }
}
