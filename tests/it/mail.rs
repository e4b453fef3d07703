//! Mails on their way out: by SMTP, and into a folder.

use crate::login::{CALLBACK, email, url};
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{ResetUserPassword, SetSystemAttribute};
use florin_tests::mailbox::{folder, last};
use florin_tests::server::{Home, Initialised, Options, Server};
use florin_tests::smtp::{Smtp, Trouble};
use florin_tests::world::registration;
use std::time::Duration;

/// A server whose mails go to this SMTP server.
async fn server_with(smtp: &Smtp, credentials: &str) -> (Server, Initialised) {
    let home = Home::new();
    let initialised = home.init().await;
    let arguments = ["--smtp-url", &smtp.url(credentials), "--mail-from", "Acme Wallet <noreply@acme.example>"];
    let mut arguments: Vec<_> = arguments.map(str::to_owned).to_vec();
    arguments.extend(["--public-url", "https://wallet.acme.example/"].map(str::to_owned));
    (Server::start(home, Options { arguments, ..Options::default() }).await, initialised)
}

async fn ask(server: &Server, address: &str) {
    server.api().ok(&ResetUserPassword::new(email(address), url(CALLBACK))).await;
}

async fn pass(server: &Server, seconds: u32) {
    let body = format!("{{\"advanceSeconds\": {seconds}}}");
    assert_eq!(server.api().exchange("POST", "/sandbox/momo/clock", Some(body.into_bytes())).await.status, 200);
}

/// Waits until the database says so.
async fn until(server: &Server, sql: &str) {
    let database = server.home.open_read_only();
    for _ in 0..1200 {
        if database.number(sql) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_by_smtp_and_its_text_is_wiped() {
    let smtp = Smtp::new([]).await;
    let (server, initialised) = server_with(&smtp, "florin:open%20sesame@").await;
    ask(&server, &initialised.email).await;
    until(&server, "SELECT count(*) FROM mail WHERE delivered IS NOT NULL AND text IS NULL AND due IS NULL").await;
    let taken = smtp.taken();
    assert_eq!(taken.len(), 1);
    let mail = &taken[0];
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("noreply@acme.example", [initialised.email.clone()].as_slice())
    );
    assert_eq!(mail.header("From").as_deref(), Some("\"Acme Wallet\" <noreply@acme.example>"));
    assert_eq!(mail.header("Subject").as_deref(), Some("Set a new password"));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(mail.header("Message-ID").is_some_and(|id| id.ends_with("@acme.example>")), "{mail:?}");
    assert!(mail.text().contains("https://app.example.com/set?x=1&token="), "{}", mail.text());
    assert_eq!(smtp.proofs(), ["AUTH PLAIN AGZsb3JpbgBvcGVuIHNlc2FtZQ=="], "florin, open sesame");
    assert!(!server.logs().contains("sesame") && !server.logs().contains("token="));
    assert!(!folder(&server).exists());
}

/// All that leads back to the platform begins with its public address; what stands in mails, with the notifier's host.
#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_the_public_address_and_those_of_mails_to_the_notifiers_host() {
    let smtp = Smtp::new([]).await;
    let (server, initialised) = server_with(&smtp, "").await;
    let provider = server.api().key(&initialised.apikey);
    provider.ok(&registration("first")).await;
    until(&server, "SELECT count(*) FROM mail WHERE delivered IS NOT NULL").await;
    let set = |value: &str| SetSystemAttribute {
        component: ComponentName::Omnipass,
        name: "notifierhost".to_owned(),
        value: value.to_owned(),
    };
    for bad in ["https://notify.acme.example", "notify.acme.example:8443", "a b", "a/b", "me@acme.example"] {
        provider.send(&set(bad)).await.refused(20000, bad);
    }
    provider.ok(&set("notify.acme.example")).await;
    provider.ok(&registration("second")).await;
    until(&server, "SELECT count(*) - 1 FROM mail WHERE delivered IS NOT NULL").await;
    provider.ok(&set("-")).await;
    provider.ok(&registration("third")).await;
    until(&server, "SELECT count(*) - 2 FROM mail WHERE delivered IS NOT NULL").await;
    let hosts: Vec<_> = smtp
        .taken()
        .iter()
        .map(|mail| {
            let text = mail.text();
            let link = text.lines().find(|line| line.starts_with("https://")).expect("a link").to_owned();
            link.split('/').take(3).collect::<Vec<_>>().join("/")
        })
        .collect();
    let public = "https://wallet.acme.example";
    assert_eq!(hosts, [public, "https://notify.acme.example", public]);
    let metadata = server.api().exchange("GET", "/.well-known/oauth-authorization-server", None).await;
    let metadata = metadata.json().expect("JSON");
    assert_eq!(metadata["issuer"], public);
    for (name, value) in metadata {
        if let Some(address) = value.as_str().filter(|text| text.contains("://")) {
            assert!(address.starts_with(public), "{name}: {address}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_not_taken_is_sent_again_the_same() {
    let smtp = Smtp::new([Trouble::NotNow, Trouble::NoAnswer]).await;
    let (server, initialised) = server_with(&smtp, "").await;
    ask(&server, &initialised.email).await;
    until(&server, "SELECT count(*) FROM mail WHERE attempts = 1 AND due > created").await;
    assert_eq!(smtp.taken(), []);
    smtp.wait_for_tries(1).await;
    until_due_later(&server, 1).await;
    pass(&server, 11).await;
    smtp.wait_for_tries(2).await;
    until_due_later(&server, 2).await;
    pass(&server, 61).await;
    until(&server, "SELECT count(*) FROM mail WHERE delivered IS NOT NULL").await;
    let taken = smtp.taken();
    assert_eq!(taken.len(), 2, "taken, but not said so: at least once");
    assert_eq!(taken[0], taken[1], "whoever gets it twice can tell");
}

/// Waits until an attempt that failed was written down: what was in hand is due again by the back-off.
async fn until_due_later(server: &Server, attempts: u32) {
    let seconds = if attempts == 1 { 10 } else { 60 };
    let sql = format!("SELECT count(*) FROM mail WHERE attempts = {attempts} AND due - created < {seconds}000 + 60000");
    until(server, &sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_for_good_or_too_old_is_given_up() {
    let smtp = Smtp::new([Trouble::Never, Trouble::NotNow]).await;
    let (server, initialised) = server_with(&smtp, "").await;
    ask(&server, &initialised.email).await;
    let given_up = |count: u32| {
        format!("SELECT count(*) = {count} FROM mail WHERE due IS NULL AND delivered IS NULL AND text IS NULL")
    };
    let given_up = |count| format!("SELECT CASE WHEN ({}) THEN 1 ELSE 0 END", given_up(count));
    until(&server, &given_up(1)).await;
    // The second one could be sent again when its link is over.
    ask(&server, &initialised.email).await;
    smtp.wait_for_tries(2).await;
    pass(&server, 3601).await;
    until(&server, &given_up(2)).await;
    assert_eq!((smtp.tries(), smtp.taken().len()), (2, 0));
}

/// Killed while a mail is in hand: it is sent by the next process.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_survives_the_server() {
    let smtp = Smtp::new([Trouble::NotNow]).await;
    let (mut server, initialised) = server_with(&smtp, "").await;
    ask(&server, &initialised.email).await;
    smtp.wait_for_tries(1).await;
    server.kill().await;
    server.restart().await;
    pass(&server, 180).await;
    until(&server, "SELECT count(*) FROM mail WHERE delivered IS NOT NULL").await;
    assert_eq!(smtp.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_smtp_mails_go_to_a_folder_that_a_sandbox_shows() {
    let (server, initialised) = Server::fresh().await;
    let page = server.api().exchange("GET", "/console/outbox", None).await;
    assert!(page.status == 200 && page.text().contains("No mail was sent yet"), "{}", page.text());
    ask(&server, &initialised.email).await;
    let mail = last(&server, &initialised.email, 1).await;
    let page = server.api().exchange("GET", "/console/outbox", None).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    let link = mail.link().replace('&', "&amp;");
    for shown in ["<html lang=\"en\">", "<h1>Outbox</h1>", "Set a new password", &format!("<a href=\"{link}\"")] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert!(!page.text().contains("<script"));
    let whole = std::fs::read_to_string(folder(&server).join(format!("{}.eml", mail.number))).expect("a whole mail");
    assert!(whole.contains(&format!("To: {}", initialised.email)) && whole.contains("Subject: Set a new password"));
    #[cfg(unix)]
    for path in [folder(&server), folder(&server).join(format!("{}.json", mail.number))] {
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).expect("it is there"));
        assert_eq!(mode & 0o077, 0, "{}: only its owner reads it", path.display());
    }
    until(&server, "SELECT count(*) FROM mail WHERE delivered IS NOT NULL AND text IS NULL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_smtp_address_is_told_without_its_password() {
    let home = Home::new();
    let url = home.url();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--database", &url, "--smtp-url", "http://u:sesame@mail.example"];
    let output = home.florin(&arguments).await;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && said.contains("smtp://") && !said.contains("sesame"), "{said}");
}
