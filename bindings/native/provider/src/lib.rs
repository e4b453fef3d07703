//! The shared library behind the provider packages
