//! Generates the Kotlin, Swift and Python bindings of a built library.

fn main() {
    uniffi::uniffi_bindgen_main();
}
