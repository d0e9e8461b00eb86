//! A1: a node that keeps its key. It is visited twice, and must be the same node.

use std::path::Path;

use devp2p_core::enode::Enode;
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::{Link, client_name};
use tempfile::tempdir;

use crate::room::{Checked, Room};
use crate::talk::{Talk, in_words};

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let folder =
        tempdir().map_err(|error| format!("I cannot make a folder for the key: {error}"))?;
    let file = folder.path().join("nodekey");
    let first = visit(room, &file).await?;
    room.expect(
        "key file",
        match file.is_file() {
            true => Ok("your node has kept its key"),
            false => Err("Your program has ended, and there is no key file.".to_owned()),
        },
    )?;
    let second = visit(room, &file).await?;
    room.expect(
        "same node",
        match first == second {
            true => Ok("with the same key it is the same node"),
            false => {
                Err("Your node has come back with another key: nobody can know it again."
                    .to_owned())
            }
        },
    )
}

/// One run of the program.
async fn visit(room: &mut Room<'_>, file: &Path) -> Checked<PublicKey> {
    room.start(&[("EXERCISE_KEY_FILE", file.display().to_string())])?;
    room.begin("enode");
    let answer = room.answer("the enode of your server").await?;
    let enode: Enode =
        answer.parse().map_err(|error| format!("You answered {answer:?}: {error}."))?;
    room.pass("your node says where it is");

    room.begin("TCP, auth");
    let key = NodeKey::generate(&mut room.chance);
    let dialing = Link::dial(&key, &enode);
    let link = room.wait("your node to answer my auth", dialing).await?.map_err(in_words)?;
    room.pass("it has the key that its enode names");

    let name = client_name("teacher", "1");
    let mut talk = Talk::begin(room, link, (key.public_key(), &name), "keeper/v1", None).await?;
    talk.stays(room).await?;
    room.tell_to_stop();
    talk.says_goodbye(room).await?;
    room.ends_well().await?;
    Ok(enode.public_key)
}
