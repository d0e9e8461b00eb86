//! A2: dial a node. It must be the right one, and its name is known only to who was there.

use crate::room::{Checked, Room};
use crate::teacher::Teacher;

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::start(room).await?;
    let mut talk = teacher.greet(room, "learner/v1", None).await?;

    room.begin("name");
    let answer = room.answer("my name").await?;
    if answer != teacher.name {
        return Err(format!("You answered {answer:?}. My name is {:?}.", teacher.name));
    }
    room.pass("you know my name").await?;
    talk.says_goodbye(room).await?;
    room.ends_well().await?;
    Ok(())
}
