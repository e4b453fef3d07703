//! The QR code of a payment request, as a picture.

use crate::app::App;
use crate::{gate, reply};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use florin_domain::access::admit;
use florin_domain::{Refusal, payment};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{BASE_PATH, GetPaymentStatus};
use florin_sdk_core::{FlorinError, Prid};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

/// The paths below the base of the native surface.
pub(crate) const SVG_PATH: &str = "/payment/{prid}/qr.svg";
pub(crate) const PNG_PATH: &str = "/payment/{prid}/qr.png";
pub(crate) const ANY_PATH: &str = "/payment/{prid}/qr";

/// Pixels, or units of the drawing, for each module.
const MODULE: usize = 8;

/// Modules of white around the code, as its standard asks.
const QUIET: usize = 4;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(&format!("{BASE_PATH}{SVG_PATH}"), get(as_svg))
        .route(&format!("{BASE_PATH}{PNG_PATH}"), get(as_png))
        .route(&format!("{BASE_PATH}{ANY_PATH}"), get(as_asked))
}

/// What the client accepts decides; PNG unless it asks for SVG.
async fn as_asked(state: State<App>, prid: Path<String>, headers: HeaderMap) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("image/svg") { as_svg(state, prid, headers).await } else { as_png(state, prid, headers).await }
}

async fn as_svg(state: State<App>, prid: Path<String>, headers: HeaderMap) -> Response {
    answer(code(state, prid, headers).await.map(|code| ("image/svg+xml", draw_svg(&code).into_bytes())))
}

async fn as_png(state: State<App>, prid: Path<String>, headers: HeaderMap) -> Response {
    answer(code(state, prid, headers).await.and_then(|code| Ok(("image/png", draw_png(&code)?))))
}

fn answer(picture: Result<(&'static str, Vec<u8>), Refusal>) -> Response {
    match picture {
        Ok((kind, bytes)) => ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], bytes).into_response(),
        Err(refusal) => reply::failure(StatusCode::OK, &refusal),
    }
}

/// Whoever may read the status of a payment request may have its picture.
async fn code(State(app): State<App>, Path(prid): Path<String>, headers: HeaderMap) -> Result<QrCode, Refusal> {
    let caller = gate::caller(&app, &headers).await?;
    admit::<GetPaymentStatus>(&caller)?;
    let prid: Prid = prid.parse().map_err(|e: FlorinError| Refusal::value("prid", &e))?;
    let text = app.read(move |store| payment::qr_of(store, &caller, prid)).await?;
    encode(&text)
}

/// A text as an SVG picture.
pub(crate) fn svg(text: &str) -> Result<String, Refusal> {
    encode(text).map(|code| draw_svg(&code))
}

fn encode(text: &str) -> Result<QrCode, Refusal> {
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| {
        tracing::error!(%error, "a code could not be drawn");
        Refusal::new(Code::SYSTEM_ERROR)
    })
}

fn draw_svg(code: &QrCode) -> String {
    let side = u32::try_from((code.width() + 2 * QUIET) * MODULE).unwrap_or(u32::MAX);
    code.render::<svg::Color<'_>>().min_dimensions(side, side).build()
}

fn draw_png(code: &QrCode) -> Result<Vec<u8>, Refusal> {
    let width = code.width();
    let side = (width + 2 * QUIET) * MODULE;
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let (x, y) = (x.checked_sub(QUIET)?, y.checked_sub(QUIET)?);
        (x < width && y < width).then(|| colors.get(y * width + x) == Some(&Color::Dark))
    };
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        pixels.extend((0..side).map(|x| if is_dark(x / MODULE, y / MODULE) == Some(true) { 0_u8 } else { 255 }));
    }
    let failed = |error: png::EncodingError| {
        tracing::error!(%error, "a payment code could not be written as PNG");
        Refusal::new(Code::SYSTEM_ERROR)
    };
    let mut bytes = Vec::new();
    let edge = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut bytes, edge, edge);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
