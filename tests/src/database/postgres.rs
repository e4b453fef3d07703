//! A database on a server, and a connection to it that works wherever it is used: inside of a runtime and outside.

use super::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// The database of the server's that `FLORIN_TEST_POSTGRES` names.
fn server() -> String {
    std::env::var("FLORIN_TEST_POSTGRES").ok().filter(|address| !address.is_empty()).expect(
        "FLORIN_TEST_DATABASE is postgres, but FLORIN_TEST_POSTGRES names no server: run the tests by \
         `scripts/postgres run`",
    )
}

/// A database of its own, which goes with this value.
#[derive(Debug)]
pub(super) struct Owned {
    name: String,
}

impl Owned {
    /// An empty one, or one like another.
    pub(super) fn new(like: Option<&Self>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Not as the tests of other crates name theirs.
        let name = format!("florin_it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let template = like.map(|like| format!(" TEMPLATE {}", like.name)).unwrap_or_default();
        make_and_drop().run(vec![format!("CREATE DATABASE {name}{template}")]);
        Self { name }
    }

    pub(super) fn address(&self) -> String {
        let server = server();
        let (server, _) = server.rsplit_once('/').expect("an address ends with the name of a database");
        format!("{server}/{}", self.name)
    }
}

/// The connection that makes and drops databases.
fn make_and_drop() -> &'static Connection {
    static CONNECTION: OnceLock<Connection> = OnceLock::new();
    CONNECTION.get_or_init(|| Connection::open(server(), false))
}

impl Drop for Owned {
    fn drop(&mut self) {
        let gone = make_and_drop().try_run(vec![
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
            format!("DROP ROLE IF EXISTS florin_reader_{}", self.name),
        ]);
        if !std::thread::panicking() {
            gone.expect("the database goes");
        }
    }
}

/// What statements gave: the rows of each that has some, and how many rows were changed.
pub(super) type Outcome = (Vec<Vec<Vec<Cell>>>, u64);
type Request = (Vec<String>, Sender<Result<Outcome, String>>);

/// A connection, on a thread of its own: tests are in a runtime, and what ends with a test no longer is.
#[derive(Debug)]
pub(super) struct Connection {
    requests: Sender<Request>,
}

impl Connection {
    pub(super) fn open(address: String, read_only: bool) -> Self {
        let (requests, work) = channel();
        std::thread::spawn(move || serve(&address, read_only, &work));
        let connection = Self { requests };
        connection.run(Vec::new());
        connection
    }

    /// Runs these, each in one message to the server, and so in one transaction if it has several statements.
    pub(super) fn run(&self, statements: Vec<String>) -> Outcome {
        self.try_run(statements).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn try_run(&self, statements: Vec<String>) -> Result<Outcome, String> {
        let (answer, outcome) = channel();
        self.requests.send((statements, answer)).map_err(|_| "the connection is gone")?;
        outcome.recv().map_err(|_| "the connection is gone")?
    }
}

fn serve(address: &str, read_only: bool, work: &Receiver<Request>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(address, NoTls).await.unwrap_or_else(|error| panic!("PostgreSQL: {error:?}"));
        tokio::spawn(connection);
        // Whatever it waits for: a test that fails says more than one that hangs.
        client.batch_execute("SET statement_timeout = '120s'").await.expect("a setting");
        if read_only {
            let sql = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
            client.batch_execute(sql).await.expect("a setting");
        }
        while let Ok((statements, answer)) = work.recv() {
            let mut outcome = Ok(Outcome::default());
            for sql in statements {
                match client.simple_query(&sql).await {
                    Ok(messages) => outcome.iter_mut().for_each(|outcome| gather(outcome, &messages)),
                    Err(error) => {
                        outcome = Err(format!("{sql}: {error:?}"));
                        break;
                    }
                }
            }
            // Who asked may have given up.
            let _ = answer.send(outcome);
        }
    });
}

fn gather((tables, changed): &mut Outcome, messages: &[SimpleQueryMessage]) {
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(_) => tables.push(Vec::new()),
            SimpleQueryMessage::Row(row) => {
                let cells = (0..row.len()).map(|at| row.get(at).map_or(Cell::Null, |text| Cell::Text(text.to_owned())));
                tables.last_mut().expect("a description comes first").push(cells.collect());
            }
            SimpleQueryMessage::CommandComplete(count) => *changed += count,
            _ => {}
        }
    }
}
