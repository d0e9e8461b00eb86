//! Decisions of a server: whom to let in, and whom to dial when.
//!
//! A server has one value of each type here and asks it. Nothing in this module
//! opens a socket, starts a task, looks at a clock or rolls dice: time is an argument, the
//! [`Duration`](std::time::Duration) since the server's start. So every race and every timeout
//! can be played through in a test, and asking the same question again gives the same answer.
//!
//! A connection, dialed or accepted, on its way to being a peer:
//!
//! ```text
//!  accept ───── Door::enter ─┐                ┌ Admission::       ┌ Admission::
//!                            ├── auth, ack ── ┤ after_handshake ──┤ after_hello ── peer
//!  DialState::due ── dial ───┘                │      both Hellos  │
//!                                             └ the remote key    └ it is proved, and the
//!                                               is claimed          slots may be taken by now
//! ```
//!
//! Found nodes enter a server that searches (one with bootnodes), and are dialed into a third of
//! its slots:
//!
//! ```text
//!  discovery ── DialState::found ──▶ up to 64 wait ── due ──▶ dial ──▶ peer, or forgotten and
//!      ▲                                                              not dialed for 35 s
//!      └─ DialState::wants_nodes: a slot is free, and nobody waits for it
//! ```
//!
//! A static node that is not there yet, then is, then goes away:
//!
//! ```text
//!  add                                                 connected       dropped
//!   │ dial ✗   dial ✗      dial ✗              dial ✗     dial ✓ ═══ peer ═══╳        dial
//!   └──┴───1 s───┴───2 s─────┴───4 s─── … ───────┴──35 s────┴                └──35 s────┴──▶
//! ```
//!
//! | Type | Decides |
//! |---|---|
//! | [`Admission`] | may this node be our peer? slots, trusted nodes, duplicates, ourselves |
//! | [`DialState`] | which nodes to dial now, static and found ones, and when to ask again |
//! | `Door`, `Throttle` | may this connection come in? places for set-ups, addresses that come too often |
//! | [`RateLimit`] | may this address send another datagram? |

mod admission;
mod dial;
#[cfg_attr(not(feature = "net"), expect(dead_code, reason = "for the server"))]
mod door;
mod network;
mod rate;
mod throttle;

pub use admission::{Admission, Candidate, ConnectionNumber, Direction, Verdict};
pub use dial::{DialState, Undialable};
#[cfg(feature = "net")]
pub(crate) use door::Door;
pub use door::MAX_PENDING;
pub(crate) use network::{is_nearby, same_network};
pub use rate::RateLimit;
