//! The kinds of value that a request field can hold, as one fact for validation, OpenAPI and the tests.

/// What a field's value looks like in JSON. Lengths stand beside it, in [`crate::operation::Field`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A string; lengths count Unicode characters.
    Text,
    /// A string without control characters; lengths count Unicode characters.
    Line,
    /// A string that spells an e-mail address; lengths count Unicode characters.
    Email,
    /// A string that spells an absolute `http` or `https` address; lengths count Unicode characters.
    Url,
    /// A string that spells an id with this prefix.
    Id(&'static str),
    /// A string that spells this prefix, `_` and a secret of 32 upper-case hexadecimal digits, which is looked up.
    Key(&'static str),
    /// A string that spells a positive decimal amount; lengths count characters.
    Amount,
    /// A string that spells a currency code; lengths count characters.
    Currency,
    /// A string with an RFC 3339 time.
    Time,
    /// A string out of this list.
    OneOf(&'static [&'static str]),
    /// A non-negative whole number; what is given as lengths is its range.
    Number,
    /// `true` or `false`.
    Bool,
    /// `true`, or the text `"true"`; nothing else.
    Assent,
    /// A string of digits, or the number that they spell; lengths count digits.
    Digits,
    /// A list of strings; lengths count elements.
    List,
    /// A JSON object; lengths count bytes of its serialised form.
    Object,
    /// Any JSON value but `null`; lengths count bytes of its serialised form.
    Json,
}

/// A type that a request field can have.
pub trait Wire {
    /// What it looks like in JSON.
    const KIND: Kind;
}

impl Wire for String {
    const KIND: Kind = Kind::Line;
}
impl Wire for bool {
    const KIND: Kind = Kind::Bool;
}
impl Wire for u32 {
    const KIND: Kind = Kind::Number;
}
impl Wire for Vec<String> {
    const KIND: Kind = Kind::List;
}

/// The schema of a type that is a string with a pattern.
#[cfg(feature = "schema")]
macro_rules! text_schema {
    ($name:ident, $pattern:expr) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

/// An enum whose values are texts on the wire, and which keeps a value that it does not know. `as`: its name in other
/// languages, where another type has that name already.
macro_rules! open_text_enum {
    ($(#[doc = $doc:literal])+ $name:ident $(as $foreign:literal)? { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        $(#[cfg_attr(feature = "uniffi", uniffi(name = $foreign))])?
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant,)+
            /// A value that this version does not know, as the server sent it.
            Other {
                /// The text on the wire.
                raw: String,
            },
        }

        impl $name {
            /// The texts that are known.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other { raw } => raw,
                }
            }
        }

        impl From<String> for $name {
            fn from(raw: String) -> Self {
                match raw.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other { raw },
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::wire::Wire for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::OneOf(Self::KNOWN);
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::KNOWN })
            }
        }
    };
}

/// A record on the wire: the name there, the name here, the type. `Option` fields may be absent, and are left out when
/// there is nothing in them. A second name after `|` is read, too, never written.
///
/// `write` in front: an answer of what changes something. `provider`: one that only a provider's server reads, so that it
/// is not in the mobile library's interface. `unexported`: other languages never see it, as the call takes it apart.
macro_rules! wire_record {
    ($(#[doc = $doc:literal])+ $(#[derive($derive:ident)])? pub struct $name:ident { $($fields:tt)* }) => {
        wire_record!(@munch [feature = "uniffi"] [] [$(#[doc = $doc])+ $(#[derive($derive)])?] $name {} $($fields)*);
    };
    (write $(#[doc = $doc:literal])+ pub struct $name:ident { $($fields:tt)* }) => {
        wire_record!(@munch [feature = "uniffi-write"] [#[cfg(feature = "write")]] [$(#[doc = $doc])+] $name {} $($fields)*);
    };
    (provider $(#[doc = $doc:literal])+ $(#[derive($derive:ident)])? pub struct $name:ident { $($fields:tt)* }) => {
        wire_record!(@munch [feature = "uniffi-write"] [] [$(#[doc = $doc])+ $(#[derive($derive)])?] $name {} $($fields)*);
    };
    (unexported $(#[doc = $doc:literal])+ pub struct $name:ident { $($fields:tt)* }) => {
        wire_record!(@munch [any()] [] [$(#[doc = $doc])+] $name {} $($fields)*);
    };
    (@munch [$ffi:meta] [$($gate:tt)*] [$($doc:tt)+] $name:ident { $($done:tt)* }
        $(#[doc = $fdoc:literal])+ $wire:literal $(| $alias:literal)? $field:ident: Option<$ty:ty>; $($rest:tt)*) => {
        wire_record!(@munch [$ffi] [$($gate)*] [$($doc)+] $name {
            $($done)*
            $(#[doc = $fdoc])+
            #[serde(rename = $wire, $(alias = $alias,)? default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr($ffi, uniffi(default = None))]
            pub $field: Option<$ty>,
        } $($rest)*);
    };
    (@munch [$ffi:meta] [$($gate:tt)*] [$($doc:tt)+] $name:ident { $($done:tt)* }
        $(#[doc = $fdoc:literal])+ $wire:literal $(| $alias:literal)? $field:ident: $ty:ty; $($rest:tt)*) => {
        wire_record!(@munch [$ffi] [$($gate)*] [$($doc)+] $name {
            $($done)*
            $(#[doc = $fdoc])+
            #[serde(rename = $wire $(, alias = $alias)?)]
            pub $field: $ty,
        } $($rest)*);
    };
    (@munch [$ffi:meta] [$($gate:tt)*] [$($doc:tt)+] $name:ident { $($done:tt)* }) => {
        $($doc)+
        $($gate)*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr($ffi, derive(uniffi::Record))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $($done)*
        }
    };
}
