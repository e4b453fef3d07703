//! What moves money: asking what became of it, and the end of each way.

use crate::lab::{Lab, Reply, Request, TXID, outcome, outcome_done, send_transfer, transfer, transferred};
use florin_sdk_core::client::{Asked, ClientOptions, Credential, MoneyCall};
use florin_sdk_core::operation::{CreditWallet, Done, IssueIOU, Transferred};
use florin_sdk_core::{FlorinError, JsonObject, Knowledge};
use serde_json::{Value, json};

/// A server that goes through `copies` for the copies of the call, and through `asks` when it is asked.
fn lab(
    copies: impl IntoIterator<Item = Reply, IntoIter: Send + 'static>,
    asks: impl IntoIterator<Item = Reply, IntoIter: Send + 'static>,
) -> Lab {
    let (mut copies, mut asks) = (copies.into_iter(), asks.into_iter());
    Lab::new(move |request: &Request| {
        if request.asks() {
            asks.next().expect("asked once too often")
        } else {
            copies.next().expect("one copy too many")
        }
    })
}

#[tokio::test(start_paused = true)]
async fn every_copy_carries_the_same_reference_and_the_same_bytes() {
    let lab = lab([Reply::code(10002), Reply::Cut, Reply::Json(transferred())], [outcome("unknown")]);
    let call = MoneyCall::new(&transfer(), None).unwrap();
    let done: Transferred = lab.client().send_money(&call).await.unwrap();
    assert_eq!(done.txid.to_string(), TXID);

    let (asks, copies): (Vec<_>, Vec<_>) = lab.requests().into_iter().partition(Request::asks);
    assert_eq!(copies.len(), 3);
    for copy in &copies {
        assert_eq!(copy.line, "POST /api/v1/wallet/transfer HTTP/1.1");
        assert_eq!(copy.header("idempotency-key"), Some(call.reference()));
        assert_eq!(copy.header("x-apikey"), Some("KEY"));
        assert_eq!(copy.body, copies[0].body);
        assert!(!copy.body.contains("referenceid"));
    }
    let expected = format!("GET /api/v1/operation/{}?operation=WalletTransfer HTTP/1.1", call.reference());
    assert_eq!(asks[0].line, expected);
    assert_eq!(asks[0].header("idempotency-key"), None);
}

#[tokio::test(start_paused = true)]
async fn found_done_is_done() {
    for reply in [Reply::Cut, Reply::code(10003), Reply::http("200 OK", "text/html", "<html>")] {
        let lab = lab([reply], [outcome_done()]);
        assert_eq!(send_transfer(&lab.client()).await.unwrap().txid.to_string(), TXID);
        assert_eq!((lab.sent_at(), lab.asked_at()), (vec![0], vec![100]));
    }
}

#[tokio::test(start_paused = true)]
async fn found_refused_is_refused() {
    let refused = json!({
        "resultcode": 10000, "outcome": "refused", "refusalcode": 20009, "refusalmessage": "too little",
    });
    let lab = lab([Reply::Cut], [Reply::Json(refused)]);
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert!(
        matches!(&error, FlorinError::Refused { code: 20009, name, reason, .. }
            if name == "INSUFFICIENT_FUNDS" && reason == "too little"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn done_without_its_answer_gets_it_from_another_copy() {
    for answer in [Value::Null, json!({ "something": "else" })] {
        let found = json!({ "resultcode": 10000, "outcome": "done", "txid": TXID, "answer": answer });
        let lab = lab([Reply::Cut, Reply::Json(transferred())], [Reply::Json(found)]);
        assert_eq!(send_transfer(&lab.client()).await.unwrap().txid.to_string(), TXID);
        assert_eq!(lab.sent_at(), [0, 100]);
    }
}

#[tokio::test(start_paused = true)]
async fn pending_is_waited_for() {
    let mut asks = vec![outcome("pending"); 4];
    asks.push(outcome_done());
    let lab = lab([Reply::Cut], asks);
    send_transfer(&lab.client()).await.unwrap();
    assert_eq!(lab.asked_at(), [100, 110, 120, 130, 140]);
}

#[tokio::test(start_paused = true)]
async fn pending_for_ever_is_in_doubt() {
    let lab = lab([Reply::Cut], std::iter::repeat(outcome("pending")));
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert_eq!(error.reference(), Some("ref-1"), "{error}");
    assert_eq!(lab.asked_at().len(), 16);
    assert_eq!(lab.now(), 250);
    assert_eq!(lab.sent_at(), [0], "while it runs no copy is sent");
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_this_version_does_not_know_is_in_doubt() {
    let lab = lab([Reply::Cut], [outcome("postponed")]);
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
    assert_eq!(lab.sent_at(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_is_in_doubt() {
    // Asking is a read: it is repeated as one.
    for (reply, asked) in [
        (Reply::Cut, vec![100, 200, 300]),
        (Reply::code(10003), vec![100, 200, 300]),
        (Reply::code(20003), vec![100]),
        (Reply::code(20001), vec![100]),
    ] {
        let lab = lab([Reply::Cut], std::iter::repeat(reply));
        let error = send_transfer(&lab.client()).await.unwrap_err();
        assert!(
            matches!(&error, FlorinError::InDoubt { operation, reference: Some(reference), .. }
                if operation == "WalletTransfer" && reference == "ref-1"),
            "{error}"
        );
        assert_eq!((lab.sent_at(), lab.asked_at()), (vec![0], asked));
    }
}

#[tokio::test(start_paused = true)]
async fn in_flight_is_asked_about_after_a_second() {
    let lab = lab([Reply::code(20008)], [outcome("pending"), outcome_done()]);
    send_transfer(&lab.client()).await.unwrap();
    assert_eq!((lab.sent_at(), lab.asked_at()), (vec![0], vec![10, 20]));
}

#[tokio::test(start_paused = true)]
async fn once_in_doubt_an_end_where_nothing_ran_asks_once_more() {
    // The first copy may have run; the others did not.
    let copies = || [Reply::Cut, Reply::code(10001), Reply::code(10004)];
    let unknown = || outcome("unknown");

    let found = lab(copies(), [unknown(), outcome_done()]);
    send_transfer(&found.client()).await.unwrap();
    assert_eq!((found.sent_at(), found.asked_at()), (vec![0, 100, 200], vec![100, 250]));

    let not_found = lab(copies(), [unknown(), unknown()]);
    let error = send_transfer(&not_found.client()).await.unwrap_err();
    assert_eq!(error.reference(), Some("ref-1"), "{error}");
    assert_eq!(not_found.asked_at(), [100, 250]);
}

#[tokio::test(start_paused = true)]
async fn without_any_doubt_nothing_is_asked() {
    let lab = lab([Reply::code(10001), Reply::code(10002), Reply::code(10004)], []);
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { code: Some(10004), .. }), "{error}");
    assert_eq!(error.knowledge(), Knowledge::NothingRan);
    assert_eq!(lab.sent_at(), [0, 100, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_second_copy() {
    // These decide about the reference itself: no question.
    for code in [20007, 20009, 20010, 20011, 20012] {
        let lab = lab([Reply::Cut, Reply::code(code)], [outcome("unknown")]);
        let error = send_transfer(&lab.client()).await.unwrap_err();
        assert_eq!(error.knowledge(), Knowledge::Refused, "{code}");
    }
    // These do not: the first copy may have run, so the server is asked.
    for code in [20000, 20003, 20005, 29999] {
        let found = lab([Reply::Cut, Reply::code(code)], [outcome("unknown"), outcome_done()]);
        send_transfer(&found.client()).await.unwrap();

        let unknown = lab([Reply::Cut, Reply::code(code)], [outcome("unknown"), outcome("unknown")]);
        let error = send_transfer(&unknown.client()).await.unwrap_err();
        assert_eq!(error.knowledge(), Knowledge::Refused, "{code}");

        let lost = lab([Reply::Cut, Reply::code(code)], [outcome("unknown"), Reply::code(20003)]);
        let error = send_transfer(&lost.client()).await.unwrap_err();
        assert_eq!(error.reference(), Some("ref-1"), "{code}");
    }
    // The key was revoked meanwhile.
    let revoked = lab([Reply::Cut, Reply::code(20001)], [outcome("unknown"), Reply::code(20001)]);
    let error = send_transfer(&revoked.client()).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_reference_used_for_something_else_is_refused() {
    let lab = lab([Reply::code(20007)], []);
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert!(matches!(&error, FlorinError::Refused { name, .. } if name == "REFERENCE_CONFLICT"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn without_retries_it_still_asks() {
    let lab = lab([Reply::Cut], [outcome("unknown")]);
    let options = ClientOptions { max_retries: Some(0), ..lab.options() };
    let client = lab.client_with(options, Credential::ApiKey("KEY".into()));
    let error = send_transfer(&client).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
    assert_eq!((lab.sent_at(), lab.asked_at()), (vec![0], vec![100]));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_no_answer() {
    let lab = lab([Reply::Silence], [outcome_done()]);
    send_transfer(&lab.client()).await.unwrap();
    assert_eq!((lab.sent_at(), lab.asked_at()), (vec![0], vec![150]));
}

#[tokio::test(start_paused = true)]
async fn resuming_asks_first() {
    let call = MoneyCall::new(&transfer(), Some("ref-1".into())).unwrap();

    let done = lab([], [outcome_done()]);
    done.client().resume_money::<Transferred>(&call).await.unwrap();

    let unknown = lab([Reply::Json(transferred())], [outcome("unknown")]);
    unknown.client().resume_money::<Transferred>(&call).await.unwrap();

    // What nothing came of now may yet have come of the copy before.
    let busy = std::iter::repeat_n(Reply::code(10002), 3);
    let still = lab(busy, [outcome("unknown"), outcome("unknown")]);
    let error = still.client().resume_money::<Transferred>(&call).await.unwrap_err();
    assert_eq!(error.reference(), Some("ref-1"), "{error}");

    let nobody = lab([], std::iter::repeat(Reply::Cut));
    let error = nobody.client().resume_money::<Transferred>(&call).await.unwrap_err();
    assert_eq!(error.reference(), Some("ref-1"), "{error}");
    assert_eq!(nobody.sent_at(), [0; 0], "without knowing, no copy is sent");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_restored_from_what_was_noted() {
    let call = MoneyCall::new(&transfer(), Some("ref-1".into())).unwrap();
    let again = MoneyCall::restore(call.operation(), call.request().clone(), "ref-1".into()).unwrap();
    let lab = lab([Reply::Json(transferred())], [outcome("unknown")]);
    let answer: JsonObject = lab.client().resume_money(&again).await.unwrap();
    assert_eq!(answer.0["txid"], TXID);
    let copy = &lab.requests()[1];
    assert_eq!(serde_json::from_str::<Value>(&copy.body).unwrap(), Value::Object(call.request().0.clone()));

    for name in ["GetWallet", "CreateUser", "Nonsense"] {
        assert!(MoneyCall::restore(name, JsonObject::default(), "ref-1".into()).is_err(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn asking_alone_sends_nothing() {
    let lab = lab([], [outcome("unknown"), outcome_done()]);
    let client = lab.client();
    let asked = client.ask::<JsonObject>("WalletTransfer", "ref-1").await.unwrap();
    assert!(matches!(asked, Asked::Unknown));
    let asked = client.ask::<JsonObject>("WalletTransfer", "ref-1").await.unwrap();
    assert!(matches!(asked, Asked::Done(answer) if answer.0["txid"] == TXID));
}

#[test]
fn references() {
    let credit = |body: Option<&str>| CreditWallet {
        currency: "EUR.acme".parse().unwrap(),
        amount: "1".parse().unwrap(),
        provider_user_id: Some("alice".into()),
        uuid: None,
        waid: None,
        reference_id: body.map(Into::into),
        description: None,
    };
    let call = |given: Option<&str>, body| MoneyCall::new(&credit(body), given.map(Into::into));
    assert_eq!(call(None, Some("body-1")).unwrap().reference(), "body-1");
    assert_eq!(call(Some("given-1"), None).unwrap().reference(), "given-1");
    assert_eq!(call(Some("same"), Some("same")).unwrap().reference(), "same");
    assert!(call(Some("given-1"), Some("body-1")).is_err());

    let (first, second) = (call(None, None).unwrap(), call(None, None).unwrap());
    assert_ne!(first.reference(), second.reference());
    assert_eq!(first.reference().len(), 32);
    assert!(first.request().0.get("referenceid").is_none());

    let longest = "x".repeat(255);
    for good in ["x", "a/b?c#d%", longest.as_str()] {
        assert!(call(Some(good), None).is_ok(), "{good}");
    }
    let too_long = "x".repeat(256);
    for bad in ["", " ", "a b", "a\n", "ä", ".", "..", too_long.as_str()] {
        assert!(matches!(call(Some(bad), None), Err(FlorinError::InvalidInput { .. })), "{bad:?}");
    }
    // Rules over several fields hold before anything is noted or sent.
    let both = CreditWallet { waid: Some("waid_1234567812345678".parse().unwrap()), ..credit(None) };
    assert!(matches!(MoneyCall::new(&both, None), Err(FlorinError::InvalidInput { .. })));
}

/// where an IOU goes nobody can be asked afterwards, so no copy of it is sent once one may have run.
#[tokio::test(start_paused = true)]
async fn an_iou_is_never_sent_again_by_itself() {
    let iou = IssueIOU::new(
        "ripple".to_owned(),
        "racMPWzRVd38L9txvfY7Mj7zqRA2UNL8Me".to_owned(),
        "rpmGcKEqTFDHd3tvAWFENNLhy2HMy7Yj89".to_owned(),
        "CAD".parse().unwrap(),
        "10000".parse().unwrap(),
    );
    let call = MoneyCall::new(&iou, Some("iou-1".to_owned())).unwrap();
    // What proves that nothing ran is repeated; what proves nothing is not, whatever the server knows of it.
    for unclear in [Reply::Cut, Reply::code(10003), Reply::http("200 OK", "text/html", "<html>")] {
        let lab = lab([Reply::code(10002), unclear], [outcome("unknown"), outcome("unknown")]);
        let client = lab.client();
        let error = client.send_money::<Done>(&call).await.unwrap_err();
        assert_eq!((error.knowledge(), error.reference()), (Knowledge::InDoubt, Some("iou-1")), "{error}");
        assert!(error.to_string().contains("look at the network itself"), "{error}");
        assert_eq!(lab.sent_at().len(), 2);
        // Going on asks, and sends nothing.
        let error = client.resume_money::<Done>(&call).await.unwrap_err();
        assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
        assert_eq!((lab.sent_at().len(), lab.asked_at().len()), (2, 2));
    }
    // A server that knows it says so.
    let done = json!({ "resultcode": 10000, "outcome": "done", "answer": {} });
    let lab = lab([Reply::Cut], [Reply::Json(done)]);
    lab.client().send_money::<Done>(&call).await.unwrap();
    assert_eq!(lab.sent_at(), [0]);
}
