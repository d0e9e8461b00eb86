//! Node records (ENR): what a node says about itself, signed.

/// A signed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enr {}
