//! The shared library behind the mobile packages: the exports of `florin-sdk-mobile`, and nothing else.

florin_sdk_mobile::uniffi_reexport_scaffolding!();
