//! The address of a database. It may hold a password, so it is shown without.

use crate::OpenError;
use std::fmt;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long to wait for a connection, unless the address says otherwise.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// After how long of silence a peer is asked whether it is still there, and how often. A peer that is gone is noticed
/// within a minute; the system's own default is two hours.
const SILENCE: Duration = Duration::from_secs(30);
const ASK_EACH: Duration = Duration::from_secs(10);
const ASK_TIMES: u32 = 3;

/// What the driver needs to connect, and how to speak of it.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    shown: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, OpenError> {
        // The driver's words name an option at most, but its cause may quote a value.
        let mut config: Config = text.parse().map_err(|_| OpenError::Address(without_secrets(text)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Address(without_secrets(text)));
        }
        let shown = show(&config);
        if config.get_ssl_mode() == SslMode::Require {
            return Err(OpenError::Engine(format!(
                "{shown}: this version of florin speaks no TLS to PostgreSQL: connect over a unix socket, a private \
                 network or a tunnel, and leave sslmode out"
            )));
        }
        config.ssl_mode(SslMode::Disable);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        config.keepalives_idle(SILENCE).keepalives_interval(ASK_EACH).keepalives_retries(ASK_TIMES);
        config.tcp_user_timeout(SILENCE + ASK_EACH * ASK_TIMES);
        Ok(Self { config, shown })
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or("(of the user's name)")
    }
}

fn show(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = config.get_ports().get(index).or(config.get_ports().first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{}:{port}", folder.display()),
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    format!("postgres://{hosts}/{}", config.get_dbname().unwrap_or_default())
}

/// The address of a database as it may be shown: without what may be a password, even if it is wrong in some way.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // Without a scheme, it may be a list of options.
        return if text.contains(['@', '=']) { "…".to_owned() } else { text.to_owned() };
    };
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("…@{host}"));
    let rest = rest.split_once('?').map_or_else(|| rest.clone(), |(path, _)| format!("{path}?…"));
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://me:hush@db.example:6543/books",
            "postgresql://me@db.example/books?password=hush",
            "postgres://me:hu%73h@[::1]/books?sslmode=require",
            "postgres://me:hush@db.example:port/books",
            "postgres://me:hush@db.example/books?colour=hush",
            "postgres://me:hush@/books",
            "postgre://me:hu@sh@db.example/books",
            "host=x password=hush",
        ] {
            let said = match Address::parse(text) {
                Ok(address) => format!("{address} {address:?}"),
                Err(error) => format!("{error} {error:?} {}", without_secrets(text)),
            };
            assert!(!said.contains("hush") && !said.contains("hu%") && !said.contains("hu@"), "{text}: {said}");
        }
        let address = Address::parse("postgres://me:hush@db.example:6543/books").unwrap();
        assert_eq!(address.to_string(), "postgres://db.example:6543/books");
        assert_eq!(address.database(), "books");
        assert_eq!(without_secrets("mysql://db/x"), "mysql://db/x");
        assert_eq!(without_secrets("books.db"), "books.db");
    }

    #[test]
    fn sockets_and_several_hosts_are_addresses_too() {
        let address = Address::parse("postgres://me@%2Fvar%2Frun%2Fpostgresql/books").unwrap();
        assert_eq!(address.to_string(), "postgres:///var/run/postgresql:5432/books");
        let address = Address::parse("postgres://me@one:1,two:2/books").unwrap();
        assert_eq!(address.to_string(), "postgres://one:1,two:2/books");
    }

    #[test]
    fn encryption_that_there_is_not_is_not_promised() {
        let error = Address::parse("postgres://me@db/books?sslmode=require").unwrap_err();
        assert!(error.to_string().contains("TLS"), "{error}");
    }
}
