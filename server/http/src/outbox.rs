//! `/console/outbox`: the mails that went to a folder, for whoever tries the platform out. Only in a sandbox: whoever
//! sees this page can take over every account.

use crate::app::App;
use crate::mail::{Stored, list_mails};
use crate::page::{escape, page};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use std::fmt::Write as _;

/// How many mails are shown.
const SHOWN: usize = 100;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/console/outbox", get(outbox))
}

async fn outbox(State(app): State<App>) -> Response {
    let Some(folder) = app.mail_folder().cloned() else {
        return page(StatusCode::OK, "Outbox", "<p>Mails go out by SMTP: there is nothing to show.</p>");
    };
    let listed = tokio::task::spawn_blocking(move || list_mails(&folder, SHOWN)).await;
    match listed {
        Ok(Ok(mails)) => page(StatusCode::OK, "Outbox", &table(&mails)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the outbox cannot be read");
            page(StatusCode::INTERNAL_SERVER_ERROR, "Outbox", "<p>The outbox cannot be read; the log says why.</p>")
        }
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, "Outbox", "<p>The outbox cannot be read.</p>"),
    }
}

fn table(mails: &[Stored]) -> String {
    if mails.is_empty() {
        return "<p>No mail was sent yet.</p>".to_owned();
    }
    let mut text = String::from("<p>What would have been sent, the newest first.</p>");
    for mail in mails {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<article><h2>{}</h2><dl><dt>To</dt><dd>{}</dd><dt>From</dt><dd>{}</dd><dt>Written</dt><dd><time>{}</time></dd></dl><pre>{}</pre></article>",
            escape(&mail.subject),
            escape(&mail.to),
            escape(&mail.from),
            mail.created,
            with_links(&mail.text),
        );
    }
    text
}

/// The text, escaped, with its addresses as links.
fn with_links(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let escaped = escape(line);
        let is_link =
            (line.starts_with("https://") || line.starts_with("http://")) && !line.contains(char::is_whitespace);
        if is_link { format!("<a href=\"{escaped}\" rel=\"noreferrer\">{escaped}</a>") } else { escaped }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::Timestamp;

    #[test]
    fn a_mail_is_text_whatever_is_in_it() {
        let evil = "<script>alert(1)</script>";
        let mail = Stored {
            number: 1,
            to: evil.to_owned(),
            from: evil.to_owned(),
            subject: evil.to_owned(),
            text: format!("{evil}\nhttps://a.example/?x=\"'>{evil}\njavascript:alert(1)\nhttps://a.example/?a=1&b=2"),
            created: Timestamp::from_millis(0),
        };
        let shown = table(&[mail]);
        assert!(!shown.contains("<script"), "{shown}");
        assert!(shown.contains("<a href=\"https://a.example/?a=1&amp;b=2\""), "{shown}");
        assert!(!shown.contains("href=\"javascript"), "{shown}");
        assert!(!shown.contains("x=\"'"), "{shown}");
    }
}
