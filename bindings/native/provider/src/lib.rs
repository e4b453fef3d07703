//! The shared library behind the provider packages: the exports of `florin-sdk-server`, and nothing else.

florin_sdk_server::uniffi_reexport_scaffolding!();
