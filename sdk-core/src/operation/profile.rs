//! Profiles and their API keys. Source: spec/omnigate/operations.json, group Profile.

use super::operation;
#[cfg(feature = "write")]
use crate::id::Uuid;
use crate::id::{Akid, Fsid, Upid};
use crate::json::JsonObject;
use crate::model::{ProfileData, ProfileType, Status};
#[cfg(feature = "write")]
use crate::secret::Secret;

operation! {
    /// Reads a profile: the caller's own, or another one that the caller may see.
    pub read struct GetProfile -> Profile;
    Get "/profile/{upid}" "/profile"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {}
    optional {
        /// Which profile; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    provider
    /// A profile, as `GetProfile` answers it.
    pub struct Profile {
        /// The profile.
        "upid" upid: Upid;
        /// Individual or organization.
        "type" kind: ProfileType;
        /// Active or inactive.
        "status" status: Status;
        /// The API key that made this call, if one did.
        "akid" akid: Option<Akid>;
        /// The tier of the profile.
        "tierlevel" tier_level: u32;
        /// The roles of the credential that made this call, on this profile.
        "roles" roles: Vec<String>;
        /// Name, address and the like.
        "profile" data: ProfileData;
        /// Counts the changes to this profile.
        "version" version: u32;
        /// The user that the profile is assigned to.
        "masteruuid" master_uuid: Option<crate::id::Uuid>;
        /// The profile above, of a sub-profile.
        "parentupid" parent_upid: Option<Upid>;
        /// The fee schedule, if one is set.
        "fsid" fsid: Option<Fsid>;
        /// Attributes for internal applications.
        "internal" internal: Option<JsonObject>;
        /// Extended attributes.
        "extended" extended: Option<JsonObject>;
    }
}

operation! {
    /// Makes a profile: an individual or an organization, standing alone or below the caller's.
    pub write struct CreateProfile -> CreatedProfile;
    Post "/profile"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child ["createchildprofile"], any ["createstandaloneprofile"] }
    required {
        /// `individual` or `organization`.
        "type" kind: ProfileType = 10..=12;
        /// E-mail address; of an organization, its administrator's.
        "email" email: String = 6..=60;
    }
    optional {
        /// Also register a user with this e-mail address. Default false.
        "registeruser" register_user: bool;
        /// Make it a sub-profile of the caller's. Default false.
        "subprofile" sub_profile: bool;
        /// Make it a system profile (superuser only). Default false.
        "system" system: bool;
        /// Where the activation link leads; required with `registeruser`.
        "callbackurl" callback_url: String = 10..=100;
        /// Password of the new user: lower case, upper case, digit and special character; required with `registeruser`.
        "password" password: Secret = 8..=16;
        /// Language of the new user: two letters.
        "language" language: String = 2..=2;
        /// Time zone of the new user, by its name in the tz database.
        "timezone" time_zone: String = 2..=40;
        /// Whether the new user must confirm the address. Default true.
        "emailvalidation" email_validation: bool;
        /// Phone number.
        "phone" phone: String = 7..=20;
        /// Address, first line.
        "address1" address1: String = 1..=40;
        /// Address, second line.
        "address2" address2: String = 1..=40;
        /// City.
        "city" city: String = 1..=30;
        /// Region.
        "region" region: String = 1..=30;
        /// Country: two letters.
        "country" country: String = 2..=2;
        /// Postal code.
        "postalcode" postal_code: String = 1..=15;
        /// Extended attributes.
        "extended" extended: JsonObject = 2..=20000;
        /// First name; required of an individual.
        "firstname" first_name: String = 1..=30;
        /// Last name; required of an individual.
        "lastname" last_name: String = 1..=30;
        /// Birthday, `YYYY-MM-DD`.
        "birthday" birthday: String = 10..=10;
        /// Name of the organization; required of one.
        "organizationname" organization_name: String = 1..=30;
        /// Administrator's first name; required of an organization.
        "adminfirstname" admin_first_name: String = 1..=30;
        /// Administrator's last name; required of an organization.
        "adminlastname" admin_last_name: String = 1..=30;
        /// Industry.
        "industry" industry: String = 1..=25;
        /// Registration number.
        "registrationid" registration_id: String = 1..=30;
    }
    check |op, problems| {
        let mut need = |name: &str, present: bool, when: &str| {
            if !present {
                problems.add(name, format!("is required {when}"));
            }
        };
        if op.register_user == Some(true) {
            need("callbackurl", op.callback_url.is_some(), "when registeruser is true");
            need("password", op.password.is_some(), "when registeruser is true");
        }
        match op.kind {
            ProfileType::Individual => {
                need("firstname", op.first_name.is_some(), "for an individual");
                need("lastname", op.last_name.is_some(), "for an individual");
            }
            ProfileType::Organization => {
                need("organizationname", op.organization_name.is_some(), "for an organization");
                need("adminfirstname", op.admin_first_name.is_some(), "for an organization");
                need("adminlastname", op.admin_last_name.is_some(), "for an organization");
            }
            ProfileType::Other { .. } => {}
        }
        let password = op.password.as_ref().filter(|_| op.register_user == Some(true));
        if password.is_some_and(|password| !is_strong(password.expose())) {
            problems.add("password", WEAK);
        }
        let letters = |text: &Option<String>| text.as_deref().is_none_or(|t| t.bytes().all(|b| b.is_ascii_alphabetic()));
        for (name, text) in [("language", &op.language), ("country", &op.country)] {
            if !letters(text) {
                problems.add(name, "must be two letters");
            }
        }
        if op.birthday.as_deref().is_some_and(|day| !is_day(day)) {
            problems.add("birthday", "must be a day such as 1950-07-23");
        }
        if op.email.split('@').filter(|part| !part.is_empty()).count() != 2 || op.email.matches('@').count() != 1 {
            problems.add("email", "must be an e-mail address");
        }
    }
}

/// What is wrong with a password that is not strong.
#[cfg(feature = "write")]
pub(super) const WEAK: &str = "must have a lower-case letter, an upper-case letter, a digit and a special character";

/// Whether a password has all that the contract asks for.
#[cfg(feature = "write")]
pub(super) fn is_strong(password: &str) -> bool {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    has(char::is_lowercase) && has(char::is_uppercase) && has(|c| c.is_ascii_digit()) && has(|c| !c.is_alphanumeric())
}

/// Whether a text is a day of the calendar: it is if it is one at midnight.
#[cfg(feature = "write")]
fn is_day(text: &str) -> bool {
    text.len() == 10 && format!("{text}T00:00:00Z").parse::<crate::timestamp::Timestamp>().is_ok()
}

wire_record! {
    write
    /// The new profile.
    pub struct CreatedProfile {
        /// The profile.
        "upid" upid: Upid;
        /// Its user, if one was registered.
        "uuid" uuid: Option<Uuid>;
    }
}

operation! {
    /// Makes an API key for the caller's profile or for one below it. The key itself is shown only in this answer.
    pub write struct CreateAPIKey -> CreatedApiKey;
    Post "/profile/apikey"; callers Provider; group "api_keys"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {
        /// What the key is for.
        "description" description: String = 2..=40;
        /// The roles of calls that are made with it.
        "roles" roles: Vec<String> = 1..=20;
    }
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    write
    /// The new API key.
    pub struct CreatedApiKey {
        /// The profile that it belongs to.
        "upid" upid: Upid;
        /// Its id.
        "akid" akid: Akid;
        /// The key: 32 upper-case hexadecimal digits. It is not shown again.
        "apikey" api_key: Secret;
    }
}

operation! {
    /// Lists the API keys of the caller's profile, or of one below it.
    pub read struct GetAPIKeyList -> ApiKeyList;
    Get "/profile/{upid}/apikey" "/profile/apikey"; callers Provider; group "api_keys"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {}
    optional {
        /// A profile below the caller's; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    unexported
    /// The API keys of a profile.
    pub struct ApiKeyList {
        /// The keys.
        "apikeylist" api_keys: Vec<ApiKey>;
    }
}

wire_record! {
    provider
    /// An API key in a list.
    pub struct ApiKey {
        /// Its id.
        "akid" akid: Akid;
        /// 28 asterisks and the key's last 4 characters.
        "apikey" masked: String;
        /// What it is for.
        "description" description: String;
        /// The roles of calls that are made with it.
        "roles" roles: Vec<String>;
    }
}

operation! {
    /// Ends an API key, at once.
    pub write struct DeleteAPIKey -> super::Done;
    Delete "/profile/{upid}/apikey/{akid}" "/profile/apikey/{akid}"; callers Provider; group "api_keys"; timeout Standard; rate Standard;
    rights { own ["createprofileapikey"], child ["createchildprofileapikey"], any [] }
    required {
        /// Which key.
        "akid" akid: Akid = 21..=21;
    }
    optional {
        /// The profile below the caller's that it belongs to; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}
