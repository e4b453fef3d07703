//! The surfaces of the Florin server: wire to domain and back
