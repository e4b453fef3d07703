//! Whole numbers of 128 bits as PostgreSQL's NUMERIC, in the form that it has on the wire: groups of four digits.
//!
//! Layout: count of groups, weight of the first group, sign, digits after the point, then the groups; each 16 bits.

use bytes::{BufMut, BytesMut};

const BASE: u128 = 10_000;
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

pub(super) fn put(number: i128, out: &mut BytesMut) {
    let mut groups = Vec::with_capacity(10);
    let mut rest = number.unsigned_abs();
    while rest > 0 {
        groups.push(u16::try_from(rest % BASE).unwrap_or_default());
        rest /= BASE;
    }
    // A number of 39 digits has 10 groups.
    let weight = i16::try_from(groups.len()).unwrap_or_default().saturating_sub(1).max(0);
    out.put_i16(i16::try_from(groups.len()).unwrap_or_default());
    out.put_i16(weight);
    out.put_u16(if number < 0 { NEGATIVE } else { POSITIVE });
    out.put_i16(0);
    for group in groups.into_iter().rev() {
        out.put_u16(group);
    }
}

/// The number; the reason if it is none that we wrote.
pub(super) fn take(raw: &[u8]) -> Result<i128, &'static str> {
    let mut words = raw.chunks_exact(2).map(|pair| pair.iter().fold(0_u16, |word, byte| word << 8 | u16::from(*byte)));
    let mut next = || words.next().ok_or("the number is cut short");
    let (count, weight, sign, _scale) = (next()?, next()?.cast_signed(), next()?, next()?);
    if sign != POSITIVE && sign != NEGATIVE {
        return Err("the number is not finite");
    }
    // Nearly all: fewer than 17 digits, none of them after the point.
    if (0..=3).contains(&weight) && count <= weight.cast_unsigned() + 1 {
        let mut number = 0_i64;
        for place in 0..=weight.cast_unsigned() {
            number = number * 10_000 + if place < count { i64::from(next()?) } else { 0 };
        }
        return Ok(i128::from(if sign == NEGATIVE { -number } else { number }));
    }
    let mut number = 0_i128;
    let mut place = i32::from(weight);
    for _ in 0..count {
        let group = i128::from(next()?);
        if place < 0 && group != 0 {
            return Err("the number is not a whole one");
        }
        if place >= 0 {
            // Downwards if negative: the least number has no positive twin.
            let signed = if sign == NEGATIVE { -group } else { group };
            let power = u32::try_from(place).ok().and_then(|place| BASE.cast_signed().checked_pow(place));
            let part = power.and_then(|power| signed.checked_mul(power));
            number = part.and_then(|part| number.checked_add(part)).ok_or("the number is too large")?;
        }
        place -= 1;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(number: i128) -> BytesMut {
        let mut out = BytesMut::new();
        put(number, &mut out);
        out
    }

    proptest! {
        #[test]
        fn what_was_put_is_taken(number: i128, shift in 0_u32..127) {
            prop_assert_eq!(take(&bytes(number >> shift)), Ok(number >> shift));
        }
    }

    #[test]
    fn the_extremes_too() {
        for number in [0, 1, -1, 9999, 10_000, -10_000, 100_000_000, i128::MAX, i128::MIN] {
            assert_eq!(take(&bytes(number)), Ok(number));
        }
    }

    #[test]
    fn what_is_no_whole_number_is_told() {
        let words = |list: &[u16]| list.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
        assert_eq!(take(&words(&[2, 1, 0, 0, 12, 34])), Ok(120_034));
        assert_eq!(take(&words(&[1, 1, 0, 0, 12])), Ok(120_000), "trailing zeros are left out");
        assert_eq!(take(&words(&[2, 0, 0, 2, 12, 0])), Ok(12));
        assert!(take(&words(&[2, 0, 0, 2, 12, 5000])).is_err(), "12.5");
        assert!(take(&words(&[0, 0, 0xC000, 0])).is_err(), "not a number");
        assert!(take(&words(&[1, 10, 0, 0, 9])).is_err(), "too large");
        assert!(take(&words(&[2, 0, 0, 0, 12])).is_err(), "cut short");
        assert!(take(&[]).is_err());
    }
}
