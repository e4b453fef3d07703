//! A disk or a server that takes no writes: nothing is acknowledged that is not saved, `/readyz` says why, reads go on, and
//! when it takes writes again, so does Florin, by itself.

use florin_tests::database::{Engine, engine};
use florin_tests::disk::Disk;
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{self, World};

/// How many writes are tried until one is refused: what is left of the space may do for some.
const MOST: usize = 2000;

/// The codes of a write that was not done for sure, and of one of which nobody knows.
const NOT_DONE: u32 = 10002;
const UNKNOWN: u32 = 10003;

/// A world whose server can be kept from writing.
struct Trouble {
    world: World,
    /// What Alice must have, in hundredths.
    balance: i128,
    sent: usize,
}

impl Trouble {
    async fn new(world: World) -> Self {
        let mut trouble = Self { world, balance: 0, sent: 0 };
        trouble.balance = trouble.found().await;
        trouble
    }

    async fn found(&self) -> i128 {
        self.world.balance(self.world.alice.waid).await.units(2).expect("two digits")
    }

    /// One more credit for Alice, under a reference: its code, and the reference.
    async fn credit(&mut self) -> (u32, String) {
        self.sent += 1;
        let reference = format!("trouble-{}", self.sent);
        (self.send(&reference).await, reference)
    }

    async fn send(&mut self, reference: &str) -> u32 {
        let request = world::credit_of(&self.world.alice, "0.01");
        let answer = self.world.provider.reference(reference).send(&request).await;
        if answer.code() == 10000 && !answer.is_replay() {
            self.balance += 1;
        }
        answer.code()
    }

    async fn ready(&self) -> (u16, String) {
        let answer = self.world.server.api().exchange("GET", "/readyz", None).await;
        (answer.status, answer.text())
    }

    async fn balance_is_right(&self) {
        assert_eq!(self.found().await, self.balance);
    }

    /// Nothing can be written now, because of `reason`; gives the references of what was tried.
    async fn is_stuck(&mut self, reason: &str, code: u32) -> Vec<String> {
        let mut refused = Vec::new();
        for _ in 0..MOST {
            let (found, reference) = self.credit().await;
            if found != 10000 {
                assert_eq!(found, code);
                refused.push(reference);
            }
            if refused.len() == 3 {
                break;
            }
        }
        assert_eq!(refused.len(), 3, "{MOST} writes and none was refused");
        let (status, text) = self.ready().await;
        assert!(status == 503 && text.contains(reason), "{status} {text}");
        assert_eq!(self.world.server.api().exchange("GET", "/healthz", None).await.status, 200, "it is alive");
        // Reads go on, and tell of nothing that was not acknowledged.
        self.balance_is_right().await;
        refused
    }

    /// All is well again without anybody's help, and what was refused can be sent again.
    async fn recovers(&mut self, refused: Vec<String>) {
        let (status, text) = self.ready().await;
        assert_eq!(status, 200, "{text}");
        for reference in refused {
            assert_eq!(self.send(&reference).await, 10000);
        }
        assert_eq!(self.credit().await.0, 10000);
        self.balance_is_right().await;
    }

    /// The books are sound now, and after the server has ended and come back.
    async fn ends_well(mut self) {
        self.world.server.home.verify().await.sound();
        self.world.server.kill().await;
        self.world.server.home.verify().await.sound();
        self.world.server.restart().await;
        self.balance_is_right().await;
        assert_eq!(self.world.server.terminate().await.code(), Some(0));
        self.world.server.home.verify().await.sound();
    }
}

async fn world_in(home: Home) -> World {
    let initialised = home.init().await;
    World::on(Server::start(home, Options::default()).await, initialised).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_full_disk() {
    if engine() != Engine::Sqlite {
        return;
    }
    let Some((disk, home)) = Disk::new("4m") else { return };
    let mut trouble = Trouble::new(world_in(home).await).await;
    for _ in 0..2 {
        disk.fill();
        let refused = trouble.is_stuck("full", NOT_DONE).await;
        disk.free();
        trouble.recovers(refused).await;
    }
    // Killed while the disk is full, it comes back with what it had.
    disk.fill();
    let refused = trouble.is_stuck("full", NOT_DONE).await;
    trouble.world.server.kill().await;
    disk.free();
    trouble.world.server.restart().await;
    trouble.recovers(refused).await;
    trouble.ends_well().await;
}

/// Files that are open cannot be made read-only from outside, but a limit of the process works on them at once: each
/// write fails, and reads work, as on a disk that the system has made read-only after an error.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_disk_that_takes_no_more_writes() {
    if engine() != Engine::Sqlite {
        return;
    }
    // Without the signal that comes with that limit.
    let ignoring = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"].map(str::to_owned).to_vec();
    let mut trouble = Trouble::new(world_in(Home::new().behind(ignoring)).await).await;
    let limit = |id: u32, bytes: &str| {
        let limit = format!("--fsize={bytes}:unlimited");
        let set = std::process::Command::new("prlimit").args(["--pid", &id.to_string(), &limit]).status();
        assert!(set.expect("util-linux").success());
    };
    for _ in 0..2 {
        limit(trouble.world.server.id(), "0");
        let refused = trouble.is_stuck("disk I/O error", UNKNOWN).await;
        limit(trouble.world.server.id(), "unlimited");
        trouble.recovers(refused).await;
    }
    trouble.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_disk_that_is_read_only_at_the_start() {
    if engine() != Engine::Sqlite {
        return;
    }
    let Some((disk, home)) = Disk::new("4m") else { return };
    let mut trouble = Trouble::new(world_in(home.clone()).await).await;
    trouble.world.server.kill().await;
    disk.make_read_only();
    for command in ["serve", "key"] {
        let listen = if command == "serve" { &["--listen", "127.0.0.1:0"][..] } else { &[] };
        let output = home.florin(&[&[command, "--database", &home.url()], listen].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code != 0), "{command}: {}", output.status);
        assert!(said.to_lowercase().contains("read-only") && !said.contains("panicked"), "{command}: {said}");
    }
    disk.make_writable();
    trouble.world.server.restart().await;
    trouble.recovers(Vec::new()).await;
    trouble.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_database_that_is_read_only() {
    if engine() != Engine::Postgres {
        return;
    }
    let mut trouble = Trouble::new(World::new().await).await;
    let database = trouble.world.server.home.open_to_tamper();
    let name = database.rows("SELECT current_database()").concat()[0].text();
    // Those who are connected notice at their next connection, as when a server becomes a standby.
    let set = |how: &str| {
        database.execute(&format!("ALTER DATABASE {name} {how}"));
        let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        assert!(database.number(others) > 0, "the server is connected");
    };
    for _ in 0..2 {
        set("SET default_transaction_read_only = on");
        let refused = trouble.is_stuck("is read-only", NOT_DONE).await;
        set("RESET default_transaction_read_only");
        trouble.recovers(refused).await;
    }
    trouble.ends_well().await;
}

/// The connection stays, and each commit fails, until there is space again. That the disk is full says a trigger, in
/// PostgreSQL's own words and with its code.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_full_disk() {
    if engine() != Engine::Postgres {
        return;
    }
    let mut trouble = Trouble::new(World::new().await).await;
    let database = trouble.world.server.home.open_to_tamper();
    let each_table = |what: &str| {
        database.execute(&format!(
            "DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
                    EXECUTE format('{what}', name);
                END LOOP;
            END $$"
        ));
    };
    database.execute(
        "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
    );
    for _ in 0..2 {
        each_table("CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON %I EXECUTE FUNCTION no_space()");
        let refused = trouble.is_stuck("No space left", NOT_DONE).await;
        each_table("DROP TRIGGER full_disk ON %I");
        trouble.recovers(refused).await;
    }
    trouble.ends_well().await;
}
