//! The shared library behind the mobile packages
