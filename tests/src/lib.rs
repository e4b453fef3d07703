//! End-to-end tests of the Florin wallet platform, and their harness
