//! Profiles and their API keys. Source: spec/omnigate/operations.json, group Profile.

use super::operation;
#[cfg(feature = "write")]
use crate::id::Uuid;
use crate::id::{Akid, Fsid, Upid};
use crate::json::JsonObject;
use crate::model::{ProfileData, ProfileType, Status};
#[cfg(feature = "write")]
use crate::secret::Secret;
use crate::secret::{KeyInPath, UserToken};
#[cfg(feature = "write")]
use crate::text::{Email, WebUrl};

operation! {
    /// Reads a profile: the caller's own, or another one that the caller may see, found by its id, by a live session or by
    /// an API key. An app reads its user's own.
    pub read struct GetProfile -> Profile;
    Get "/profile/{upid}" "/profile/{usertoken}" "/profile/{apikey}" "/profile"; callers Both; group "profiles"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {}
    optional {
        /// Which profile; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
        /// The profile that a live session acts for.
        "usertoken" user_token: UserToken = 42..=42;
        /// The profile that an API key acts for.
        "apikey" api_key: KeyInPath = 39..=39;
    }
    check |op, problems| {
        let given = [op.upid.is_some(), op.user_token.is_some(), op.api_key.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            problems.add("upid, usertoken, apikey", "at most one of these can be given");
        }
    }
}

wire_record! {
    /// A profile, as `GetProfile` answers it.
    pub struct Profile {
        /// The profile.
        "upid" upid: Upid;
        /// Individual or organization.
        "type" kind: ProfileType;
        /// Active or inactive.
        "status" status: Status;
        /// The API key that made this call, or that the profile was found by, if one did.
        "akid" akid: Option<Akid>;
        /// The KYC tier of the profile.
        "tierlevel" tier_level: u32;
        /// The roles, on this profile, of the credential that made this call, or that the profile was found by.
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
        /// Attributes for internal applications: only for callers with the right `internalapp`.
        "internal" internal: Option<JsonObject>;
        /// Extended attributes; what is marked `mask` is not shown.
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
        "email" email: Email = 6..=60;
    }
    optional {
        /// Also register a user with this e-mail address. Default false.
        "registeruser" register_user: bool;
        /// Make it a sub-profile of the caller's. Default false.
        "subprofile" sub_profile: bool;
        /// Make it a system profile (superuser only). Default false.
        "system" system: bool;
        /// Where the activation link leads; required with `registeruser`.
        "callbackurl" callback_url: WebUrl = 10..=100;
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
        /// Extended attributes, by name: see `GetProfileExtendedAttributeList`. The default ones may stand beside the other
        /// fields as well, and mean the same there.
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
        plausible(problems, &[
            ("language", &op.language, Plausible::Letters),
            ("country", &op.country, Plausible::Letters),
            ("birthday", &op.birthday, Plausible::Day),
            ("phone", &op.phone, Plausible::Phone),
        ]);
        let of_person = [("firstname", &op.first_name), ("lastname", &op.last_name), ("birthday", &op.birthday)];
        let of_organization = [
            ("organizationname", &op.organization_name),
            ("adminfirstname", &op.admin_first_name),
            ("adminlastname", &op.admin_last_name),
            ("industry", &op.industry),
            ("registrationid", &op.registration_id),
        ];
        let (others, kind) = match op.kind {
            ProfileType::Individual => (&of_organization[..], "an organization"),
            ProfileType::Organization => (&of_person[..], "an individual"),
            ProfileType::Other { .. } => (&[][..], ""),
        };
        for (name, _) in others.iter().filter(|(_, value)| value.is_some()) {
            problems.add(name, format!("is for {kind} only"));
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

/// What a text must look like, beyond its length.
#[cfg(feature = "write")]
#[derive(Clone, Copy)]
enum Plausible {
    /// Letters of the alphabet.
    Letters,
    /// A day, such as 1950-07-23.
    Day,
    /// A telephone number.
    Phone,
}

/// Notes which of these texts cannot be what they stand for.
#[cfg(feature = "write")]
fn plausible(problems: &mut super::Problems, texts: &[(&str, &Option<String>, Plausible)]) {
    for (name, text, kind) in texts {
        let Some(text) = text else { continue };
        let (good, reason) = match kind {
            Plausible::Letters => (text.bytes().all(|b| b.is_ascii_alphabetic()), "must be two letters"),
            Plausible::Day => (is_day(text), "must be a day such as 1950-07-23"),
            Plausible::Phone => {
                let mark = |b: u8| b.is_ascii_digit() || b" +-().,/#*x".contains(&b);
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                (text.bytes().all(mark) && digits >= 3, "must be a telephone number")
            }
        };
        if !good {
            problems.add(name, reason);
        }
    }
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
    /// Changes a profile: only what is given. Extended attributes are changed one by one, too: `null` takes one away, and
    /// one that is marked `worm` can be set once.
    pub write struct UpdateProfile -> super::Done;
    Post "/profile/update"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {
        /// Which profile.
        "upid" upid: Upid = 21..=21;
    }
    optional {
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
        /// Extended attributes to be changed, by name. The default ones may stand beside the other fields as well.
        "extended" extended: JsonObject = 2..=20000;
        /// First name, of an individual.
        "firstname" first_name: String = 1..=30;
        /// Last name, of an individual.
        "lastname" last_name: String = 1..=30;
        /// E-mail address, of an individual.
        "email" email: Email = 6..=60;
        /// Birthday of an individual, `YYYY-MM-DD`.
        "birthday" birthday: String = 10..=10;
        /// Name of the organization.
        "organizationname" organization_name: String = 1..=30;
        /// Administrator's first name, of an organization.
        "adminfirstname" admin_first_name: String = 1..=30;
        /// Administrator's last name, of an organization.
        "adminlastname" admin_last_name: String = 1..=30;
        /// Administrator's e-mail address, of an organization.
        "adminemail" admin_email: Email = 6..=60;
        /// Industry, of an organization.
        "industry" industry: String = 1..=25;
        /// Registration number, of an organization.
        "registrationid" registration_id: String = 1..=30;
    }
    check |op, problems| {
        plausible(problems, &[
            ("country", &op.country, Plausible::Letters),
            ("birthday", &op.birthday, Plausible::Day),
            ("phone", &op.phone, Plausible::Phone),
        ]);
    }
}

operation! {
    /// Switches a profile on or off. An inactive one's credentials are turned away, and so are those of the profiles below.
    pub write struct UpdateSystemProfile -> super::Done;
    Post "/system/profile/update"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child [], any ["modifyallprofiles"] }
    required {
        /// Which profile. Not the caller's own, nor one above it: nobody could switch it on again.
        "upid" upid: Upid = 21..=21;
        /// `active` or `inactive`.
        "status" status: Status = 6..=8;
    }
    optional {}
}

operation! {
    /// Lists the extended attributes that a profile can have: the default ones, then custom ones that were described.
    pub read struct GetProfileExtendedAttributeList -> ExtendedAttributeList;
    Get "/profile/extendedattributelist"; callers Both; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The extended attributes.
    pub struct ExtendedAttributeList {
        /// The attributes.
        "extendedattributelist" attributes: Vec<ExtendedAttribute>;
    }
}

wire_record! {
    /// An extended attribute that a profile can have.
    pub struct ExtendedAttribute {
        /// Its name, by which it stands in `extended`.
        "name" name: String;
        /// What its value is: `boolean`, `string`, `number`, `array` or `object`.
        "type" kind: String;
        /// A name for people.
        "label" label: String;
        /// `worm`: it can be set once, and not be changed. `mask`: its value is not shown.
        "flags" flags: Option<Vec<String>>;
        /// Where it stands among the others, the least first.
        "priority" priority: Option<u32>;
    }
}

operation! {
    /// Describes a custom extended attribute, so that its type and flags are kept; another time, in place of what was said
    /// before. An attribute that nobody has described can be used, too, with any value.
    pub write struct SetExtendedAttribute -> super::Done;
    Post "/system/extendedattribute"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// Its name: small letters, digits, `_`, `-` and `.`, not that of a default attribute.
        "name" name: String = 1..=64;
        /// What its value must be.
        "type" kind: AttributeType = 5..=7;
        /// A name for people.
        "label" label: String = 1..=60;
    }
    optional {
        /// `worm` or `mask` or both.
        "flags" flags: Vec<String> = 1..=2;
        /// Where it stands among the others, the least first.
        "priority" priority: u32 = 0..=1000000;
    }
}

open_text_enum! {
    /// What the value of an extended attribute is.
    AttributeType {
        /// `true` or `false`.
        Boolean = "boolean",
        /// A text.
        Text = "string",
        /// A number.
        Number = "number",
        /// A list.
        Array = "array",
        /// An object.
        Object = "object",
    }
}

operation! {
    /// Takes the description of a custom extended attribute away. Its values stay, as those of one that nobody described.
    pub write struct DeleteExtendedAttribute -> super::Done;
    Delete "/system/extendedattribute/{name}"; callers Provider; group "profiles"; timeout Standard; rate Standard;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// Its name.
        "name" name: String = 1..=64;
    }
    optional {}
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
