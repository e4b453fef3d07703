//! Serving a platform.

use crate::config::{Format, MailArgs, ServeArgs};
use crate::{init, seal};
use anyhow::Context;
use florin_domain::clock::Clock;
use florin_domain::seal::Component;
use florin_http::mail::{self, Post};
use florin_http::{App, Site, bridge, deliver, listen, momo, router, sso, sweep, upkeep};
use florin_storage::Mode;
use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

pub(crate) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    // The address first: a start that fails must not make credentials that nobody gets to see.
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", args.listen))?;
    let here = format!("http://{}", listener.local_addr()?);
    let public_url = args.mail.public_url.clone().map_or_else(|| here.parse(), Ok)?;
    let post = post(&args.mail, &args.database.database)?;
    let clock = Clock::system();
    // It waits for disks and servers, which must not be done on a thread that others wait for.
    let (database, its_clock) = (args.database.database.clone(), clock.clone());
    let store = tokio::task::spawn_blocking(move || florin_storage::open(&database, Mode::Serve, its_clock)).await??;
    let app = App::new(store, clock, args.sandbox);
    app.configure_messages(args.messages());
    let credentials = init::initialise(&app).await?;
    app.open().await?;
    app.trust(args.trusted_proxies.clone());
    let mut out = std::io::stdout();
    if let Some(credentials) = credentials {
        init::show(&credentials, Format::Text, &mut out)?;
    }
    seal::at_start(&app, args.unlock_file.as_deref(), &mut out).await?;
    if !app.sealer().is_locked(Component::Omnipass) {
        sso::keys::ensure(&app).await?;
    }
    if args.sandbox {
        momo::sandbox::open(&app).await?;
        // What is locked is opened by the bridges' worker, once somebody has unlocked it.
        if !app.sealer().is_locked(Component::Omnibridge) {
            bridge::sandbox::open(&app).await?;
        }
        writeln!(
            out,
            "sandbox: requests may ask for faults; MoMo test numbers at /sandbox/momo; simulated networks at /sandbox/bridge; mails at /console/outbox; not for real money"
        )?;
    }
    app.stand_at(Site {
        public_url,
        issuers: issuers(&args)?,
        mail_folder: post.folder().cloned(),
        callback_origins: args.mail.callback_origin.iter().map(Url::origin).collect(),
    });
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ending = app.clone();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        ending.end_streams();
    };
    let deliveries = tokio::spawn(deliver::run(app.clone()));
    let mails = tokio::spawn(mail::run(app.clone(), post));
    let sweeps = tokio::spawn(sweep::run(app.clone()));
    let settlements = tokio::spawn(momo::settler::run(app.clone()));
    let keys = tokio::spawn(sso::keys::run(app.clone()));
    let upkeep = tokio::spawn(upkeep::run(app.clone()));
    let bridges = tokio::spawn(bridge::worker::run(app.clone()));
    listen::serve(listener, router(app), stop).await;
    upkeep.abort();
    bridges.abort();
    keys.abort();
    settlements.abort();
    mails.abort();
    sweeps.abort();
    deliveries.abort();
    Ok(())
}

/// How mails leave.
fn post(args: &MailArgs, database: &str) -> anyhow::Result<Post> {
    if let Some(url) = &args.smtp_url {
        return Ok(Post::by_smtp(url, args.mail_from.clone())?);
    }
    let folder = args.mail_dir.clone().unwrap_or_else(|| match database.strip_prefix("sqlite://") {
        Some(file) => format!("{file}-mail").into(),
        None => "florin-mail".into(),
    });
    Ok(Post::into_folder(folder, args.mail_from.clone()))
}

/// The issuers that stand in for those of Google, Facebook and LinkedIn.
fn issuers(args: &ServeArgs) -> anyhow::Result<HashMap<String, String>> {
    let pairs = args.strategy_issuer.iter().map(|pair| {
        let pair = pair.split_once('=').map(|(id, issuer)| (id.to_owned(), issuer.to_owned()));
        pair.context("--strategy-issuer takes STRATEGY=URL, such as google=http://127.0.0.1:9000")
    });
    pairs.collect()
}
