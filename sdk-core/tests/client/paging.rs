//! Lists, page by page and as a stream.

use crate::lab::{Lab, Reply};
use florin_sdk_core::FlorinError;
use florin_sdk_core::operation::{GetWalletTransactionList, ListUsers};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

fn first() -> ListUsers {
    ListUsers { limit: Some(2), after: None, search: Some("a b&c".into()) }
}

fn page(names: &[&str], next: Option<&str>) -> Value {
    let user = |name: &&str| {
        json!({
            "uuid": "uuid_1234567812345678", "upid": "upid_1234567812345678", "waid": "waid_1234567812345678",
            "provideruserid": name, "status": "active", "created": "2026-01-31T12:00:00Z",
        })
    };
    let users: Vec<_> = names.iter().map(user).collect();
    let mut page = json!({ "resultcode": 10000, "resultmessage": "Ok", "userlist": users });
    if let Some(next) = next {
        page["next"] = next.into();
    }
    page
}

fn lab(pages: impl IntoIterator<Item = Reply, IntoIter: Send + 'static>) -> Lab {
    let mut pages = pages.into_iter();
    Lab::new(move |_| pages.next().expect("a page too many"))
}

#[tokio::test(start_paused = true)]
async fn all_pages_as_a_stream() {
    let lab = lab([
        Reply::Json(page(&["a", "b"], Some("c/1"))),
        Reply::Json(page(&[], Some("c 2"))),
        Reply::Json(page(&["c"], None)),
    ]);
    let users: Vec<_> = lab.client().pages(first()).into_stream().try_collect().await.unwrap();
    let names: Vec<_> = users.iter().map(|user| user.provider_user_id.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let lines: Vec<_> = lab.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/user/list?limit=2&search=a+b%26c HTTP/1.1",
            "GET /api/v1/user/list?after=c%2F1&limit=2&search=a+b%26c HTTP/1.1",
            "GET /api/v1/user/list?after=c+2&limit=2&search=a+b%26c HTTP/1.1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn after_an_error_the_same_page_comes_next() {
    let lab = lab([Reply::Json(page(&["a"], Some("1"))), Reply::code(20003), Reply::Json(page(&["b"], None))]);
    let mut pager = lab.client().pages(first());
    assert_eq!(pager.next().await.unwrap().unwrap().len(), 1);
    assert!(pager.next().await.is_err());
    assert_eq!(pager.next().await.unwrap().unwrap()[0].provider_user_id, "b");
    assert_eq!(pager.next().await.unwrap(), None);
    assert_eq!(pager.next().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_was_not_waited_for_comes_next() {
    let lab = lab([Reply::Silence, Reply::Json(page(&["a"], None))]);
    let mut pager = lab.client().pages(first());
    tokio::time::timeout(std::time::Duration::from_secs(1), pager.next()).await.unwrap_err();
    assert_eq!(pager.next().await.unwrap().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_go_on_ends_with_an_error() {
    let lab = lab(std::iter::repeat_with(|| Reply::Json(page(&["a"], Some("1")))));
    let result: Result<Vec<_>, _> = lab.client().pages(first()).into_stream().try_collect().await;
    assert!(matches!(result, Err(FlorinError::Unavailable { .. })));
    assert_eq!(lab.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_after_its_first_error() {
    use futures_util::StreamExt;
    let lab = lab([Reply::Json(page(&["a"], Some("1"))), Reply::code(20003)]);
    let results: Vec<_> = lab.client().pages(first()).into_stream().collect().await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn what_the_sdks_hand_out_can_go_to_another_thread() {
    fn sendable<T: Send + 'static>(_: &T) {}
    let lab = Lab::closed();
    let request =
        GetWalletTransactionList { waid: None, limit: None, after: None, reference_id: None, from: None, to: None };
    let client = lab.client();
    sendable(&client.pages(request.clone()).into_stream());
    sendable(&async move { client.pages(request).next().await });
}
