//! Sending operations: transport, retry, reconciliation, paging.
