//! Compiles the learner's program and has it checked: here, or at the hub of a room.

use std::env;
use std::env::consts::EXE_SUFFIX;

use devp2p_core::enode::Enode;
use exercises::exercise::Exercise;
use exercises::files::Workbench;
use exercises::seat::{NAME, Seat};
use exercises::{Launch, Outcome, check};
use rand::Rng;
use tokio::runtime::{Builder, Runtime};

use super::{Result, cargo};

/// Whether the learner's program passes.
pub(crate) fn try_out(bench: &Workbench, exercise: &Exercise) -> Result<bool> {
    let built = cargo(&["build", "--locked", "--package", "workbench", "--bin"])
        .arg(exercise.short)
        .status()?;
    if !built.success() {
        say!("It does not compile yet: what the compiler says is above.");
        return Ok(false);
    }
    // Cargo has put it beside this program.
    let path = env::current_exe()?.with_file_name(format!("{}{EXE_SUFFIX}", exercise.short));
    let launch = Launch { path, environment: Vec::new() };
    let runtime = runtime()?;
    if let Some(passed) = at_the_hub(&runtime, bench, exercise, &launch) {
        return Ok(passed);
    }
    let seed = rand::rng().next_u64();
    let outcome = runtime.block_on(check(exercise, &launch, seed, &mut tell))?;
    Ok(outcome == Outcome::Finished(true))
}

/// What the hub says of it; `None` if there is none, or if it does not check it.
fn at_the_hub(
    runtime: &Runtime,
    bench: &Workbench,
    exercise: &Exercise,
    launch: &Launch,
) -> Option<bool> {
    let files = bench.seat_files();
    let seat = match files.load() {
        Ok(seat) => seat?,
        Err(why) => {
            say!(
                "{why}.\nUntil then your programs are checked here, and your teacher does not see it.\n"
            );
            return None;
        }
    };
    say!("The hub of your teacher checks it. (cargo exercise --leave ends that.)");
    match runtime.block_on(seat.check(&files, Some((exercise, launch)), &mut tell)) {
        Ok(Outcome::Finished(passed)) => return Some(passed),
        Ok(Outcome::Refused(why)) => say!("The hub says no: {why}"),
        Ok(Outcome::Joined) => say!("The hub has not checked it."),
        Err(why) => say!("The hub cannot be reached: {}", sentence(&why)),
    }
    say!("So it is checked here.\n");
    None
}

/// Takes a seat in a room.
pub(crate) fn join(bench: &Workbench, hub: &Enode, name: &str) -> Result<bool> {
    let seat = Seat { hub: hub.clone(), name: name.trim().to_owned() };
    if seat.name == "NAME" {
        return Err("Put your own name in place of NAME, or any other that you like.".into());
    }
    if seat.name.chars().count() > NAME {
        return Err(format!("That name is too long: {NAME} letters are the most.").into());
    }
    let files = bench.seat_files();
    say!("Looking for the hub …");
    match runtime()?.block_on(seat.check(&files, None, &mut tell)) {
        Ok(Outcome::Joined) => {
            files.save(&seat)?;
            say!(
                "You have joined, as {}. From now on `cargo exercise` has your programs checked by \
                 the hub,\nso your teacher sees how far you are. `cargo exercise --leave` ends that.",
                seat.name
            );
            Ok(true)
        }
        Ok(Outcome::Refused(why)) => Err(format!("The hub says no: {why}").into()),
        Ok(Outcome::Finished(_)) => Err("This is no hub: it checks what nobody asked for.".into()),
        Err(why) => Err(format!(
            "The hub cannot be reached: {}\n\nIs this computer in the same network as the \
             teacher's? Is the line whole, with its quotation marks?\nSome networks keep computers \
             apart: then the teacher can open a hotspot.",
            sentence(&why)
        )
        .into()),
    }
}

/// Leaves the room.
pub(crate) fn leave(bench: &Workbench) -> Result<bool> {
    let was = bench.seat_files().forget()?;
    say!("{}", if was { "You have left the room." } else { "You are in no room." });
    Ok(true)
}

/// With its end.
fn sentence(why: &str) -> String {
    if why.ends_with(['.', '?']) { why.to_owned() } else { format!("{why}.") }
}

fn tell(line: &str) {
    say!("{line}");
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
