//! The text of a payment request's QR code.
//!
//! `florin:pay?prid=prid_1234567812345678&amount=12.50&currency=EUR.acme&to=Merchant%20Name`
//!
//! **Anybody can print a code.** Only its `prid` counts: an app asks the server what that payment request is, and shows
//! the server's amount and merchant, never the code's own. What else is in the code is for the moment in which the
//! server has not answered yet, and must be shown as unconfirmed, if at all.

use crate::error::FlorinError;
use crate::id::Prid;
use crate::money::{Amount, CurrencyCode};
use std::fmt;

const SCHEME: &str = "florin:pay?";

/// The longest text that is looked at: well above the longest that [`PaymentCode`] writes.
const TEXT_LIMIT_BYTES: usize = 1024;

/// The most characters of a name.
const NAME_LIMIT: usize = 60;

/// What a payment request's QR code says.
///
/// ```
/// # use florin_sdk_core::qr::PaymentCode;
/// let text = "florin:pay?prid=prid_1234567812345678&amount=12.50&currency=EUR.acme&to=Caf%C3%A9%20%26%20Bar";
/// let code = PaymentCode::parse(text)?;
/// assert_eq!(code.merchant_name, "Café & Bar");
/// assert_eq!(code.to_string(), text);
/// // Now ask the server: client.payment(code.prid)
/// # Ok::<(), florin_sdk_core::FlorinError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PaymentCode {
    /// The payment request: what counts.
    pub prid: Prid,
    /// How much it claims to be for, in whole currency units.
    pub amount: Amount,
    /// The currency that it claims.
    pub currency: CurrencyCode,
    /// Who it claims asks for the money.
    pub merchant_name: String,
}

impl PaymentCode {
    /// The code of a payment request. Of the name, control characters are left out, and what goes beyond 60 characters.
    #[must_use]
    pub fn new(prid: Prid, amount: Amount, currency: CurrencyCode, merchant_name: &str) -> Self {
        let name = merchant_name.chars().filter(|c| !c.is_control());
        Self { prid, amount, currency, merchant_name: name.take(NAME_LIMIT).collect() }
    }

    /// Reads the text of a scanned code. The four parameters must be there once each, in any order; others are for
    /// later versions, and not looked at.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if it is not such a code.
    pub fn parse(text: &str) -> Result<Self, FlorinError> {
        let wrong = |reason: &str| FlorinError::invalid("code", reason);
        if text.len() > TEXT_LIMIT_BYTES {
            return Err(wrong("is too long for a payment code"));
        }
        let query =
            text.strip_prefix(SCHEME).ok_or_else(|| wrong("is not a payment code: those begin with florin:pay?"))?;
        let (mut prid, mut amount, mut currency, mut to) = (None, None, None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').ok_or_else(|| wrong("has a parameter without a value"))?;
            let slot = match name {
                "prid" => &mut prid,
                "amount" => &mut amount,
                "currency" => &mut currency,
                "to" => &mut to,
                _ => continue,
            };
            let value = decode(value).ok_or_else(|| wrong("has a value that is not well escaped"))?;
            if slot.replace(value).is_some() {
                return Err(wrong("has a parameter twice"));
            }
        }
        let (Some(prid), Some(amount), Some(currency), Some(merchant_name)) = (prid, amount, currency, to) else {
            return Err(wrong("lacks one of prid, amount, currency and to"));
        };
        let amount: Amount = amount.parse()?;
        if !amount.is_positive() {
            return Err(FlorinError::invalid("amount", "must be more than nothing"));
        }
        if merchant_name.chars().count() > NAME_LIMIT || merchant_name.chars().any(char::is_control) {
            return Err(FlorinError::invalid("to", "must be at most 60 characters, none of them control"));
        }
        Ok(Self { prid: prid.parse()?, amount, currency: currency.parse()?, merchant_name })
    }
}

/// The text to show as a QR code.
impl fmt::Display for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prid, amount, currency, .. } = self;
        write!(f, "{SCHEME}prid={prid}&amount={amount}&currency={currency}&to=")?;
        for byte in self.merchant_name.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    write!(f, "{}", char::from(byte))?;
                }
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

/// Undoes percent-encoding; a plus is a plus. Characters that should have been escaped are refused.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte if byte.is_ascii_graphic() => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Reads the text of a scanned code. See `PaymentCode`.
#[cfg(feature = "uniffi")]
#[uniffi::export]
pub fn parse_payment_code(text: &str) -> Result<PaymentCode, FlorinError> {
    PaymentCode::parse(text)
}

/// The text to show as a QR code. See `PaymentCode`.
#[cfg(feature = "uniffi")]
#[uniffi::export]
#[expect(clippy::needless_pass_by_value, reason = "records cross to other languages by value")]
pub fn encode_payment_code(code: PaymentCode) -> Result<String, FlorinError> {
    Ok(code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "florin:pay?prid=prid_1234567812345678&amount=12.50&currency=EUR.acme&to=Merchant%20Name";

    #[test]
    fn the_documented_text() {
        let code = PaymentCode::parse(GOOD).unwrap();
        assert_eq!(code.prid.to_string(), "prid_1234567812345678");
        assert_eq!(code.amount.to_string(), "12.50");
        assert_eq!(code.currency.as_str(), "EUR.acme");
        assert_eq!(code.merchant_name, "Merchant Name");
        assert_eq!(code.to_string(), GOOD);
    }

    #[test]
    fn order_and_later_parameters_do_not_matter() {
        let text = "florin:pay?to=a+b&v=2&currency=EUR&amount=1&x=%zz&prid=prid_0000000000000001";
        assert_eq!(PaymentCode::parse(text).unwrap().merchant_name, "a+b");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let long = format!("{GOOD}{}", "x".repeat(1024));
        for bad in [
            "",
            "florin:pay?",
            "florin:pay",
            "https://example.com/",
            "FLORIN:PAY?prid=prid_1234567812345678&amount=12.50&currency=EUR.acme&to=M",
            &GOOD.replace("&amount=12.50", ""),
            &GOOD.replace("12.50", "0"),
            &GOOD.replace("12.50", "-1"),
            &GOOD.replace("12.50", "1e3"),
            &GOOD.replace("prid_1", "prid_"),
            &GOOD.replace("EUR", "eur"),
            &GOOD.replace("%20", " "),
            &GOOD.replace("%20", "%2"),
            &GOOD.replace("%20", "%+1"),
            &GOOD.replace("%20", "%C3"),
            &GOOD.replace("%20", "%0A"),
            &GOOD.replace("%20", "ä"),
            &GOOD.replace("%20", &"%20".repeat(60)),
            &format!("{GOOD}&to=Other"),
            &format!("{GOOD}&prid=prid_1111111111111111"),
            &format!("{GOOD}&"),
            &format!(" {GOOD}"),
            &long,
        ] {
            assert!(PaymentCode::parse(bad).is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn a_name_is_made_to_fit() {
        let parsed = PaymentCode::parse(GOOD).unwrap();
        let name = format!("a\n\u{7f}{}", "ü".repeat(100));
        let code = PaymentCode::new(parsed.prid, parsed.amount, parsed.currency, &name);
        assert_eq!(code.merchant_name, format!("a{}", "ü".repeat(59)));
        assert_eq!(PaymentCode::parse(&code.to_string()).unwrap(), code);
    }

    proptest! {
        #[test]
        fn codes_round_trip(number in 0..=crate::id::MAX_ID, units in 1..i64::MAX, scale in 0..=18_u32, name in ".{0,80}") {
            let code = PaymentCode::new(
                Prid::new(number).unwrap(),
                Amount::from_units(units.into(), scale).unwrap(),
                "EUR.acme".parse().unwrap(),
                &name,
            );
            let text = code.to_string();
            prop_assert!(text.is_ascii() && text.len() <= TEXT_LIMIT_BYTES);
            prop_assert_eq!(PaymentCode::parse(&text).unwrap(), code);
        }

        #[test]
        fn any_text_is_refused_or_round_trips(text in "(florin:pay\\?)?(\\PC{0,8}|(prid|amount|currency|to)=[%0-9A-Za-z_.]{0,21}|&){0,12}") {
            if let Ok(code) = PaymentCode::parse(&text) {
                prop_assert_eq!(PaymentCode::parse(&code.to_string()).unwrap(), code);
            }
        }
    }
}
