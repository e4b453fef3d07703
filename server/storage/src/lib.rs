//! Where the Florin server keeps its tables
