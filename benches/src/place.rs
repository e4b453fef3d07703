//! Databases that are there for one measurement.

use anyhow::Context;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Where databases are made.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    /// In files, in folders of their own in this one.
    Sqlite(PathBuf),
    /// On the server that has the database of this address, whose user may make others.
    Postgres(String),
}

impl Engine {
    /// Its name, as the table says it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// A database that goes with this value.
#[derive(Debug)]
pub(crate) enum Place {
    File(TempDir),
    Server { server: String, name: String },
}

impl Place {
    /// A new, empty database.
    pub(crate) fn new(engine: &Engine) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        match engine {
            Engine::Sqlite(folder) => {
                let folder = TempDir::with_prefix_in("florin-bench-", folder);
                Ok(Self::File(folder.context("cannot make a folder for the databases; name another with --folder")?))
            }
            Engine::Postgres(server) => {
                let name = format!("florin_bench_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                run(server, &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))?;
                Ok(Self::Server { server: server.clone(), name })
            }
        }
    }

    /// Its address, as `--database` takes it.
    pub(crate) fn address(&self) -> anyhow::Result<String> {
        match self {
            Self::File(folder) => Ok(format!("sqlite://{}", folder.path().join("florin.db").display())),
            Self::Server { server, name } => {
                let (server, _) = server.rsplit_once('/').context("the address of PostgreSQL names no database")?;
                Ok(format!("{server}/{name}"))
            }
        }
    }

    /// Lets the server do what it does by and by for books that were not filled in a minute: look after its tables, and
    /// write what is in its memory to the disk.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        if let Self::Server { .. } = self {
            let address = self.address()?;
            run(&address, "VACUUM (ANALYZE)")?;
            run(&address, "CHECKPOINT")?;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Server { server, name } = self {
            for sql in [
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                format!("DROP ROLE IF EXISTS florin_reader_{name}"),
            ] {
                if let Err(error) = run(server, &sql) {
                    eprintln!("{sql}: {error:#}");
                }
            }
        }
    }
}

fn run(address: &str, sql: &str) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.context("PostgreSQL")?;
        tokio::spawn(connection);
        client.batch_execute(sql).await.with_context(|| sql.to_owned())
    })
}
