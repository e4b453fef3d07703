//! Lists, page by page or as a stream.

use super::Client;
use crate::error::FlorinError;
use crate::model::{ListedPayment, ListedTransaction};
use crate::operation::{
    GetPaymentTransactionList, GetWalletTransactionList, ListUsers, PaymentList, ReadOperation, TransactionList, User,
    UserList,
};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use tokio::sync::Mutex;

/// An operation that answers a list in pages.
pub trait PagedOperation: ReadOperation {
    /// What it lists.
    type Item: Send + 'static;

    /// Where to go on.
    fn after(&mut self) -> &mut Option<String>;

    /// The elements of a page, and the cursor of the next one if there is one.
    fn split(page: Self::Answer) -> (Vec<Self::Item>, Option<String>);
}

macro_rules! paged {
    ($($operation:ident -> $answer:ident { $items:ident: $item:ident })+) => {$(
        impl PagedOperation for $operation {
            type Item = $item;

            fn after(&mut self) -> &mut Option<String> {
                &mut self.after
            }

            fn split(page: $answer) -> (Vec<$item>, Option<String>) {
                (page.$items, page.next)
            }
        }
    )+};
}

paged! {
    GetWalletTransactionList -> TransactionList { transactions: ListedTransaction }
    GetPaymentTransactionList -> PaymentList { payments: ListedPayment }
    ListUsers -> UserList { users: User }
}

/// Walks a list from page to page.
#[derive(Debug)]
pub struct Pager<O> {
    client: Client,
    /// What to ask for next; `None` behind the last page.
    next: Option<O>,
}

impl<O: PagedOperation> Pager<O> {
    pub(super) fn new(client: Client, first: O) -> Self {
        Self { client, next: Some(first) }
    }

    /// The next page, or none behind the last one. A page may be empty.
    ///
    /// After an error, or when its future was dropped, the same page comes next.
    ///
    /// # Errors
    /// As [`Client::send`] of a read.
    pub async fn next(&mut self) -> Result<Option<Vec<O::Item>>, FlorinError> {
        let Some(request) = &mut self.next else {
            return Ok(None);
        };
        let (items, cursor) = O::split(self.client.send(request).await?);
        match cursor {
            // The same place again would be a walk without end.
            Some(cursor) if request.after().as_ref() == Some(&cursor) => {
                return Err(FlorinError::Unavailable {
                    code: None,
                    reason: "the list does not go on".to_owned(),
                    request_id: None,
                });
            }
            Some(cursor) => *request.after() = Some(cursor),
            None => self.next = None,
        }
        Ok(Some(items))
    }

    /// The elements of all pages from here on. It ends behind the last one, or after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<O::Item, FlorinError>> + Send {
        stream::try_unfold(self, |mut pager| async {
            let page = pager.next().await?;
            Ok::<_, FlorinError>(page.map(|items| (stream::iter(items).map(Ok), pager)))
        })
        .try_flatten()
    }
}

impl Client {
    /// Walks a list from the page that `first` asks for.
    pub fn pages<O: PagedOperation>(&self, first: O) -> Pager<O> {
        Pager::new(self.clone(), first)
    }
}

/// A [`Pager`] as an object of Kotlin, Swift and Python, which have no generics to cross with.
macro_rules! pager_object {
    ($(#[doc = $doc:literal])+ $name:ident of $item:ident, from $operation:ident) => {
        $(#[doc = $doc])+
        #[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
        #[derive(Debug)]
        pub struct $name(Mutex<Pager<$operation>>);

        #[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
        impl $name {
            /// The next page, or none behind the last one. A page may be empty.
            ///
            /// After an error, or when the call was cancelled, the same page comes next. Calls at the same time get
            /// one page each.
            ///
            /// # Errors
            /// As the call that made this pager.
            pub async fn next(&self) -> Result<Option<Vec<$item>>, FlorinError> {
                self.0.lock().await.next().await
            }
        }

        impl From<Pager<$operation>> for $name {
            fn from(pager: Pager<$operation>) -> Self {
                Self(Mutex::new(pager))
            }
        }

        impl From<Pager<$operation>> for Arc<$name> {
            fn from(pager: Pager<$operation>) -> Self {
                Arc::new(pager.into())
            }
        }
    };
}

pager_object! {
    /// Walks a wallet's transactions from page to page, newest first.
    TransactionPager of ListedTransaction, from GetWalletTransactionList
}
pager_object! {
    /// Walks payment requests from page to page, newest first.
    PaymentPager of ListedPayment, from GetPaymentTransactionList
}
