//! Decisions of a server: whom to let in, and whom to dial when.
//!
//! The server's main loop owns one value of each type here and asks it. Nothing in this module
//! opens a socket, starts a task, looks at a clock or rolls dice: time is an argument, the
//! [`Duration`](std::time::Duration) since the server's start. So every race and every timeout
//! can be played through in a test, and asking the same question again gives the same answer.
//!
//! A connection, dialed or accepted, on its way to being a peer:
//!
//! ```text
//!  accept ── Throttle::allow ─┐                ┌ Admission::       ┌ Admission::
//!                             ├── auth, ack ── ┤ after_handshake ──┤ after_hello ── peer
//!  DialState::due ── dial ────┘                │      both Hellos  │
//!                                              └ the remote key    └ the slots may have
//!                                                is known            been taken meanwhile
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
//! | [`DialState`] | which static nodes to dial now, and when to ask again |
//! | [`Throttle`] | may this address connect again already? |

mod admission;
mod dial;
mod throttle;

pub use admission::{Admission, Candidate, ConnectionId, Direction, MAX_PENDING, Verdict};
pub use dial::{AddPeerError, DialState, FIRST_RETRY, MAX_DIALING, REDIAL_AFTER};
pub use throttle::{MAX_REMEMBERED, THROTTLE_WINDOW, Throttle};
