//! The application password: sealing the platform's secrets, and opening them at a start.

use crate::config::{Format, SealArgs};
use anyhow::{Context, bail, ensure};
use florin_domain::clock::Clock;
use florin_domain::seal::{self, Component};
use florin_domain::{Refusal, secrets};
use florin_http::App;
use florin_sdk_core::Secret;
use florin_storage::{Mode, without_secrets};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// So long is an application password.
const LENGTH: usize = 16;

pub(crate) fn run(args: &SealArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = florin_storage::open(&args.database.database, Mode::Serve, Clock::system())?;
    let app = App::new(store, Clock::system(), false);
    let rows = runtime.block_on(app.read(seal::keys))?;
    let place = without_secrets(&args.database.database);
    ensure!(!rows.is_empty(), "{place} is not set up: run `florin init`");
    let sealed = rows.iter().any(seal::SealKey::is_sealed);
    if sealed && !args.change && !args.off {
        bail!(
            "{place} is sealed already. With its application password it can be changed (--change) or opened (--off)"
        );
    }
    if !sealed && (args.change || args.off) {
        bail!("{place} is not sealed");
    }
    let current = if sealed {
        let file =
            args.password_file.as_deref().context("the present application password is needed: --password-file")?;
        Some(password_in(file)?)
    } else {
        None
    };
    let new = (!args.off).then(secrets::password);
    let prepared = match (&new, &current) {
        (Some(new), current) => seal::prepare_close(rows, new, current.as_ref()),
        (None, Some(current)) => seal::prepare_open(rows, current),
        (None, None) => bail!("{place} is not sealed"),
    };
    let prepared = prepared.map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
    runtime.block_on(app.write(move |store| seal::close(store, &prepared), |_: &Refusal| false))?;
    let mut out = std::io::stdout();
    match (new, args.format) {
        (Some(new), Format::Json) => {
            writeln!(out, "{}", serde_json::json!({ "applicationpassword": new.expose() }))?;
        }
        (Some(new), Format::Text) => writeln!(
            out,
            "The secrets in {place} are sealed. The application password, shown now and never again:\n\n\x20 {}\n\n\
             Without it they cannot be read any more, by nobody. Each start of the server begins locked; unlock it with\n\
             POST /api/v1/system/{{component}}/unlock for omnipass, omnibridge and omnipay and POST /auth/unlock, or start it\n\
             with --unlock-file. Copies of the database from before are not sealed.",
            new.expose()
        )?,
        (None, Format::Json) => writeln!(out, "{{}}")?,
        (None, Format::Text) => writeln!(out, "The secrets in {place} are open: they are as safe as the database.")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn password_in(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(text.chars().count() == LENGTH, "{} does not hold {LENGTH} characters", file.display());
    Ok(Secret::from(text))
}

/// Unlocks everything with the password in this file; says what stays locked without one.
pub(crate) async fn at_start(app: &App, file: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(file) = file {
        let password = password_in(file)?;
        for row in app.read(seal::keys).await? {
            let (component, password) = (row.component, password.clone());
            let key = tokio::task::spawn_blocking(move || seal::unlock(&row, &password)).await?;
            let key = key.map_err(|refusal| anyhow::anyhow!("{}: {}", file.display(), refusal.message))?;
            app.sealer().install(component, key);
        }
    }
    let locked: Vec<_> = Component::ALL.into_iter().filter(|component| app.sealer().is_locked(*component)).collect();
    if !locked.is_empty() {
        let names: Vec<_> = locked.into_iter().map(Component::name).collect();
        writeln!(
            out,
            "locked: {}; unlock with POST /api/v1/system/{{component}}/unlock, the sso with POST /auth/unlock",
            names.join(", ")
        )?;
    }
    Ok(())
}
