//! Maintenance mode: on, off, or what it is.

use crate::config::{MaintenanceArgs, Switch};
use anyhow::Context;
use florin_domain::Refusal;
use florin_domain::clock::Clock;
use florin_domain::seal::Component;
use florin_domain::settings;
use florin_http::App;
use florin_sdk_core::Secret;
use florin_sdk_core::client::ClientOptions;
use florin_sdk_core::model::ComponentName;
use florin_sdk_server::{MemoryJournal, ProviderClient};
use florin_storage::Mode;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

const NAME: &str = "maintenance";

pub(crate) fn run(args: &MaintenanceArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = if args.switch == Switch::On { "true" } else { "false" };
    if let Some(url) = &args.url {
        let key = args.api_key.as_deref().context("an administrator's API key is needed, in FLORIN_APIKEY")?;
        let journal = Arc::new(MemoryJournal::default());
        let client = ProviderClient::new(ClientOptions::new(url), Secret::from(key), journal)?;
        let component = ComponentName::from(args.component.clone());
        runtime.block_on(client.components().set(component, NAME.to_owned(), value.to_owned()))?;
    } else {
        let store = florin_storage::open(&args.database.database, Mode::Serve, Clock::system())
            .context("a server that runs is told by --url")?;
        let app = App::new(store, Clock::system(), false);
        let component: Component = args.component.parse()?;
        let set = move |store: &mut dyn florin_domain::store::Writer| settings::set(store, component, NAME, value);
        runtime.block_on(app.write(set, |_: &Refusal| false))?;
    }
    writeln!(std::io::stdout(), "maintenance of {}: {value}", args.component)?;
    Ok(ExitCode::SUCCESS)
}
