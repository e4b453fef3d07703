//! The rules of the Florin wallet platform; knows no HTTP and no SQL
