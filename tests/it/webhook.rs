//! The provider SDK's receiver: it takes what the platform and the public library sign, and nothing else.

use florin_sdk_core::model::EventType;
use florin_sdk_server::{Secret, WebhookVerifier};
use florin_tests::receiver::Receiver;
use florin_tests::world::{self, World};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"type":"of.later","timestamp":"2026-01-02T03:04:05Z","data":{"upid":"upid_1234567812345678","amount":"-1.50","new":1}}"#;

fn verifier(secrets: &[&str]) -> std::sync::Arc<WebhookVerifier> {
    WebhookVerifier::new(secrets.iter().map(|secret| Secret::from(*secret)).collect()).expect("secrets")
}

/// As the public library signs.
fn sign(secret: &str, id: &str, time: i64, body: &[u8]) -> String {
    standardwebhooks::Webhook::new(secret).expect("a secret").sign(id, time, body).expect("a signature")
}

#[test]
fn what_the_public_library_signs_is_taken_and_unknown_kinds_are_kept() {
    let signature = sign(SECRET, "evt_1", NOW, BODY);
    let webhook = verifier(&[SECRET]).verify_at("evt_1", &NOW.to_string(), &signature, BODY, NOW).expect("ours");
    assert_eq!((webhook.id.as_str(), webhook.sent), ("evt_1", NOW));
    assert_eq!(webhook.event.kind, EventType::Other { raw: "of.later".to_owned() });
    assert_eq!(webhook.event.data.amount.map(|amount| amount.to_string()).as_deref(), Some("-1.50"));
}

#[test]
fn several_signatures_and_several_secrets() {
    let (one, two) = (sign(SECRET, "evt_1", NOW, BODY), sign(OTHER, "evt_1", NOW, BODY));
    let time = NOW.to_string();
    let both = format!("{one} {two}");
    assert!(verifier(&[OTHER]).verify_at("evt_1", &time, &both, BODY, NOW).is_ok(), "signed with old and new");
    assert!(verifier(&[SECRET, OTHER]).verify_at("evt_1", &time, &two, BODY, NOW).is_ok(), "knows old and new");
    let strange = format!("v1a,abc v2,{} v1 {one}", &one[3..]);
    assert!(
        verifier(&[SECRET]).verify_at("evt_1", &time, &strange, BODY, NOW).is_ok(),
        "other versions are passed over"
    );
}

#[test]
fn whatever_is_changed_is_refused_and_nothing_of_it_repeated() {
    let signature = sign(SECRET, "evt_1", NOW, BODY);
    let time = NOW.to_string();
    let verifier = verifier(&[SECRET]);
    let mut changed = BODY.to_vec();
    changed[60] ^= 1;
    let later = (NOW + 1).to_string();
    let other = sign(OTHER, "evt_1", NOW, BODY);
    let many = vec!["v1,AAAA"; 17].join(" ") + " " + &signature;
    #[expect(clippy::type_complexity, reason = "a table is shown in one piece")]
    let cases: [(&str, &str, &str, &[u8], i64, &str); 12] = [
        ("evt_2", &time, &signature, BODY, NOW, "webhook-signature"),
        ("evt_1", &later, &signature, BODY, NOW, "webhook-signature"),
        ("evt_1", &time, &signature, &changed, NOW, "webhook-signature"),
        ("evt_1", &time, &other, BODY, NOW, "webhook-signature"),
        ("evt_1", &time, &signature[3..], BODY, NOW, "webhook-signature"),
        ("evt_1", &time, "", BODY, NOW, "webhook-signature"),
        ("evt_1", &time, "v1,", BODY, NOW, "webhook-signature"),
        ("evt_1", &time, &many, BODY, NOW, "webhook-signature"),
        ("", &time, &signature, BODY, NOW, "webhook-id"),
        ("evt_1", "soon", &signature, BODY, NOW, "webhook-timestamp"),
        ("evt_1", &time, &signature, BODY, NOW + 301, "webhook-timestamp"),
        ("evt_1", &time, &signature, BODY, NOW - 301, "webhook-timestamp"),
    ];
    for (id, time, signature, body, now, field) in cases {
        let error = verifier.verify_at(id, time, signature, body, now).expect_err(field);
        let text = error.to_string();
        assert!(text.contains(field), "{text}");
        assert!(signature.is_empty() || !text.contains(signature), "{text}");
    }
    assert!(verifier.verify_at("evt_1", &time, &signature, BODY, NOW + 300).is_ok());
    let patient = WebhookVerifier::with_tolerance(vec![Secret::from(SECRET)], 3600).expect("a verifier");
    assert!(patient.verify_at("evt_1", &time, &signature, BODY, NOW + 3600).is_ok());
    let nonsense = b"{}";
    let signature = sign(SECRET, "evt_1", NOW, nonsense);
    assert!(verifier.verify_at("evt_1", &time, &signature, nonsense, NOW).unwrap_err().to_string().contains("body"));
}

#[test]
fn a_secret_that_is_none_is_refused() {
    for bad in [vec![], vec![""], vec!["whsec_"], vec!["whsec_!"], vec!["whsec_AAAA"], vec![SECRET, "x"]] {
        assert!(WebhookVerifier::new(bad.iter().map(|secret| Secret::from(*secret)).collect()).is_err(), "{bad:?}");
    }
    assert!(!format!("{:?}", verifier(&[SECRET])).contains("MfKQ"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_sends_is_taken() {
    let world = World::new().await;
    let mut receiver = Receiver::start(|_| 200).await;
    let set = world.provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await;
    world.provider.ok(&world::credit_of(&world.alice, "12.50")).await;
    let told = receiver.next().await;
    let verifier = WebhookVerifier::new(vec![set.secret.expect("a secret")]).expect("a verifier");
    let header = |name: &str| told.header(name);
    let webhook = verifier
        .verify(header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), &told.body)
        .expect("ours");
    assert_eq!(webhook.event.kind, EventType::Credit);
    assert_eq!(webhook.event.data.waid, Some(world.alice.waid));
    assert_eq!(webhook.event.data.amount, Some(world::amount("12.50")));
}
