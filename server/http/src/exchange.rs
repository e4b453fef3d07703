//! What happens around each handler of the native surface, the same for all.
//!
//! The order is the order of the rules: who calls (credential), whether they may call this at all (the gate of the
//! read/write split), whether the request is well-formed, then the handler. So a mobile credential on a write is
//! turned away before a byte of its body counts, and a malformed request leaves nothing behind.

mod abroad;

use crate::app::{App, LastUse};
use crate::fault::{self, Fault};
use crate::guard::{self, Inside, Needs};
use crate::limits::{self, Class};
use crate::peer::{self, Peer};
use crate::place::{self, Template};
use crate::reply::{self, REQUEST_ID, Reply};
use crate::{body, fields, gate};
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use florin_domain::Refusal;
use florin_domain::access::{self, Caller, Side};
use florin_domain::bridge::Bridges;
use florin_domain::identity::need_working;
use florin_domain::reference::{self, Decided, Identity, Made, Refused};
use florin_domain::seal::Sealer;
use florin_domain::settings::Settings;
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::Kind;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{
    Access, Callers, Method, Operation, Problems, ReadOperation, STREAMED, Spec, WriteOperation,
};
use florin_sdk_core::{Amount, JsonObject};
use http::header::{ACCEPT, CONNECTION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// What a handler that reads gets beside its request.
pub(crate) struct Reading<'a> {
    pub(crate) store: &'a mut dyn Reader,
    pub(crate) caller: &'a Caller,
    /// When mobile tokens were last used. Not the whole server: that has a way to write.
    pub(crate) last_use: &'a LastUse,
    /// What the operator has set.
    pub(crate) settings: &'a Settings,
    /// The ways to outside networks.
    pub(crate) bridges: &'a Bridges,
}

/// What a handler that writes gets beside its request.
pub(crate) struct Writing<'a> {
    pub(crate) store: &'a mut dyn Writer,
    pub(crate) caller: &'a Caller,
    /// The client reference, of a money operation that came with one.
    pub(crate) reference: Option<&'a str>,
    /// What it made or settled; a handler of a money operation says so here.
    pub(crate) made: Made,
    /// Seals secrets that are stored, and opens them.
    pub(crate) sealer: &'a Sealer,
    /// What the operator has set.
    pub(crate) settings: &'a Settings,
    /// The ways to outside networks.
    pub(crate) bridges: &'a Bridges,
}

/// What a handler gets that writes in steps, or for anybody.
pub(crate) struct Changing<'a> {
    pub(crate) store: &'a mut dyn Writer,
    /// Seals secrets that are stored, and opens them.
    pub(crate) sealer: &'a Sealer,
}

/// How an operation that writes in steps is decided: with a refusal, too, what it wrote stays (a wrong password is
/// counted). What is to be undone is an error around it.
pub(crate) type Verdict<A> = Result<Result<A, Refusal>, Refusal>;

/// What is answered, and what is to be noted of it.
pub(crate) type Noted<A, N> = Result<(A, N), Refusal>;

/// Answers an operation that anybody may call.
type Public<O> = fn(&mut dyn Reader, &Bridges, O) -> Result<<O as Operation>::Answer, Refusal>;

type Pending = Pin<Box<dyn Future<Output = Reply> + Send>>;
type Opening = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// What the gate has found, and the request.
struct Call {
    app: App,
    caller: Option<Arc<Caller>>,
    headers: HeaderMap,
    request: Map<String, Value>,
    /// From where it comes, if that is known.
    source: Option<IpAddr>,
}

/// An operation in its place: its definition, its gate, and the rest.
struct Mounted {
    spec: Spec,
    needs: Needs,
    admit: fn(&Caller) -> Result<(), Refusal>,
    run: Box<dyn Fn(Call) -> Pending + Send + Sync>,
    /// What answers in another form than JSON, where that is asked for.
    other: Option<Other>,
}

/// Another form than JSON.
struct Other {
    /// Whether a request asks for it.
    is_wanted: fn(&HeaderMap) -> bool,
    open: Box<dyn Fn(Call) -> Opening + Send + Sync>,
}

/// The operations of a surface.
#[derive(Default)]
pub(crate) struct Routes(Vec<Mounted>);

impl Routes {
    /// An operation that anybody may call.
    pub(crate) fn public<O: ReadOperation>(self, handler: Public<O>) -> Self {
        self.mount::<O>(move |call| {
            let operation = match typed::<O>(call.request) {
                Ok(operation) => operation,
                Err(refusal) => return ready(refusal),
            };
            Box::pin(async move {
                let bridges = call.app.bridges().clone();
                call.app.read_again(move |store| encode(&handler(store, &bridges, operation.clone())?)).await.into()
            })
        })
    }

    /// An operation that changes nothing.
    pub(crate) fn read<O: ReadOperation>(self, handler: fn(&mut Reading<'_>, O) -> Result<O::Answer, Refusal>) -> Self {
        self.read_here(false, handler)
    }

    /// The same for one that may look through a whole table: done where nobody waits for it.
    pub(crate) fn search<O: ReadOperation>(
        self,
        handler: fn(&mut Reading<'_>, O) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.read_here(true, handler)
    }

    /// An operation that changes nothing, and whose answer can also be had as a stream.
    pub(crate) fn read_or_stream<O: ReadOperation, F>(
        self,
        handler: fn(&mut Reading<'_>, O) -> Result<O::Answer, Refusal>,
        open: fn(App, Arc<Caller>, HeaderMap, O) -> F,
    ) -> Self
    where
        F: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        const { assert!(is_streamed(O::NAME), "not in the list of streamed operations") };
        let mut routes = self.read_here(true, handler);
        if let Some(mounted) = routes.0.last_mut() {
            mounted.other = Some(Other { is_wanted: wants_stream, open: opening(open) });
        }
        routes
    }

    /// What an operation that changes nothing answers, as something that is no JSON, at paths of its own and under a name
    /// of its own. Everything else is as with the operation: who may call it, its class, what it needs.
    pub(crate) fn picture<O: ReadOperation, F>(
        mut self,
        name: &'static str,
        paths: &'static [&'static str],
        open: fn(App, Arc<Caller>, HeaderMap, O) -> F,
    ) -> Self
    where
        F: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        let spec = Spec { name, paths, ..O::spec() };
        let (needs, admit) = (Needs::of(&spec), access::admit::<O>);
        let run = Box::new(|_| ready(Refusal::new(Code::SYSTEM_ERROR)));
        let other = Some(Other { is_wanted: |_| true, open: opening(open) });
        self.0.push(Mounted { spec, needs, admit, run, other });
        self
    }

    fn read_here<O: ReadOperation>(
        self,
        long: bool,
        handler: fn(&mut Reading<'_>, O) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.mount::<O>(move |call| {
            let (operation, caller) = match typed::<O>(call.request).and_then(|o| Ok((o, known(call.caller)?))) {
                Ok(both) => both,
                Err(refusal) => return ready(refusal),
            };
            let app = call.app;
            Box::pin(async move {
                let (last_use, settings, bridges) = (app.last_use(), app.settings().clone(), app.bridges().clone());
                let work = move |store: &mut dyn Reader| {
                    let (last_use, settings, bridges) = (&last_use, &settings, &bridges);
                    let mut reading = Reading { store, caller: &caller, last_use, settings, bridges };
                    encode(&handler(&mut reading, operation.clone())?)
                };
                if long { app.read(work).await.into() } else { app.read_again(work).await.into() }
            })
        })
    }

    /// An operation that reads, and whose answer must be noted: what was handed out is known again later. Not for apps:
    /// a mobile credential never comes near a writer (ADR 16).
    pub(crate) fn read_and_note<O: ReadOperation, Note: Clone + Send + 'static>(
        self,
        handler: fn(&mut Reading<'_>, O) -> Noted<O::Answer, Note>,
        note: fn(&mut dyn Writer, &Sealer, &Note) -> Result<(), Refusal>,
    ) -> Self {
        const { assert!(!O::CALLERS.admits_mobile(), "what an app reads is not noted") };
        self.mount::<O>(move |call| {
            let known = typed::<O>(call.request).and_then(|operation| {
                let caller = known(call.caller)?;
                // Once more, beside the gate: here a writer is used.
                if caller.side == Side::Mobile {
                    return Err(Refusal::new(Code::FORBIDDEN));
                }
                Ok((operation, caller))
            });
            let (operation, caller) = match known {
                Ok(both) => both,
                Err(refusal) => return ready(refusal),
            };
            let app = call.app;
            Box::pin(async move {
                let (last_use, settings, bridges) = (app.last_use(), app.settings().clone(), app.bridges().clone());
                let work = move |store: &mut dyn Reader| {
                    let (last_use, settings, bridges) = (&last_use, &settings, &bridges);
                    let mut reading = Reading { store, caller: &caller, last_use, settings, bridges };
                    let (answer, note) = handler(&mut reading, operation)?;
                    Ok((encode(&answer)?, note))
                };
                let noted = async {
                    let (answer, what) = app.read_little(work).await?;
                    let sealer = app.sealer().clone();
                    app.write(move |store| note(store, &sealer, &what), |_: &Refusal| false).await?;
                    Ok(answer)
                };
                noted.await.into()
            })
        })
    }

    /// An operation that changes something. If it is about money, it runs once under its client reference.
    pub(crate) fn write<O: WriteOperation>(
        self,
        handler: fn(&mut Writing<'_>, O) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.write_prepared(None, handler)
    }

    /// The same, with slow work on the request that must be done before, where nobody waits for the writer.
    pub(crate) fn write_after<O: WriteOperation>(
        self,
        prepare: fn(O) -> Result<O, Refusal>,
        handler: fn(&mut Writing<'_>, O) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.write_prepared(Some(prepare), handler)
    }

    /// An operation that changes something and moves no money, in three steps: it looks at what is there, does slow work
    /// where nobody waits for the writer, such as hashing a password, and writes. What it has looked at may have changed
    /// by then. Anybody may call it if its definition says so; then there may be no caller.
    pub(crate) fn write_in_steps<O: WriteOperation, Found: Send + 'static, Worked: Clone + Send + 'static>(
        self,
        look: fn(&mut dyn Reader, Option<&Caller>, &O) -> Result<Found, Refusal>,
        work: fn(&App, &O, Found) -> Result<Worked, Refusal>,
        finish: fn(&mut Changing<'_>, O, Worked) -> Verdict<O::Answer>,
    ) -> Self {
        self.steps(false, look, work, finish)
    }

    /// The same for one that may look through a whole table.
    pub(crate) fn search_and_write<O: WriteOperation, Found: Send + 'static, Worked: Clone + Send + 'static>(
        self,
        look: fn(&mut dyn Reader, Option<&Caller>, &O) -> Result<Found, Refusal>,
        work: fn(&App, &O, Found) -> Result<Worked, Refusal>,
        finish: fn(&mut Changing<'_>, O, Worked) -> Verdict<O::Answer>,
    ) -> Self {
        self.steps(true, look, work, finish)
    }

    fn steps<O: WriteOperation, Found: Send + 'static, Worked: Clone + Send + 'static>(
        self,
        long: bool,
        look: fn(&mut dyn Reader, Option<&Caller>, &O) -> Result<Found, Refusal>,
        work: fn(&App, &O, Found) -> Result<Worked, Refusal>,
        finish: fn(&mut Changing<'_>, O, Worked) -> Verdict<O::Answer>,
    ) -> Self {
        const { assert!(!O::MONEY, "a money operation runs under its client reference, by `write`") };
        self.mount::<O>(move |call| {
            let operation = match typed::<O>(call.request) {
                Ok(operation) => operation,
                Err(refusal) => return ready(refusal),
            };
            let (app, caller) = (call.app, call.caller);
            if O::CALLERS != Callers::Public && caller.is_none() {
                return ready(Refusal::new(Code::NOT_AUTHENTICATED));
            }
            Box::pin(async move {
                let steps = async {
                    let (asked, by) = (operation.clone(), caller.clone());
                    let look = move |store: &mut dyn Reader| look(store, by.as_deref(), &asked);
                    let found = if long { app.read(look).await? } else { app.read_little(look).await? };
                    let (here, asked) = (app.clone(), operation.clone());
                    let worked = app.slowly(move || work(&here, &asked, found)).await?;
                    let shared = app.credentials().shared();
                    let sealer = app.sealer().clone();
                    let job = move |store: &mut dyn Writer| -> Verdict<String> {
                        if let Some(caller) = caller.as_deref().filter(|_| shared) {
                            need_working(store.reader(), caller)?;
                        }
                        let mut changing = Changing { store, sealer: &sealer };
                        match finish(&mut changing, operation.clone(), worked.clone())? {
                            Ok(answer) => encode(&answer).map(Ok),
                            Err(refusal) => Ok(Err(refusal)),
                        }
                    };
                    app.write(job, |_: &Refusal| false).await
                };
                steps.await.unwrap_or_else(Err).into()
            })
        })
    }

    fn write_prepared<O: WriteOperation>(
        self,
        prepare: Option<fn(O) -> Result<O, Refusal>>,
        handler: fn(&mut Writing<'_>, O) -> Result<O::Answer, Refusal>,
    ) -> Self {
        self.mount::<O>(move |call| {
            let prepared = typed::<O>(call.request).and_then(|operation| {
                let caller = known(call.caller)?;
                // Once more, beside the gate: here a writer is handed out.
                if caller.side == Side::Mobile {
                    return Err(Refusal::new(Code::MOBILE_READ_ONLY));
                }
                let identity = identity(&operation, &caller, &call.headers)?;
                Ok((operation, caller, identity))
            });
            let (operation, caller, identity) = match prepared {
                Ok(all) => all,
                Err(refusal) => return ready(refusal),
            };
            let app = call.app;
            Box::pin(async move {
                let ready = match prepare {
                    None => Ok(operation),
                    Some(prepare) => app.slowly(move || prepare(operation)).await,
                };
                match ready {
                    Ok(operation) => run_write(&app, handler, operation, caller, identity).await,
                    Err(refusal) => refusal.into(),
                }
            })
        })
    }

    /// An operation that changes the server process itself and nothing that is stored. Anybody may call it: the handler
    /// sees to whom it listens, and how often.
    pub(crate) fn server<O: WriteOperation, F: Future<Output = Reply> + Send + 'static>(
        self,
        handler: fn(App, Option<IpAddr>, O) -> F,
    ) -> Self {
        self.mount::<O>(move |call| match typed::<O>(call.request) {
            Ok(operation) => Box::pin(handler(call.app, call.source, operation)),
            Err(refusal) => ready(refusal),
        })
    }

    fn mount<O: Operation>(mut self, run: impl Fn(Call) -> Pending + Send + Sync + 'static) -> Self {
        let spec = O::spec();
        let (needs, admit) = (Needs::of(&spec), access::admit::<O>);
        self.0.push(Mounted { spec, needs, admit, run: Box::new(run), other: None });
        self
    }

    /// The definitions of what is mounted.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|mounted| mounted.spec.name).collect()
    }

    /// As a router.
    pub(crate) fn router(self) -> Router<App> {
        let mut places = BTreeMap::<String, Vec<Place>>::new();
        for mounted in self.0 {
            let mounted = Arc::new(mounted);
            for path in mounted.spec.paths {
                let shape = place::shape(&format!("{}{path}", mounted.spec.base));
                places.entry(shape).or_default().push(Place { template: Template::of(path), mounted: mounted.clone() });
            }
        }
        let mut router = Router::new();
        for (shape, mut choices) in places {
            choices.sort_by_key(|choice| std::cmp::Reverse(choice.template.weight(&choice.mounted.spec)));
            let filters = choices.iter().map(|choice| filter(choice.mounted.spec.method));
            let Some(filter) = filters.reduce(MethodFilter::or) else { continue };
            let choices = Arc::new(choices);
            let handle = move |State(app): State<App>, request: Request| {
                let choices = choices.clone();
                async move {
                    let (mut parts, body) = request.into_parts();
                    let texts = path_texts(&mut parts).await;
                    let Some(choice) = choose(&choices, &parts.method, &texts) else {
                        return reply::no_such_method(Request::from_parts(parts, body)).await;
                    };
                    let in_path = texts.map(|texts| choice.template.take(&texts).unwrap_or_default());
                    exchange(app, choice.mounted.clone(), Request::from_parts(parts, body), in_path).await
                }
            };
            router = router.route(&shape, on(filter, handle));
        }
        router
    }
}

/// One of an operation's paths.
struct Place {
    template: Template,
    mounted: Arc<Mounted>,
}

/// The operation that is meant; if its ids are none, the one whose path has this form, which then says so.
fn choose<'a>(choices: &'a [Place], method: &http::Method, texts: &Result<Vec<String>, Refusal>) -> Option<&'a Place> {
    let method = if method == http::Method::HEAD { "GET" } else { method.as_str() };
    let mut formed = None;
    for choice in choices.iter().filter(|choice| choice.mounted.spec.method.as_str() == method) {
        match texts.as_ref().map(|texts| choice.template.take(texts)) {
            Ok(Some(parameters)) if place::fits(&choice.mounted.spec, &parameters) => return Some(choice),
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => formed = Some(choice),
        }
    }
    formed
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// What answers an operation in another form than JSON.
fn opening<O: ReadOperation, F>(
    open: fn(App, Arc<Caller>, HeaderMap, O) -> F,
) -> Box<dyn Fn(Call) -> Opening + Send + Sync>
where
    F: Future<Output = Result<Response, Refusal>> + Send + 'static,
{
    Box::new(move |call| {
        let prepared = typed::<O>(call.request).and_then(|op| Ok((op, known(call.caller)?)));
        Box::pin(async move {
            let (operation, caller) = prepared?;
            open(call.app, caller, call.headers, operation).await
        })
    })
}

fn ready(refusal: Refusal) -> Pending {
    Box::pin(std::future::ready(refusal.into()))
}

fn known(caller: Option<Arc<Caller>>) -> Result<Arc<Caller>, Refusal> {
    caller.ok_or_else(|| Refusal::new(Code::NOT_AUTHENTICATED))
}

impl From<Result<String, Refusal>> for Reply {
    fn from(result: Result<String, Refusal>) -> Self {
        Self { result, replayed: false, wait: None }
    }
}

fn encode<T: serde::Serialize>(answer: &T) -> Result<String, Refusal> {
    serde_json::to_string(answer).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Refusal::new(Code::SYSTEM_ERROR)
    })
}

/// One request and its answer.
async fn exchange(app: App, mounted: Arc<Mounted>, request: Request, in_path: InPath) -> Response {
    let id = request_id();
    let name = mounted.spec.name;
    let fault = if app.sandbox() { fault::asked(request.headers()) } else { Ok(None) };
    // Read whatever becomes of the request: a body that is left on the way would be taken for the next request.
    let (parts, body) = request.into_parts();
    let body = body::read(body).await;
    let half_read = body.is_err();
    let reply = match fault {
        Err(refusal) => refusal.into(),
        Ok(Some(Fault::DropBefore)) => return fault::dropped(),
        Ok(Some(Fault::Error(code))) => Refusal::new(code).into(),
        Ok(fault) => {
            if let Some(Fault::Delay(time)) = fault {
                tokio::time::sleep(time).await;
            }
            let other = mounted.other.as_ref().filter(|other| (other.is_wanted)(&parts.headers));
            let answered = match (prepare(&app, &mounted, parts, body, in_path).await, other) {
                (Ok((call, _inside)), None) => Err((mounted.run)(call).await),
                // A stream goes on when it is answered: it has a place of its own.
                (Ok((call, _inside)), Some(other)) => (other.open)(call).await.map_err(Reply::from),
                (Err(reply), _) => Err(reply),
            };
            match (fault, answered) {
                (Some(Fault::DropAfter), _) => return fault::dropped(),
                (Some(Fault::Garbage), _) => return fault::garbage(),
                (_, Ok(response)) => {
                    app.metrics().count(name, Code::OK);
                    tracing::debug!(operation = name, code = Code::OK.0, request_id = %id, "answered");
                    return with_id(response, &id);
                }
                (_, Err(reply)) => reply,
            }
        }
    };
    let code = reply.code();
    app.metrics().count(name, code);
    if code == Code::OK {
        tracing::debug!(operation = name, code = code.0, replayed = reply.replayed, request_id = %id, "answered");
    } else {
        tracing::info!(operation = name, code = code.0, replayed = reply.replayed, request_id = %id, "answered");
    }
    let mut response = reply.into_response();
    if half_read {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    with_id(response, &id)
}

fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Whether a stream of server-sent events is asked for.
fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}

const fn is_streamed(name: &str) -> bool {
    let (mut place, name) = (0, name.as_bytes());
    while place < STREAMED.len() {
        #[expect(clippy::indexing_slicing, reason = "below the length; and at worst it does not compile")]
        let listed = STREAMED[place].as_bytes();
        let mut same = listed.len() == name.len();
        let mut letter = 0;
        while same && letter < name.len() {
            #[expect(clippy::indexing_slicing, reason = "below both lengths; and at worst it does not compile")]
            if listed[letter] != name[letter] {
                same = false;
            }
            letter += 1;
        }
        if same {
            return true;
        }
        place += 1;
    }
    false
}

pub(crate) fn request_id() -> String {
    // It only has to be another each time; nobody gains by guessing it.
    format!("{:016x}", fastrand::u64(..))
}

async fn prepare(
    app: &App,
    mounted: &Mounted,
    parts: Parts,
    body: Result<Vec<u8>, Refusal>,
    in_path: InPath,
) -> Result<(Call, Inside), Reply> {
    let spec = &mounted.spec;
    let inside = guard::enter(app, mounted.needs)?;
    let source = parts.extensions.get::<Peer>().map(|peer| peer::source(peer.0, &parts.headers, app.proxies()));
    let mut caller = None;
    // What anybody may read is read without a look at who asks. What anybody may write may come with a credential, and
    // then that must work, and be no mobile one.
    let looked_at = match (spec.callers, spec.access) {
        (Callers::Public, Access::Read) => false,
        (Callers::Public, Access::Write) => gate::is_presented(&parts.headers),
        _ => true,
    };
    if looked_at {
        match gate::caller(app, &parts.headers).await {
            Ok(found) => caller = Some(found),
            Err(refusal) if refusal.code == Code::NOT_AUTHENTICATED => {
                // Guesses are counted, too.
                return Err(allow(app, Some(Class::Public), source.map(peer::mark)).err().unwrap_or(refusal.into()));
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
    let (class, mark) = match &caller {
        Some(caller) => (Class::of(spec, caller), Some(limits::mark(caller))),
        None => (Some(Class::Public), source.map(peer::mark)),
    };
    allow(app, class, mark)?;
    if let Some(caller) = &caller {
        (mounted.admit)(caller)?;
    }
    let body = body?;
    let mut request = match spec.method {
        Method::Post if parts.uri.query().is_some_and(|text| !text.is_empty()) => {
            return Err(Refusal::field("query", "must be empty: fields stand in the body").into());
        }
        Method::Post => object(&body)?,
        Method::Get | Method::Delete if !body.is_empty() => {
            return Err(Refusal::field("body", "must be empty: fields stand in the query").into());
        }
        Method::Get | Method::Delete => query(spec, &parts)?,
    };
    for (name, value) in in_path? {
        if request.insert(name.to_owned(), fields::from_text(spec.fields, name, value)).is_some() {
            return Err(Refusal::field(name, "stands in the path already").into());
        }
    }
    let mut problems = Problems::default();
    fields::rename(spec.fields, &mut request, &mut problems);
    fields::gather(spec.fields, &mut request, &mut problems);
    fields::check(spec.fields, &mut request, &mut problems);
    if !problems.0.is_empty() {
        return Err(Refusal::fields(problems.0).into());
    }
    Ok((Call { app: app.clone(), caller, headers: parts.headers, request, source }, inside))
}

/// Counts a request; the answer to one that is one too many.
fn allow(app: &App, class: Option<Class>, mark: Option<u64>) -> Result<(), Reply> {
    let Some((class, mark)) = class.zip(mark) else { return Ok(()) };
    app.limits()
        .check(class, mark)
        .map_err(|seconds| Reply { wait: Some(seconds), ..Refusal::new(Code::TOO_FAST).into() })
}

/// The same for a call of another surface that needs no credential.
pub(crate) fn allow_public(app: &App, mark: Option<u64>) -> Result<(), Refusal> {
    let Some(mark) = mark else { return Ok(()) };
    app.limits().check(Class::Public, mark).map_err(|_| Refusal::new(Code::TOO_FAST))
}

/// A JSON object in which no name stands twice: of two amounts nobody knows which is meant.
struct Strict(Map<String, Value>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut map = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if map.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("a name stands twice"));
                    }
                }
                Ok(map)
            }
        }
        deserializer.deserialize_map(Names).map(Self)
    }
}

pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let parsed = serde_json::from_slice::<Strict>(body);
    parsed.map(|strict| strict.0).map_err(|e| Refusal::field("body", format!("must be a JSON object: {e}")))
}

fn query(spec: &Spec, parts: &Parts) -> Result<Map<String, Value>, Refusal> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|_| Refusal::field("query", "cannot be read"))?;
    let mut request = Map::new();
    for (name, text) in pairs.0 {
        let value = fields::from_text(spec.fields, &name, text);
        if request.insert(name.clone(), value).is_some() {
            return Err(Refusal::field(&name, "stands twice"));
        }
    }
    Ok(request)
}

/// The parameters in a path.
type InPath = Result<Vec<(&'static str, String)>, Refusal>;

/// The texts of those segments of a path that have parameters in them.
async fn path_texts(parts: &mut Parts) -> Result<Vec<String>, Refusal> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| Refusal::field("path", "must be UTF-8, percent-encoded"))?;
    Ok(params.iter().map(|(_, value)| value.to_owned()).collect())
}

/// The checked fields as the operation's own type.
fn typed<O: Operation>(request: Map<String, Value>) -> Result<O, Refusal> {
    let operation: O = serde_path_to_error::deserialize(Value::Object(request)).map_err(|e| {
        let field = e.path().to_string();
        Refusal::field(&field, e.into_inner().to_string())
    })?;
    let mut problems = Problems::default();
    operation.check(&mut problems);
    if problems.0.is_empty() { Ok(operation) } else { Err(Refusal::fields(problems.0)) }
}

/// The identity of a money operation that came with a client reference.
fn identity<O: Operation>(operation: &O, caller: &Caller, headers: &HeaderMap) -> Result<Option<Identity>, Refusal> {
    if !O::MONEY {
        return Ok(None);
    }
    let mut headers = headers.get_all("idempotency-key").iter();
    let header = match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(_), Some(_)) => return Err(Refusal::field("Idempotency-Key", "stands twice")),
        (Some(value), None) => {
            let text = value
                .to_str()
                .ok()
                .filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()));
            Some(text.ok_or_else(|| Refusal::field("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))?)
        }
    };
    let reference = match (header, operation.body_reference()) {
        (None, None) => return Ok(None),
        (Some(header), Some(body)) if header != body => {
            return Err(Refusal::field("referenceid", "must equal the Idempotency-Key header"));
        }
        (header, body) => header.or(body).unwrap_or_default().to_owned(),
    };
    let request = serde_json::to_value(operation).map_err(|_| Refusal::new(Code::SYSTEM_ERROR))?;
    Ok(Some(Identity {
        owner: caller.upid,
        operation: O::NAME,
        target: target::<O>(&request),
        reference,
        fingerprint: reference::fingerprint(O::NAME, &normal::<O>(request)),
    }))
}

/// The object that the operation's path names.
fn target<O: Operation>(request: &Value) -> String {
    let mut params =
        O::PATHS.iter().flat_map(|path| path.split('/')).filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    params.find_map(|name| request.get(name)?.as_str()).unwrap_or_default().to_owned()
}

/// The request without what says nothing, as the reference itself and zeros at the end of an amount, and without what may
/// not be kept in any form.
fn normal<O: Operation>(request: Value) -> Value {
    let Value::Object(mut map) = request else {
        return request;
    };
    map.remove("referenceid");
    // A card's number in it is not kept, and neither is a hash that it could be guessed from.
    map.remove("paymentprocessorinformation");
    for field in O::FIELDS.iter().filter(|field| field.kind == Kind::Amount) {
        let amount = map.get(field.name).and_then(Value::as_str).and_then(|text| text.parse::<Amount>().ok());
        if let Some(amount) = amount {
            map.insert(field.name.to_owned(), Value::String(amount.decimal().normalize().to_string()));
        }
    }
    Value::Object(map)
}

async fn run_write<O: Operation>(
    app: &App,
    handler: fn(&mut Writing<'_>, O) -> Result<O::Answer, Refusal>,
    operation: O,
    caller: Arc<Caller>,
    identity: Option<Identity>,
) -> Reply {
    let shared = app.credentials().shared();
    let (sealer, settings, bridges) = (app.sealer().clone(), app.settings().clone(), app.bridges().clone());
    let work = move |store: &mut dyn Writer| -> Result<Decided, Refused> {
        // Asked first and looked at last, so that an engine that is far away fetches all of it at once.
        let working = if shared { need_working(store.reader(), &caller) } else { Ok(()) };
        let reference = identity.as_ref().map(|identity| identity.reference.as_str());
        let decide = |store: &mut dyn Writer| -> Result<(JsonObject, Made), Refusal> {
            let (caller, made) = (&*caller, Made::default());
            let (sealer, settings, bridges) = (&sealer, &settings, &bridges);
            let mut writing = Writing { store, caller, reference, made, sealer, settings, bridges };
            let answer = handler(&mut writing, operation.clone())?;
            let made = writing.made;
            match serde_json::to_value(&answer) {
                Ok(Value::Object(map)) => Ok((JsonObject(map), made)),
                _ => Err(Refusal::new(Code::SYSTEM_ERROR)),
            }
        };
        let decided = match &identity {
            Some(identity) => reference::once(store, identity, decide),
            None => reference::apart(store, decide)
                .map(|(answer, _)| Decided { answer, replayed: false })
                .map_err(Refused::from),
        };
        working?;
        decided
    };
    // A decided refusal is kept under its client reference; all else that was written is undone by then.
    let kept = app.write(work, |refused: &Refused| refused.refusal.code.is_decided()).await;
    match kept {
        Ok(decided) => Reply { result: Ok(decided.answer.to_string()), replayed: decided.replayed, wait: None },
        Err(refused) => Reply { result: Err(refused.refusal), replayed: refused.replayed, wait: None },
    }
}
