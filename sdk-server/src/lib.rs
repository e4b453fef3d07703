//! The provider's side of the Florin wallet platform: every operation, with money moved exactly once
