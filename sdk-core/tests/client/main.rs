//! How operations are sent: every row of the error table, over real sockets and on a paused clock.

mod credential;
mod lab;
mod model;
mod money;
mod options;
mod paging;
mod secrets;
mod table;
mod wire;
