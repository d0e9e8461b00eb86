//! Two nodes in memory shake hands; then everything that can go wrong does.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod bodies;
mod ecies;
mod packets;
mod sessions;
mod support;
mod vectors;
