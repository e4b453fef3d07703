//! Cells on their way to and from PostgreSQL, in its binary form.

use super::numeric;
use bytes::{BufMut, BytesMut};
use florin_domain::store::{Value, ValueRef};
use std::error::Error;
use std::fmt;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// The types that a column may have.
pub(super) const TYPES: [Type; 5] = [Type::INT8, Type::INT4, Type::NUMERIC, Type::TEXT, Type::BYTEA];

/// The type that holds every value of this kind; none for nothing, which has no kind.
pub(super) fn type_of(value: &Value) -> Option<Type> {
    match value {
        Value::Null => None,
        Value::Int(_) => Some(Type::INT8),
        Value::Text(_) => Some(Type::TEXT),
        Value::Blob(_) => Some(Type::BYTEA),
        Value::Units(_) => Some(Type::NUMERIC),
    }
}

/// Whether PostgreSQL can hold it. It can hold no text with a zero character in it, so no row has one.
pub(super) fn fits(value: &Value) -> bool {
    !matches!(value, Value::Text(text) if text.contains('\0'))
}

/// A cell on its way in.
#[derive(Clone, Copy)]
pub(super) struct Given<'a>(pub(super) &'a Value);

/// The driver writes parameters to its log; what is in them is nobody's business there.
impl fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Value::Null => "nothing",
            Value::Int(_) => "an integer",
            Value::Text(_) => "a text",
            Value::Blob(_) => "bytes",
            Value::Units(_) => "units",
        })
    }
}

impl ToSql for Given<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => out.put_i64(*number),
            (Value::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Value::Units(units), &Type::NUMERIC) => numeric::put(*units, out),
            (value @ Value::Text(text), &Type::TEXT) if fits(value) => out.put_slice(text.as_bytes()),
            (Value::Text(_), &Type::TEXT) => return Err("a text holds a zero character".into()),
            (Value::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (_, ty) => return Err(format!("{self:?} cannot go into a column of type {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        TYPES.contains(ty)
    }

    to_sql_checked!();
}

/// How the cells of a column lie on the wire: the same as its type, which takes longer to be told from others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Long,
    Short,
    Number,
    Text,
    Bytes,
}

type Unreadable = Box<dyn Error + Sync + Send>;

impl Form {
    /// That of a type which a column may have.
    pub(super) fn of(ty: &Type) -> Result<Self, Unreadable> {
        Ok(match *ty {
            Type::INT8 => Self::Long,
            Type::INT4 => Self::Short,
            Type::NUMERIC => Self::Number,
            Type::TEXT => Self::Text,
            Type::BYTEA => Self::Bytes,
            _ => return Err(format!("a column of type {ty} is not one of ours").into()),
        })
    }

    /// What a cell holds.
    pub(super) fn see(self, raw: Raw<'_>) -> Result<ValueRef<'_>, Unreadable> {
        let Raw(Some(raw)) = raw else { return Ok(ValueRef::Null) };
        Ok(match self {
            Self::Long => ValueRef::Int(i64::from_be_bytes(raw.try_into()?)),
            Self::Short => ValueRef::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Self::Number => ValueRef::Units(numeric::take(raw)?),
            Self::Text => ValueRef::Text(str::from_utf8(raw)?),
            Self::Bytes => ValueRef::Blob(raw),
        })
    }
}

/// A cell on its way out as it lies there, of whatever type; none if it is nothing.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Unreadable> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unreadable> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A cell on its way out, where it lies.
pub(super) struct Seen<'a>(pub(super) ValueRef<'a>);

impl<'a> FromSql<'a> for Seen<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Unreadable> {
        Ok(Self(Form::of(ty)?.see(Raw(Some(raw)))?))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unreadable> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(ty: &Type) -> bool {
        TYPES.contains(ty)
    }
}

/// A cell on its way out, to be kept.
pub(super) struct Taken(pub(super) Value);

impl<'a> FromSql<'a> for Taken {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Seen::from_sql(ty, raw).map(|seen| Self(seen.0.to_value()))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(ty: &Type) -> bool {
        TYPES.contains(ty)
    }
}
