//! Where the database of a test is: made with this value and gone with it.

use super::postgres::{Connection, Owned};
use super::{Cell, Database, Engine, engine};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder, and a database in it or on a server.
#[derive(Debug)]
pub(crate) struct Place {
    // Before the folder, so that it goes first.
    kept: Kept,
    folder: TempDir,
}

#[derive(Debug)]
enum Kept {
    InTheFolder,
    OnAServer(Owned),
}

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::with(match engine() {
            Engine::Sqlite => Kept::InTheFolder,
            Engine::Postgres => Kept::OnAServer(Owned::new(None)),
        })
    }

    fn with(kept: Kept) -> Self {
        Self { kept, folder: TempDir::with_prefix("florin-test-").expect("a temporary folder") }
    }

    /// A copy of the database, which nobody has open.
    pub(crate) fn copy(&self) -> Self {
        match &self.kept {
            Kept::OnAServer(owned) => Self::with(Kept::OnAServer(Owned::new(Some(owned)))),
            Kept::InTheFolder => {
                let copy = Self::with(Kept::InTheFolder);
                std::fs::copy(self.file(), copy.file()).expect("a copy");
                let log = "florin.db-wal";
                if self.folder().join(log).exists() {
                    std::fs::copy(self.folder().join(log), copy.folder().join(log)).expect("a copy");
                }
                copy
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> PathBuf {
        self.folder().join("florin.db")
    }

    /// As the command line names it.
    pub(crate) fn url(&self) -> String {
        match &self.kept {
            Kept::InTheFolder => format!("sqlite://{}", self.file().display()),
            Kept::OnAServer(owned) => owned.address(),
        }
    }

    /// What the server asks of who comes.
    pub(crate) fn password(&self) -> Option<String> {
        let url = self.url();
        let (user, _) = url.strip_prefix("postgres://")?.split_once('@')?;
        user.split_once(':').map(|(_, password)| password.to_owned())
    }

    pub(crate) fn open(&self, read_only: bool) -> Database {
        match &self.kept {
            Kept::InTheFolder => Database::file(&self.file(), read_only),
            Kept::OnAServer(owned) => Database::server(Connection::open(owned.address(), read_only)),
        }
    }

    /// All that it is stored as, by name: the bytes of the files, or of a server, whose files hold others' as well, the
    /// rows.
    pub(crate) fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        match &self.kept {
            Kept::InTheFolder => std::fs::read_dir(self.folder())
                .expect("the folder")
                .map(|file| file.expect("a file").path())
                // The log beside the database may go while we look.
                .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap_or_default()))
                .collect(),
            Kept::OnAServer(_) => {
                let database = self.open(true);
                let names = database.tables();
                let queries: Vec<_> = names.iter().map(|name| format!("SELECT * FROM \"{name}\"")).collect();
                let rows = database.moment(&queries);
                let text = |rows: Vec<Vec<Cell>>| rows.concat().iter().map(Cell::text).collect::<Vec<_>>().join("\n");
                names.into_iter().zip(rows).map(|(name, rows)| (name, text(rows).into_bytes())).collect()
            }
        }
    }
}
