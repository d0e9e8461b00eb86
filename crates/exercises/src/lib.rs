//! `cargo exercise`: a task for each lesson, and a real node that sees whether your program does it.
//!
//! ```text
//! exercise (task, starter, hints, solution)
//!    │
//! agent: starts your program, carries its answers and the bytes of its connections
//!    │ class/1: a pipe in memory, or a connection to a hub
//! room: waits, never for long ── tells each checkpoint, or what is missing
//!    │                                  ▲
//! checks/a1 … b3 ── what is said ──▶ teacher: the node at the other end of the connection
//! ```
//!
//! A check knows nothing of the program but what it sends, what it answers, and how it ends. So every
//! program that does the task passes, whoever wrote it.
//!
//! Book: the exercises of A1 to B3.

mod agent;
mod asking;
mod broken_socket;
mod bytes_view;
mod checks;
pub mod class;
pub mod diagnosis;
pub mod exercise;
pub mod files;
pub mod lesson_diff;
mod program;
pub mod progress;
mod remote;
mod room;
pub mod seat;
mod talk;
mod teacher;

pub use agent::{Outcome, say, serve};
pub use program::Launch;
pub use room::{Verdict, check, check_over};
