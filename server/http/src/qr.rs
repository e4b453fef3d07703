//! The QR code of a payment request, as a picture.

use crate::app::App;
use crate::exchange::Routes;
use axum::response::{IntoResponse, Response};
use florin_domain::access::Caller;
use florin_domain::{Refusal, payment};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::GetPaymentStatus;
use http::HeaderMap;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};
use std::sync::Arc;

/// The paths below the base of the native surface.
pub(crate) const SVG_PATH: &str = "/payment/{prid}/qr.svg";
pub(crate) const PNG_PATH: &str = "/payment/{prid}/qr.png";
pub(crate) const ANY_PATH: &str = "/payment/{prid}/qr";

/// Pixels, or units of the drawing, for each module.
const MODULE: usize = 8;

/// Modules of white around the code, as its standard asks.
const QUIET: usize = 4;

/// The pictures. Whoever may read the status of a payment request may have them.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .picture("GetPaymentQr_svg", &[SVG_PATH], as_svg)
        .picture("GetPaymentQr_png", &[PNG_PATH], as_png)
        .picture("GetPaymentQr", &[ANY_PATH], as_asked)
}

/// What the client accepts decides; PNG unless it asks for SVG.
async fn as_asked(
    app: App,
    caller: Arc<Caller>,
    headers: HeaderMap,
    op: GetPaymentStatus,
) -> Result<Response, Refusal> {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("image/svg") {
        as_svg(app, caller, headers, op).await
    } else {
        as_png(app, caller, headers, op).await
    }
}

async fn as_svg(app: App, caller: Arc<Caller>, _: HeaderMap, op: GetPaymentStatus) -> Result<Response, Refusal> {
    let code = code(&app, caller, op).await?;
    Ok(answer("image/svg+xml", draw_svg(&code).into_bytes()))
}

async fn as_png(app: App, caller: Arc<Caller>, _: HeaderMap, op: GetPaymentStatus) -> Result<Response, Refusal> {
    let code = code(&app, caller, op).await?;
    Ok(answer("image/png", draw_png(&code)?))
}

fn answer(kind: &'static str, bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], bytes).into_response()
}

async fn code(app: &App, caller: Arc<Caller>, op: GetPaymentStatus) -> Result<QrCode, Refusal> {
    let text = app.read(move |store| payment::qr_of(store, &caller, op.prid)).await?;
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
