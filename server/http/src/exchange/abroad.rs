//! Operations that ask an outside network: where nobody waits for the writer, and not among those who hash passwords.

use super::{Reading, Routes, Writing, encode, known, ready, typed};
use crate::app::App;
use florin_domain::Refusal;
use florin_domain::access::{Caller, Side};
use florin_domain::bridge::Bridges;
use florin_domain::identity::need_working;
use florin_domain::reference::Made;
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{Operation, ReadOperation, WriteOperation};
use std::sync::Arc;

/// Looks at what is there.
type Look<O, Found> = fn(&mut Reading<'_>, &O) -> Result<Found, Refusal>;

/// Asks a network. May wait.
type Ask<Found, Told> = fn(&Bridges, Found) -> Result<Told, Refusal>;

async fn look_and_ask<O: Operation, Found: Send + 'static, Told: Send + 'static>(
    app: &App,
    caller: &Arc<Caller>,
    operation: &O,
    look: Look<O, Found>,
    ask: Ask<Found, Told>,
) -> Result<Told, Refusal> {
    let (here, caller, operation) = (app.clone(), caller.clone(), operation.clone());
    let found = app.read_little(move |store| look(&mut reading(&here, &here.last_use(), store, &caller), &operation));
    let (found, bridges) = (found.await?, app.bridges().clone());
    app.bridge().abroad(move || ask(&bridges, found)).await
}

fn reading<'a>(
    app: &'a App,
    last_use: &'a crate::app::LastUse,
    store: &'a mut dyn Reader,
    caller: &'a Caller,
) -> Reading<'a> {
    Reading { store, caller, last_use, settings: app.settings(), bridges: app.bridges() }
}

impl Routes {
    /// An operation that changes nothing and asks a network: it looks at what is there, asks, and makes an answer of both.
    pub(crate) fn read_abroad<O: ReadOperation, Found: Send + 'static, Told: Send + 'static>(
        self,
        look: Look<O, Found>,
        ask: Ask<Found, Told>,
        finish: fn(&mut Reading<'_>, O, Told) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.mount::<O>(move |call| {
            let (operation, caller) = match typed::<O>(call.request).and_then(|o| Ok((o, known(call.caller)?))) {
                Ok(both) => both,
                Err(refusal) => return ready(refusal),
            };
            let app = call.app;
            Box::pin(async move {
                let steps = async {
                    let told = look_and_ask(&app, &caller, &operation, look, ask).await?;
                    let here = app.clone();
                    let work = move |store: &mut dyn Reader| {
                        let last_use = here.last_use();
                        encode(&finish(&mut reading(&here, &last_use, store, &caller), operation, told)?)
                    };
                    app.read(work).await
                };
                steps.await.into()
            })
        })
    }

    /// An operation that changes something on a network, and moves no money: it looks at what is there, asks the network,
    /// and writes down what came of it. What it has looked at may have changed by then.
    pub(crate) fn write_abroad<O: WriteOperation, Found: Send + 'static, Told: Clone + Send + 'static>(
        self,
        look: Look<O, Found>,
        ask: Ask<Found, Told>,
        finish: fn(&mut Writing<'_>, O, Told) -> Result<O::Answer, Refusal>,
    ) -> Self {
        const { assert!(!O::MONEY, "a money operation runs under its client reference, by `write`") };
        self.mount::<O>(move |call| {
            let (operation, caller) = match typed::<O>(call.request).and_then(|o| Ok((o, known(call.caller)?))) {
                // Once more, beside the gate: here a writer is handed out.
                Ok((_, caller)) if caller.side == Side::Mobile => {
                    return ready(Refusal::new(Code::MOBILE_READ_ONLY));
                }
                Ok(both) => both,
                Err(refusal) => return ready(refusal),
            };
            let app = call.app;
            Box::pin(async move {
                let steps = async {
                    let told = look_and_ask(&app, &caller, &operation, look, ask).await?;
                    let here = app.clone();
                    let shared = app.credentials().shared();
                    let work = move |store: &mut dyn Writer| {
                        if shared {
                            need_working(store.reader(), &caller)?;
                        }
                        let (sealer, settings, bridges) = (here.sealer(), here.settings(), here.bridges());
                        let (reference, made) = (None, Made::default());
                        let caller = &*caller;
                        let mut writing = Writing { store, caller, reference, made, sealer, settings, bridges };
                        encode(&finish(&mut writing, operation.clone(), told.clone())?)
                    };
                    app.write(work, |_: &Refusal| false).await
                };
                steps.await.into()
            })
        })
    }
}
