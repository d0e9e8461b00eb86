//! The parts of the workshop's own tool that are worth testing by themselves.
//!
//! ```text
//!   doctor      can this computer run the lessons?
//!   lessons     which lessons there are, and which one was meant
//!   book_lint   does the book still say what the code says?
//!   transcript  what a lesson prints, made comparable
//! ```
//!
//! Nothing here prints; that is the business of the binary `workshop`.

pub mod book_lint;
pub mod doctor;
pub mod lessons;
pub mod transcript;
