//! Mails on their way out: each is sent until it is taken or nobody needs it any more; by SMTP if there is a server for
//! that, else into a folder.

mod folder;
mod smtp;

pub use folder::Stored;
pub(crate) use folder::list as list_mails;
pub use smtp::SmtpFault;

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::mail::{self, Attempt, InHand, SITE};
use florin_sdk_core::Timestamp;
use florin_sdk_core::code::Code;
use lettre::Message;
use lettre::address::Envelope;
pub use lettre::message::Mailbox;
use lettre::message::MessageBuilder;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use tokio::task::JoinSet;

/// How many mails are sent at once.
const AT_ONCE: usize = 4;

/// How long to sleep when nothing seems to happen: what failed before becomes due by itself.
const IDLE: Duration = Duration::from_secs(1);

/// How mails leave, and what is said in them of who sends them.
#[derive(Debug, Clone)]
pub struct Post {
    way: Way,
    from: Mailbox,
}

#[derive(Debug, Clone)]
enum Way {
    Smtp(smtp::Relay),
    Folder(PathBuf),
}

impl Post {
    /// By the SMTP server at this address: `smtps://USER:PASSWORD@HOST`, `smtp://HOST:PORT?tls=required`.
    ///
    /// # Errors
    /// If the address is none. The error does not repeat it: there may be a password in it.
    pub fn by_smtp(url: &str, from: Mailbox) -> Result<Self, SmtpFault> {
        Ok(Self { way: Way::Smtp(smtp::Relay::new(url)?), from })
    }

    /// Into a folder, which is made with the first mail.
    #[must_use]
    pub const fn into_folder(folder: PathBuf, from: Mailbox) -> Self {
        Self { way: Way::Folder(folder), from }
    }

    /// The folder that mails go to, if they do.
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        match &self.way {
            Way::Folder(folder) => Some(folder),
            Way::Smtp(_) => None,
        }
    }

    /// `site`: what [`SITE`] stands for.
    async fn send(&self, mail: &InHand, site: &str) -> Attempt {
        let text = mail.letter.text.expose().replace(SITE, site);
        let message = match self.message(mail, text.clone()) {
            Ok(message) => message,
            Err(what) => {
                tracing::warn!(mail = mail.number, what, "a mail cannot be written");
                return Attempt::Hopeless;
            }
        };
        match &self.way {
            Way::Smtp(relay) => relay.send(mail.number, message).await,
            Way::Folder(folder) => {
                let stored = Stored {
                    number: mail.number,
                    to: mail.recipient.clone(),
                    from: self.from.to_string(),
                    subject: mail.letter.subject.clone(),
                    text,
                    created: mail.created,
                };
                folder::put(folder.clone(), stored, message.formatted()).await
            }
        }
    }

    /// The whole mail. Sent again, it is the same to the letter, so that whoever gets it twice can tell.
    fn message(&self, mail: &InHand, text: String) -> Result<Message, &'static str> {
        let to: Mailbox = mail.recipient.parse().map_err(|_| "the address is none that mails go to")?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
        let number = mail.number;
        let id = format!("<{number}.{}@{}>", mail.created.millis(), self.from.email.domain());
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.letter.subject.clone())
            .date(UNIX_EPOCH + since_epoch(mail.created))
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            // RFC 3834: nobody on holiday needs to answer.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .envelope(envelope.map_err(|_| "it goes to nobody")?);
        builder.body(text).map_err(|_| "its text cannot be sent")
    }
}

fn since_epoch(time: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(time.millis()).unwrap_or_default())
}

/// Delivers mails until it is dropped.
pub async fn run(app: App, post: Post) {
    let mut sending = JoinSet::new();
    loop {
        if let Err(error) = start(&app, &post, &mut sending).await {
            // Locked: they wait.
            if error.code != Code::MAINTENANCE_IN_PROGRESS {
                tracing::warn!(%error, "mails could not be read");
            }
        }
        tokio::select! {
            Some(sent) = sending.join_next() => {
                if let Err(error) = sent {
                    tracing::error!(%error, "the sending of a mail panicked");
                }
            }
            () = app.mails().notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Takes in hand what is due, as far as there is room.
async fn start(app: &App, post: &Post, sending: &mut JoinSet<()>) -> Result<(), Refusal> {
    while sending.len() < AT_ONCE && app.read(mail::is_due).await? {
        let sealer = app.sealer().clone();
        let Some(mail) = app.write(move |store| mail::take(store, &sealer), |_: &Refusal| false).await? else {
            continue; // Another process has it, or nobody needs it any more.
        };
        let (app, post) = (app.clone(), post.clone());
        sending.spawn(async move {
            let attempt = post.send(&mail, &app.mail_address()).await;
            let number = mail.number;
            let noted = app.write(move |store| mail::attempted(store, number, attempt), |_: &Refusal| false).await;
            if let Err(error) = noted {
                tracing::warn!(mail = number, %error, "that a mail was sent could not be noted; it may be sent again");
            }
        });
    }
    Ok(())
}
