//! The command line. Each option can be given as a `FLORIN_…` variable, too.

use clap::{Args, Parser, Subcommand, ValueEnum};
use florin_http::mail::Mailbox;
use florin_http::outbound::Options;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use url::Url;

/// A self-hosted wallet platform: provider servers read and write, phone apps only read.
#[derive(Debug, Parser)]
#[command(
    name = "florin",
    version,
    after_help = "Examples:\n  florin demo                          See the whole story in ten seconds\n  florin serve --sandbox               Serve ./florin.db on 127.0.0.1:8040; the first start shows the credentials\n  florin verify                        Check the books of ./florin.db\n\nStart at /docs of a running server for its operations."
)]
pub(crate) struct Cli {
    /// What the log shows: error, warn, info, debug, trace, or a filter such as `florin_http=debug`.
    #[arg(long, env = "FLORIN_LOG", global = true, default_value = "warn")]
    pub(crate) log: String,
    /// How the log is written.
    #[arg(long, env = "FLORIN_LOG_FORMAT", global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) log_format: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a platform; set it up first if the database is empty.
    #[command(
        after_help = "Examples:\n  florin serve\n  florin serve --listen 127.0.0.1:0 --database sqlite:///var/lib/florin/florin.db\n  florin serve --sandbox     Let requests ask for faults by the header X-Florin-Fault"
    )]
    Serve(Box<ServeArgs>),
    /// Set up a platform: its tables, its first administrator, its first keys, which are shown once.
    #[command(after_help = "Example:\n  florin init --database sqlite://florin.db --format json > credentials.json")]
    Init(InitArgs),
    /// Make another administrator's API key, for when all others are lost. The server must not be running.
    #[command(after_help = "Example:\n  florin key --database sqlite://florin.db")]
    Key(InitArgs),
    /// Check every balance, sum, hash, hold and client reference; exit 0 if all add up, 1 if not.
    #[command(
        after_help = "Example:\n  florin verify --database sqlite://florin.db\n\nThe report is JSON. It may run while the server serves."
    )]
    Verify(VerifyArgs),
    /// Seal the secrets in the database under an application password, which is shown once. The server must not be running.
    #[command(
        after_help = "Examples:\n  florin seal\n  florin seal --change --password-file present.txt\n  florin seal --off --password-file present.txt\n\nUntil then they are as safe as the database. From then on each start of the server begins locked: every call\nanswers 10001 until the components are unlocked with the password."
    )]
    Seal(SealArgs),
    /// Turn maintenance on or off: meanwhile every call answers 10001, which clients try again later.
    #[command(
        after_help = "Examples:\n  FLORIN_APIKEY=… florin maintenance on --url http://127.0.0.1:8040\n  florin maintenance off --database postgres://…\n  florin maintenance on --component omnipay --url http://127.0.0.1:8040     Payments only"
    )]
    Maintenance(MaintenanceArgs),
    /// Copy the books, as they are now, into a new file. The server may run meanwhile.
    #[command(
        after_help = "Examples:\n  florin backup --to /backups/florin-monday.db\n  florin verify --database sqlite:///backups/florin-monday.db    Check the copy as a whole\n\nThe copy is a SQLite database, from whichever engine. To go back to it, serve it (or a copy of it); to put it on\nPostgreSQL, `florin move` it there. It holds all that the database does: keep it as well as that."
    )]
    Backup(BackupArgs),
    /// Move the books to another database, of the same engine or the other one. No server may run meanwhile.
    #[command(
        after_help = "Example:\n  FLORIN_TO=postgres://florin:SECRET@db/florin florin move --from sqlite://florin.db\n\nEverything is copied, then both sides are compared row by row, then the source is closed: it can be looked at, but\nnot served any more, and says where the books are. Interrupted at any moment, it goes on when it is started again\nwith the same addresses; until it ends, the destination cannot be served."
    )]
    Move(MoveArgs),
    /// Play the whole story on a temporary database: a provider, its user, a phone, a merchant.
    Demo,
    /// Show that money moves exactly once here, whatever is killed: servers and clients, through a faulty network.
    #[command(
        after_help = "Examples:\n  florin prove --minutes 10\n  FLORIN_PROVE_DATABASE=postgres://USER:PASSWORD@HOST/florin_prove florin prove --processes 2\n\nIt works on a database of its own, a temporary SQLite file if none is named, and touches none that is set up already.\nExit 0 if each operation was booked exactly once, 1 if not."
    )]
    Prove(ProveArgs),
    /// A client of `florin prove`, which starts it.
    #[command(hide = true)]
    ProveClient,
    /// Print the OpenAPI document of a surface.
    Openapi(OpenapiArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Database {
    /// Where the books are: sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE. A password is better given in
    /// the variable than on the command line.
    #[arg(long, env = "FLORIN_DATABASE", hide_env_values = true, default_value = "sqlite://florin.db")]
    pub(crate) database: String,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, env = "FLORIN_LISTEN", default_value = "127.0.0.1:8040")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) database: Database,
    /// Unlocks a sealed platform at the start with the application password in this file.
    #[arg(long, env = "FLORIN_UNLOCK_FILE")]
    pub(crate) unlock_file: Option<PathBuf>,
    /// Proxies in front of the server, as addresses or networks (10.0.0.0/8): when one of them asks, the address in
    /// X-Forwarded-For is the one whose requests are counted.
    #[arg(long, env = "FLORIN_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// For tests only: requests may ask for faults. Never with real money.
    #[arg(long, env = "FLORIN_SANDBOX")]
    pub(crate) sandbox: bool,
    /// For development only: notifications may go to private addresses and this machine's own, without TLS.
    #[arg(long, env = "FLORIN_ALLOW_PRIVATE_CALLBACKS")]
    pub(crate) allow_private_callbacks: bool,
    /// How long to wait before a notification that failed is sent again, in percent of the usual times (two seconds to a
    /// day).
    #[arg(long, env = "FLORIN_NOTIFY_RETRY_PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) notify_retry_percent: u32,
    /// Where push messages to devices are handed over: a gateway of yours gets each as JSON, by POST. Without one,
    /// `mobile` transports are kept and not told.
    #[arg(long, env = "FLORIN_PUSH_GATEWAY")]
    pub(crate) push_gateway: Option<Url>,
    #[command(flatten)]
    pub(crate) mail: MailArgs,
    /// For tests only: another issuer in the place of Google's, Facebook's or LinkedIn's, as STRATEGY=URL; several with
    /// commas between them.
    #[arg(long, env = "FLORIN_STRATEGY_ISSUER", value_delimiter = ',', hide = true)]
    pub(crate) strategy_issuer: Vec<String>,
}

impl ServeArgs {
    /// What is said of notifications.
    pub(crate) fn messages(&self) -> Options {
        Options {
            allow_private: self.allow_private_callbacks,
            retry_percent: self.notify_retry_percent,
            push_gateway: self.push_gateway.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct MailArgs {
    /// Where people and applications reach this server, as they have to type it: links in mails lead there, and it is the
    /// issuer of single sign-on. The address that it listens on if absent.
    #[arg(long, env = "FLORIN_PUBLIC_URL")]
    pub(crate) public_url: Option<Url>,
    /// The server that takes mails: smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:587?tls=required. A password
    /// is better given in the variable than on the command line. If absent, mails go to a folder.
    #[arg(long, env = "FLORIN_SMTP_URL", hide_env_values = true)]
    pub(crate) smtp_url: Option<String>,
    /// Who sends the mails.
    #[arg(long, env = "FLORIN_MAIL_FROM", default_value = "Florin <florin@localhost>")]
    pub(crate) mail_from: Mailbox,
    /// The folder that mails go to without an SMTP server; beside the database if absent.
    #[arg(long, env = "FLORIN_MAIL_DIR")]
    pub(crate) mail_dir: Option<PathBuf>,
    /// Scheme and host of a page that a link to set a new password may lead to when it is asked for without a provider's
    /// credential, such as <https://app.example.com>; several with commas between them.
    #[arg(long, env = "FLORIN_CALLBACK_ORIGIN", value_delimiter = ',')]
    pub(crate) callback_origin: Vec<Url>,
}

#[derive(Debug, Args)]
pub(crate) struct OpenapiArgs {
    /// Which surface.
    #[arg(value_enum, default_value_t = Surface::Native)]
    pub(crate) surface: Surface,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Surface {
    /// `/api/v1`.
    Native,
    /// `/collection`, `/disbursement`, `/remittance`, and provisioning.
    Momo,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// How the credentials are printed.
    #[arg(long, env = "FLORIN_FORMAT", value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// Make a new application password in place of the present one.
    #[arg(long, conflicts_with = "off")]
    pub(crate) change: bool,
    /// Open the secrets again.
    #[arg(long)]
    pub(crate) off: bool,
    /// A file with the present application password.
    #[arg(long, env = "FLORIN_PASSWORD_FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// How the password is printed.
    #[arg(long, env = "FLORIN_FORMAT", value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct MaintenanceArgs {
    /// On or off.
    #[arg(value_enum)]
    pub(crate) switch: Switch,
    /// Which component: omnipass (everything), omnibridge (the ledger), omnipay (payments).
    #[arg(long, default_value = "omnipass", value_parser = ["omnipass", "omnibridge", "omnipay"])]
    pub(crate) component: String,
    /// The server that runs, http://HOST:PORT.
    #[arg(long, env = "FLORIN_URL")]
    pub(crate) url: Option<String>,
    /// An administrator's API key, for the server. Better given in the variable than on the command line.
    #[arg(long, env = "FLORIN_APIKEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Calls answer 10001.
    On,
    /// Calls work.
    Off,
}

/// A network, or an address as the network of itself.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| "must be an address or a network such as 10.0.0.0/8".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The new file. It must not be there yet.
    #[arg(long, env = "FLORIN_TO")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// Where the books are: sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE.
    #[arg(long, env = "FLORIN_FROM", hide_env_values = true)]
    pub(crate) from: String,
    /// Where they shall be: a database that is new or empty.
    #[arg(long, env = "FLORIN_TO", hide_env_values = true)]
    pub(crate) to: String,
    /// How many rows are copied at a time. So many are copied again, at most, if it is interrupted.
    #[arg(long, env = "FLORIN_BATCH", default_value = "10000")]
    pub(crate) batch: NonZeroUsize,
    /// How it is told what was done.
    #[arg(long, env = "FLORIN_FORMAT", value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// How long the clients go on.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) minutes: u32,
    /// Stop after so many operations instead.
    #[arg(long, conflicts_with = "minutes", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) operations: Option<u64>,
    /// An empty database to work on, and to be dropped afterwards; a temporary SQLite file if absent.
    #[arg(long, env = "FLORIN_PROVE_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// How many server processes; more than one on PostgreSQL only.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) processes: u32,
    /// How many client processes.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) clients: u32,
    /// Plans the same operations, faults and kills as the run that printed it; a random one if absent.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
