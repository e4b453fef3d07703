//! Setting up a platform.

use crate::config::{Format, InitArgs};
use anyhow::bail;
use florin_domain::clock::Clock;
use florin_domain::system::{self, FirstCredentials};
use florin_domain::{Refusal, secrets};
use florin_http::App;
use florin_storage::{Mode, without_secrets};
use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = florin_storage::open(&args.database.database, Mode::Serve, Clock::system())?;
    let Some(credentials) = runtime.block_on(initialise(&App::new(store, Clock::system(), false)))? else {
        bail!(
            "{} is set up already; nothing was changed. Its credentials were shown once and are not kept. \
             With a key that works, make another: POST /api/v1/profile/apikey; without, stop the server and run `florin key`",
            without_secrets(&args.database.database)
        );
    };
    show(&credentials, args.format, &mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// Makes another administrator's key. That nobody serves the database proves that it is the operator who asks.
pub(crate) fn make_key(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = florin_storage::open(&args.database.database, Mode::Serve, Clock::system())?;
    let app = App::new(store, Clock::system(), false);
    let (row, key) = runtime.block_on(app.write(system::rescue_key, |_: &Refusal| false)).map_err(|_| {
        anyhow::anyhow!("{} is not set up: run `florin init`", without_secrets(&args.database.database))
    })?;
    let mut out = std::io::stdout();
    match args.format {
        Format::Json => writeln!(out, "{}", serde_json::json!({ "akid": row.akid, "apikey": key.expose() }))?,
        Format::Text => writeln!(out, "A new API key, shown now and never again: {} ({})", key.expose(), row.akid)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Sets up an empty database; does nothing to another.
pub(crate) async fn initialise(app: &App) -> anyhow::Result<Option<FirstCredentials>> {
    if app.read(system::is_initialised).await? {
        return Ok(None);
    }
    let password = secrets::password();
    let hash = secrets::hash_password(&password)?;
    // All or nothing: a process that is killed here leaves an empty database. Asked again, as several processes may start
    // on one database at once.
    let made = app.write(
        move |store| {
            if system::is_initialised(store.reader())? {
                return Ok(None);
            }
            system::initialise(store, password.clone(), hash.clone()).map(Some)
        },
        |_: &Refusal| false,
    );
    Ok(made.await?)
}

/// Shows the credentials, the only time that they are seen.
pub(crate) fn show(credentials: &FirstCredentials, format: Format, out: &mut impl Write) -> anyhow::Result<()> {
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(credentials)?)?,
        Format::Text => writeln!(
            out,
            "A new platform was set up. These credentials are shown now and never again:\n\n\
             \x20 profile           {}\n\
             \x20 administrator     {} ({})\n\
             \x20 password          {}\n\
             \x20 API key           {} ({})\n\
             \x20 subscription key  {}\n",
            credentials.upid,
            credentials.email,
            credentials.uuid,
            credentials.password.expose(),
            credentials.apikey.expose(),
            credentials.akid,
            credentials.subscriptionkey.expose(),
        )?,
    }
    Ok(())
}
