//! BOMs.
