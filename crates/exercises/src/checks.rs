//! What each exercise must do, as a story.

mod a1;
mod a2;
mod a3;
mod a4;
mod a5;
mod b1;
mod b2;
mod b3;

use crate::room::{Checked, Room};

/// Checks the program that `room` has.
pub(crate) async fn check(short: &str, room: &mut Room<'_>) -> Checked {
    match short {
        "a1" => a1::check(room).await,
        "a2" => a2::check(room).await,
        "a3" => a3::check(room).await,
        "a4" => a4::check(room).await,
        "a5" => a5::check(room).await,
        "b1" => b1::check(room).await,
        "b2" => b2::check(room).await,
        "b3" => b3::check(room).await,
        _ => Err(format!("there is no exercise {short}")),
    }
}
