//! enode
