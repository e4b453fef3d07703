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

/// A cell on its way out, where it lies.
pub(super) struct Seen<'a>(pub(super) ValueRef<'a>);

impl<'a> FromSql<'a> for Seen<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT8 => ValueRef::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => ValueRef::Int(i32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => ValueRef::Units(numeric::take(raw)?),
            Type::TEXT => ValueRef::Text(<&str>::from_sql(ty, raw)?),
            Type::BYTEA => ValueRef::Blob(raw),
            _ => return Err(format!("a column of type {ty} is not one of ours").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
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
