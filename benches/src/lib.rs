//! What the measurements share: filling a database without a server. The program that measures is `main.rs`, the
//! benches of single functions are in `benches/`.

pub mod books;
