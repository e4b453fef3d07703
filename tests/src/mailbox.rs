//! The mails of a server that has no SMTP server: those in its folder.

use crate::database::Database;
use crate::server::Server;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// A mail in the folder.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    /// Its number.
    pub number: i64,
    /// Whom it is for.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

impl Mail {
    /// The address in it that stands on a line of its own.
    #[must_use]
    pub fn link(&self) -> String {
        let mut lines = self.text.lines().filter(|line| line.starts_with("http"));
        let link = lines.next().unwrap_or_else(|| panic!("no link in {self:?}")).to_owned();
        assert_eq!(lines.next(), None, "one link: {self:?}");
        link
    }

    /// The token in its link.
    #[must_use]
    pub fn token(&self) -> String {
        let link = self.link();
        let (_, token) = link.split_once("token=").unwrap_or_else(|| panic!("no token in {link}"));
        let token = token.split(['&', '#']).next().expect("a first part").to_owned();
        assert_eq!(token.len(), 32, "{link}");
        token
    }

    /// Path and query of its link.
    #[must_use]
    pub fn path(&self) -> String {
        let link = self.link();
        let rest = link.split_once("://").expect("a scheme").1;
        format!("/{}", rest.split_once('/').expect("a path").1)
    }
}

/// Where the mails of a server are.
#[must_use]
pub fn folder(server: &Server) -> PathBuf {
    server.home.file("mail")
}

/// The mails to an address, the oldest first.
#[must_use]
pub fn mails_to(server: &Server, address: &str) -> Vec<Mail> {
    let Ok(entries) = std::fs::read_dir(folder(server)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut mails: Vec<Mail> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| serde_json::from_slice(&std::fs::read(path).expect("a mail")).expect("a mail as JSON"))
        .filter(|mail: &Mail| mail.to == address)
        .collect();
    mails.sort_by_key(|mail| mail.number);
    mails
}

/// Waits until there are so many mails to an address, and gives them. More are a mistake.
pub async fn wait_for(server: &Server, address: &str, count: usize) -> Vec<Mail> {
    for _ in 0..1200 {
        let mails = mails_to(server, address);
        assert!(mails.len() <= count, "too many mails: {mails:#?}");
        if mails.len() == count {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{count} mails to {address} do not come; there are {:#?}", mails_to(server, address));
}

/// Waits until no mail and no message is on its way out, so that nothing but requests changes the tables.
pub fn at_rest(database: &Database) {
    for _ in 0..1200 {
        if is_at_rest(database) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("there are mails or messages that do not go out");
}

/// Whether nothing happens of itself just now. Messages that wait for another attempt are still.
fn is_at_rest(database: &Database) -> bool {
    database.number("SELECT count(*) FROM mail WHERE due IS NOT NULL") == 0
        && database.number("SELECT count(*) FROM lane WHERE holder IS NOT NULL") == 0
        && database.number("SELECT count(*) FROM seal_pass WHERE done = 0") == 0
}

/// The last mail to an address, of which there are so many.
pub async fn last(server: &Server, address: &str, count: usize) -> Mail {
    wait_for(server, address, count).await.pop().expect("one at least")
}
