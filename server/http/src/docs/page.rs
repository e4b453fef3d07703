//! The table of operations and result codes, for a browser.

use florin_sdk_core::code::TABLE;
use florin_sdk_core::operation::{Access, BASE_PATH, Callers, Spec, all};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}\
table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;\
border-bottom:1px solid #ddd}code{font:14px ui-monospace,monospace;white-space:nowrap}";

/// The page at `/docs`.
pub(super) fn html() -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Florin: operations</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body><h1>Operations</h1>\
         <p>Base <code>{BASE_PATH}</code>. The same as OpenAPI: <a href=\"/openapi/native.json\">/openapi/native.json</a>. The MoMo surface: <a href=\"/openapi/momo.json\">/openapi/momo.json</a>.</p>\
         <p>The number of a result code is the answer; each answer has the HTTP status 200. <a href=\"#codes\">Result codes</a></p>"
    );
    let specs = all();
    let groups: BTreeSet<&str> = specs.iter().map(|spec| spec.group).collect();
    page.push_str("<p>Groups: ");
    for group in &groups {
        // Writing to a String cannot fail.
        let _ = write!(page, "<a href=\"#{group}\">{}</a> ", group.replace('_', " "));
    }
    page.push_str("</p>");
    for group in groups {
        operations(&mut page, group, specs.iter().filter(|spec| spec.group == group));
    }
    page.push_str("<h2 id=\"codes\">Result codes</h2><table><thead><tr><th>Code</th><th>Name</th><th>Meaning</th></tr></thead><tbody>");
    for row in TABLE {
        let _ = write!(page, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", row.code.0, row.name, escape(row.meaning));
    }
    page.push_str("</tbody></table></body></html>");
    page
}

/// The operations of one group.
fn operations<'a>(page: &mut String, group: &str, specs: impl Iterator<Item = &'a Spec>) {
    let _ = write!(
        page,
        "<h2 id=\"{group}\">{}</h2><table><thead><tr><th>Operation</th><th>Address</th><th>Access</th><th>Callers</th>\
         <th>What it does</th></tr></thead><tbody>",
        group.replace('_', " ")
    );
    for spec in specs {
        let access = match (spec.access, spec.money) {
            (Access::Read, _) => "read",
            (Access::Write, false) => "write",
            (Access::Write, true) => "write, money",
        };
        let callers = match spec.callers {
            Callers::Public => "anyone",
            Callers::Provider => "provider",
            Callers::Mobile => "mobile",
            Callers::Both => "provider, mobile",
        };
        let paths: Vec<_> =
            spec.paths.iter().map(|path| format!("<code>{} {}</code>", spec.method.as_str(), escape(path))).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{access}</td><td>{callers}</td><td>{}</td></tr>",
            spec.name,
            paths.join("<br>"),
            escape(spec.doc.trim()),
        );
    }
    page.push_str("</tbody></table>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
