//! `cargo exercise`: a task for each lesson, and a real node that sees whether your program does it.
//!
//! ```text
//! exercise (task, starter, hints, solution)
//!    │
//! room: starts your program ── waits, never for long ── tells each checkpoint, or what is missing
//!    │                                  ▲
//! checks/a1 … a5 ── what is said ──▶ teacher: the node at the other end of the connection
//! ```
//!
//! A check knows nothing of the program but what it sends, what it answers, and how it ends. So every
//! program that does the task passes, whoever wrote it.
//!
//! Book: the exercises of A1 to A5.

mod bytes_view;
mod checks;
pub mod diagnosis;
pub mod exercise;
pub mod files;
pub mod lesson_diff;
mod program;
pub mod progress;
mod room;
mod talk;
mod teacher;

pub use program::Launch;
pub use room::{Verdict, check};
