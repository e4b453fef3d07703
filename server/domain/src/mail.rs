//! Mails. A mail is written in the transaction of what it tells of, so none is lost and none is made up; it is delivered
//! afterwards, at least once. What is in it may be a key to somebody's account: it is sealed, and wiped when it was sent.

use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::{Secret, Timestamp};

record! {
    /// A mail.
    Mail in "mail" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// Whom it goes to.
        recipient: String,
        /// Its subject.
        subject: String,
        /// Its text; nothing when it is done with.
        text: Option<Sealed>,
        /// When it is to be sent, or sent again; none when it is done with.
        due: Option<Timestamp>,
        /// How often it was tried.
        attempts: u32,
        /// After this nobody needs it.
        expires: Timestamp,
        /// When it was taken.
        delivered: Option<Timestamp>,
        /// When it was written.
        created: Timestamp,
    }
}

/// Stands in texts for the address of this platform, which is filled in when a mail is sent.
pub const SITE: &str = "{site}";

/// Seconds to wait after each attempt that failed. After the last one it is given up: three days in all.
const BACK_OFF_S: [i64; 9] = [10, 60, 300, 1800, 3600, 21_600, 43_200, 86_400, 86_400];

/// For so many seconds after it was taken in hand nobody else takes it: longer than an attempt lasts.
const LEASE_S: i64 = 120;

/// How long somebody may need a mail in which nothing ends, in seconds.
pub const WEEK_S: i64 = 7 * 86_400;

/// What a mail says.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: Secret,
}

/// A mail in hand.
#[derive(Debug, Clone)]
pub struct InHand {
    /// Its number: also its name, the same each time it is sent.
    pub number: i64,
    /// Whom it goes to.
    pub recipient: String,
    /// What it says.
    pub letter: Letter,
    /// When it was written.
    pub created: Timestamp,
}

fn place(number: i64) -> Purpose {
    Purpose::of(Component::Omnipass, Mail::text, number)
}

/// Writes a mail, which nobody needs after `lasts_s` seconds.
pub fn write(
    store: &mut dyn Writer,
    sealer: &Sealer,
    recipient: &str,
    letter: &Letter,
    lasts_s: i64,
) -> Result<(), Refusal> {
    let (number, now) = (store.next_id().cast_signed(), store.now());
    let text = sealer.seal(&place(number), letter.text.expose().as_bytes())?;
    let mail = Mail {
        number,
        recipient: recipient.to_owned(),
        subject: letter.subject.clone(),
        text: Some(text),
        due: Some(now),
        attempts: 0,
        expires: now.plus_seconds(lasts_s),
        delivered: None,
        created: now,
    };
    Ok(store.insert(&mail)?)
}

/// The mail that has waited longest to be sent.
fn next(store: &mut dyn Reader) -> Result<Option<Mail>, Refusal> {
    let now = store.now().plus_seconds(1);
    Ok(store.first(Mail::query().less(Mail::due, now).ascending(Mail::due))?)
}

/// Whether a mail is to be sent.
pub fn is_due(store: &mut dyn Reader) -> Result<bool, Refusal> {
    Ok(next(store)?.is_some())
}

/// Takes the mail in hand that has waited longest: for a while nobody else does.
pub fn take(store: &mut dyn Writer, sealer: &Sealer) -> Result<Option<InHand>, Refusal> {
    let now = store.now();
    let Some(found) = next(store.reader())? else { return Ok(None) };
    // Sealed by a component that is locked: it waits, and that is no attempt.
    let text = found.text.as_ref().map(|text| sealer.unseal_text(&place(found.number), text)).transpose()?;
    let Some(mut mail) = store.claim::<Mail>(found.number)?.filter(|mail| mail.due == found.due) else {
        return Ok(None);
    };
    let Some(text) = text.filter(|_| now < mail.expires) else {
        (mail.due, mail.text) = (None, None);
        store.update(&mail)?;
        return Ok(None);
    };
    mail.due = Some(now.plus_seconds(LEASE_S));
    mail.attempts = mail.attempts.saturating_add(1);
    store.update(&mail)?;
    let letter = Letter { subject: mail.subject, text };
    Ok(Some(InHand { number: mail.number, recipient: mail.recipient, letter, created: mail.created }))
}

/// How an attempt to send a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It was taken.
    Taken,
    /// Not now.
    Failed,
    /// Not ever.
    Hopeless,
}

/// Writes down how an attempt ended. What is done with is wiped.
pub fn attempted(store: &mut dyn Writer, number: i64, attempt: Attempt) -> Result<(), Refusal> {
    let Some(mut mail) = store.claim::<Mail>(number)?.filter(|mail| mail.due.is_some()) else { return Ok(()) };
    let now = store.now();
    let place = usize::try_from(mail.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = BACK_OFF_S.get(place).filter(|_| attempt == Attempt::Failed);
    mail.due = wait.map(|seconds| now.plus_seconds(*seconds)).filter(|due| *due < mail.expires);
    mail.delivered = (attempt == Attempt::Taken).then_some(now);
    if mail.due.is_none() {
        mail.text = None;
    }
    Ok(store.update(&mail)?)
}
