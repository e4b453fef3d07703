//! Mails by SMTP.

use florin_domain::mail::Attempt;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};
use std::fmt;
use std::time::Duration;

/// How long the server may take for each of its answers.
const TIME: Duration = Duration::from_secs(15);

/// How long all of it may take: less than a mail is in hand.
const WHOLE_TIME: Duration = Duration::from_secs(90);

/// The address of an SMTP server is none. It is not repeated: there may be a password in it.
#[derive(Debug, thiserror::Error)]
#[error("the address of the SMTP server must be smtp://… or smtps://…, with a host")]
pub struct SmtpFault;

/// A server that takes mails. Each has a connection of its own: they are few.
#[derive(Clone)]
pub(super) struct Relay(AsyncSmtpTransport<Tokio1Executor>);

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It knows the password.
        f.write_str("Relay")
    }
}

impl Relay {
    pub(super) fn new(url: &str) -> Result<Self, SmtpFault> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| SmtpFault)?;
        Ok(Self(builder.timeout(Some(TIME)).build()))
    }

    pub(super) async fn send(&self, number: i64, message: Message) -> Attempt {
        match tokio::time::timeout(WHOLE_TIME, self.0.send(message)).await {
            Ok(Ok(_)) => Attempt::Taken,
            Ok(Err(error)) if error.is_permanent() => {
                tracing::warn!(
                    mail = number,
                    code = error.status().map(|c| c.to_string()),
                    "a mail was refused for good"
                );
                Attempt::Hopeless
            }
            Ok(Err(error)) => {
                // What the server says may quote the mail; what we see of it is enough.
                let (timeout, code) = (error.is_timeout(), error.status().map(|code| code.to_string()));
                tracing::warn!(mail = number, timeout, code, "a mail was not taken; it is tried again");
                Attempt::Failed
            }
            Err(_) => {
                tracing::warn!(mail = number, "the SMTP server took too long; the mail is tried again");
                Attempt::Failed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_of_servers() {
        for good in ["smtp://localhost:1025", "smtps://u:p@mail.example.com", "smtp://mail.example.com?tls=required"] {
            assert!(Relay::new(good).is_ok(), "{good}");
        }
        for bad in ["", "mail.example.com", "http://u:sesame@mail.example.com"] {
            let fault = Relay::new(bad).unwrap_err().to_string();
            assert!(!fault.contains("sesame"), "{fault}");
        }
        assert!(!format!("{:?}", Relay::new("smtps://u:sesame@mail.example.com")).contains("sesame"));
    }
}
