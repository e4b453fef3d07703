//! The phone's side of the Florin wallet platform: it reads, and nothing else
