//! Applications that act for people by single sign-on.

use super::operation;
use crate::id::Upid;
#[cfg(feature = "write")]
use crate::secret::Secret;
use crate::timestamp::Timestamp;

open_text_enum! {
    /// Whether an application can keep a secret.
    ApplicationType {
        /// It runs on a server and keeps its secret.
        Confidential = "confidential",
        /// It runs in a browser or on people's devices: it keeps none, and its tokens only read.
        Public = "public",
    }
}

operation! {
    /// Registers an application that may ask people for access.
    pub write struct CreateApplication -> CreatedApplication;
    Post "/application"; callers Provider; group "applications"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {
        /// The name that people see when they are asked.
        "name" name: String = 1..=60;
        /// `confidential` or `public`.
        "type" kind: ApplicationType = 6..=12;
        /// Where people are sent back to, compared character for character; several with a space between them, at most 10:
        /// `https`, `http` on the loopback, or for an installed application a scheme of its own with a period in it.
        "redirecturis" redirect_uris: String = 1..=20490;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    write
    /// The new application.
    pub struct CreatedApplication {
        /// What it calls itself: 8 characters.
        "clientid" client_id: String;
        /// What it proves itself with, of a confidential one: 32 characters. It is not shown again.
        "clientsecret" client_secret: Option<Secret>;
    }
}

operation! {
    /// Lists the applications of a profile, oldest first; never their secrets.
    pub read("uniffi-write") struct ListApplications -> ApplicationList;
    Get "/application/list"; callers Provider; group "applications"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {}
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    unexported
    /// The applications of a profile.
    pub struct ApplicationList {
        /// The applications.
        "applicationlist" applications: Vec<Application>;
    }
}

wire_record! {
    provider
    /// An application in a list.
    pub struct Application {
        /// What it calls itself.
        "clientid" client_id: String;
        /// The name that people see.
        "name" name: String;
        /// `confidential` or `public`.
        "type" kind: ApplicationType;
        /// Where people are sent back to.
        "redirecturis" redirect_uris: Vec<String>;
        /// When it was made.
        "created" created: Timestamp;
    }
}

operation! {
    /// Deletes an application. All that people granted it ends at once.
    pub write struct DeleteApplication -> super::Done;
    Delete "/application/{clientid}"; callers Provider; group "applications"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {
        /// Which application.
        "clientid" client_id: String = 8..=8;
    }
    optional {
        /// The profile below the caller's that it belongs to; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

operation! {
    /// Gives a confidential application another secret; the one before is no longer good.
    pub write struct RotateApplicationSecret -> RotatedSecret;
    Post "/application/{clientid}/secret"; callers Provider; group "applications"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {
        /// Which application.
        "clientid" client_id: String = 8..=8;
    }
    optional {
        /// The profile below the caller's that it belongs to; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    write
    /// The new secret.
    pub struct RotatedSecret {
        /// What the application proves itself with: 32 characters. It is not shown again.
        "clientsecret" client_secret: Secret;
    }
}

operation! {
    /// Puts a new key in the place of the one that signs access tokens. Tokens that the old one signed stay good.
    pub write struct RotateSigningKey -> RotatedSigningKey;
    Post "/system/signingkey/rotate"; callers Provider; group "applications"; timeout Standard; rate Standard;
    rights { own [], child [], any ["systemadmin"] }
    required {}
    optional {}
}

wire_record! {
    write
    /// The new key.
    pub struct RotatedSigningKey {
        /// What tokens call it.
        "kid" kid: String;
    }
}
