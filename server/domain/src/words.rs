//! Enums that are stored as words.

/// Declares one. Its last variant, `Other`, is what is not known: nobody here wrote it, and verification finds it.
macro_rules! stored_words {
    (
        $(#[doc = $doc:literal])+
        $name:ident {
            $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
            /// Not written by us: for verification to find.
            Other(String),
        }

        impl $name {
            /// As it is stored and shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl $crate::store::IntoValue for $name {
            fn value(&self) -> $crate::store::Value {
                $crate::store::Value::Text(self.as_str().to_owned())
            }
        }

        impl $crate::store::FromValue for $name {
            const KIND: $crate::store::Kind = $crate::store::Kind::Text;

            fn from_value(value: $crate::store::Value) -> Result<Self, String> {
                let text = String::from_value(value)?;
                Ok(match text.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(text),
                })
            }
        }
    };
}
pub(crate) use stored_words;
