//! The text of a payment request's QR code.
