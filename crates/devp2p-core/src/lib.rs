//! Ethereum's peer-to-peer wire protocol.

pub mod enode;
pub mod keys;
pub mod policy;
