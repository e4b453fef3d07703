//! What happens around each handler of the MoMo surface, the same for all: secrets, headers, body, then the handler.

use super::asked::{Asked, asked};
use super::reply;
use crate::app::App;
use crate::body;
use crate::exchange::request_id;
use crate::fault::{self, Fault};
use crate::guard::{self, Needs};
use crate::reply::REQUEST_ID;
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use florin_domain::Refusal;
use florin_domain::momo::Denial;
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{Body, BodyKind, Empty, MomoOperation, MomoSpec, Product};
use florin_sdk_core::operation::{Method, Problems};
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};
use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A handler that reads.
type Read<O> = fn(&mut dyn Reader, &Asked, <O as MomoOperation>::Path) -> Result<<O as MomoOperation>::Answer, Denial>;

/// A handler that writes.
type Write<O> = fn(
    &mut dyn Writer,
    &Asked,
    <O as MomoOperation>::Path,
    <O as MomoOperation>::Body,
) -> Result<<O as MomoOperation>::Answer, Denial>;

type Pending = Pin<Box<dyn Future<Output = Result<Response, Denial>> + Send>>;

/// What was found out before the handler, and the rest of the request.
struct Call {
    app: App,
    asked: Asked,
    path: Map<String, Value>,
    body: Vec<u8>,
}

/// An operation in its place.
struct Mounted {
    spec: MomoSpec,
    run: Box<dyn Fn(Call) -> Pending + Send + Sync>,
}

/// One path of an operation.
struct Place {
    mounted: Arc<Mounted>,
    product: Product,
    names: Vec<String>,
}

/// The operations of the surface.
#[derive(Default)]
pub(super) struct Routes(Vec<Mounted>);

impl Routes {
    /// An operation that changes nothing: its handler gets no way to write.
    pub(super) fn read<O: MomoOperation>(self, handler: Read<O>) -> Self {
        self.mount::<O>(move |call| {
            Box::pin(async move {
                let path = path::<O>(call.path)?;
                let asked = call.asked;
                let answer = call.app.read_little(move |store| Ok(handler(store, &asked, path))).await??;
                Ok(success::<O>(&answer))
            })
        })
    }

    /// An operation that changes something. What it answers is on disk.
    pub(super) fn write<O: MomoOperation>(self, handler: Write<O>) -> Self {
        self.mount::<O>(move |call| {
            Box::pin(async move {
                let path = path::<O>(call.path)?;
                let body = typed::<O>(&call.body)?;
                let (app, asked) = (call.app, call.asked);
                let work = move |store: &mut dyn Writer| handler(store, &asked, path.clone(), body.clone());
                let answer = app.write(work, |_: &Denial| false).await?;
                app.momo().news().notify_one();
                Ok(success::<O>(&answer))
            })
        })
    }

    fn mount<O: MomoOperation>(mut self, run: impl Fn(Call) -> Pending + Send + Sync + 'static) -> Self {
        self.0.push(Mounted { spec: O::spec(), run: Box::new(run) });
        self
    }

    /// The names of what is mounted.
    #[cfg(test)]
    pub(super) fn ids(&self) -> Vec<&'static str> {
        self.0.iter().map(|mounted| mounted.spec.id).collect()
    }

    /// As a router, with the products that are `wanted`.
    pub(super) fn router(self, wanted: impl Fn(Product) -> bool) -> Router<App> {
        let mut router = Router::new();
        for mounted in self.0 {
            let mounted = Arc::new(mounted);
            let filter = match mounted.spec.method {
                Method::Get => MethodFilter::GET,
                Method::Post => MethodFilter::POST,
                Method::Delete => MethodFilter::DELETE,
            };
            for product in mounted.spec.products.iter().copied().filter(|product| wanted(*product)) {
                for path in mounted.spec.paths_of(product) {
                    let (path, names) = nameless(&path);
                    let place = Arc::new(Place { mounted: mounted.clone(), product, names });
                    let handle = move |State(app): State<App>, request: Request| exchange(app, place.clone(), request);
                    router = router.route(&path, on(filter, handle));
                }
            }
        }
        router
    }
}

/// The path for the router, and the names of its parameters: two operations may call the same place by two names, which
/// the router does not allow.
fn nameless(path: &str) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let parts = path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        None => part.to_owned(),
        Some(name) => {
            names.push(name.to_owned());
            format!("{{{}}}", names.len())
        }
    });
    let path = parts.collect::<Vec<_>>().join("/");
    (path, names)
}

/// The answer of success.
fn success<O: MomoOperation>(answer: &O::Answer) -> Response {
    let status = StatusCode::from_u16(O::SUCCESS).unwrap_or(StatusCode::OK);
    if TypeId::of::<O::Answer>() == TypeId::of::<Empty>() { reply::empty(status) } else { reply::json(status, answer) }
}

/// One request and its answer.
async fn exchange(app: App, place: Arc<Place>, request: Request) -> Response {
    let spec = &place.mounted.spec;
    let id = request_id();
    let fault = if app.sandbox() { fault::asked(request.headers()) } else { Ok(None) };
    // Read whatever becomes of the request: a body that is left on the way would be taken for the next request.
    let (parts, body) = request.into_parts();
    let body = body::read(body).await;
    let half_read = body.is_err();
    let refused = |refusal: Refusal| reply::denied(refusal.into());
    let mut response = match fault {
        Err(refusal) => refused(refusal),
        Ok(Some(Fault::DropBefore)) => return fault::dropped(),
        Ok(Some(Fault::Error(code))) => refused(Refusal::new(code)),
        Ok(fault) => {
            if let Some(Fault::Delay(time)) = fault {
                tokio::time::sleep(time).await;
            }
            let response = answer(&app, &place, parts, body).await.unwrap_or_else(reply::denied);
            match fault {
                Some(Fault::DropAfter) => return fault::dropped(),
                Some(Fault::Garbage) => return fault::garbage(),
                _ => response,
            }
        }
    };
    let status = response.status().as_u16();
    app.metrics().count(spec.id, Code(u32::from(status)));
    tracing::info!(operation = spec.id, product = place.product.as_str(), status, request_id = %id, "answered");
    if half_read {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

async fn answer(
    app: &App,
    place: &Place,
    mut parts: Parts,
    body: Result<Vec<u8>, Refusal>,
) -> Result<Response, Denial> {
    let _inside = guard::enter(app, Needs::MOBILE_MONEY)?;
    let asked = asked(app, place.mounted.spec, place.product, &parts).await?;
    let body = body?;
    let params = RawPathParams::from_request_parts(&mut parts, &()).await;
    let params = params.map_err(|_| Denial::invalid("The path must be UTF-8, percent-encoded."))?;
    let path = place.names.iter().zip(params.iter()).map(|(name, (_, value))| (name.clone(), value.into())).collect();
    (place.mounted.run)(Call { app: app.clone(), asked, path, body }).await
}

/// The path's parameters as the operation's own type.
fn path<O: MomoOperation>(params: Map<String, Value>) -> Result<O::Path, Denial> {
    serde_json::from_value(Value::Object(params)).map_err(|_| Denial::invalid("The path holds an id that is none."))
}

/// The body as the operation's own type. Errors say where, not what.
fn typed<O: MomoOperation>(bytes: &[u8]) -> Result<O::Body, Denial> {
    let parsed = match O::BODY {
        BodyKind::None => serde_json::from_str("{}"),
        BodyKind::Json => serde_json::from_slice(bytes),
        BodyKind::Form => {
            let pairs = url::form_urlencoded::parse(bytes).into_owned();
            let map: Map<String, Value> = pairs.map(|(name, value)| (name, Value::from(value))).collect();
            serde_json::from_str(&Value::Object(map).to_string())
        }
    };
    let body: O::Body = parsed.map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Denial::invalid("The body lacks a field, or has one of the wrong type."),
        _ => Denial::invalid("The body cannot be read."),
    })?;
    let mut problems = Problems::default();
    body.check(&mut problems);
    if problems.0.is_empty() {
        return Ok(body);
    }
    let list: Vec<_> = problems.0.iter().map(|problem| format!("{} {}", problem.field, problem.reason)).collect();
    Err(Denial::invalid(list.join("; ")))
}
