//! A1: a node that keeps its key. It is visited twice, and must be the same node.

use devp2p_core::enode::Enode;
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::{Link, client_name};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::room::{Checked, Room};
use crate::talk::{Talk, in_words};

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let (first, key_file) = visit(room).await?;
    let is_kept = match key_file {
        true => Ok("your node has kept its key"),
        false => Err("Your program has ended, and there is no key file.".to_owned()),
    };
    room.expect("key file", is_kept).await?;
    let (second, _) = visit(room).await?;
    let is_same = match first == second {
        true => Ok("with the same key it is the same node"),
        false => {
            Err("Your node has come back with another key: nobody can know it again.".to_owned())
        }
    };
    room.expect("same node", is_same).await
}

/// One run of the program: who it was, and whether there is a key file at its end.
async fn visit(room: &mut Room<'_>) -> Checked<(PublicKey, bool)> {
    room.start(None).await?;
    room.begin("enode");
    let answer = room.answer("the enode of your server").await?;
    let enode: Enode =
        answer.parse().map_err(|error| format!("You answered {answer:?}: {error}."))?;
    room.pass("your node says where it is").await?;

    room.begin("TCP, auth");
    let key = NodeKey::generate(&mut room.chance);
    let what = "your node to answer my auth";
    let stream = room.dial(what).await?;
    let rng = StdRng::from_rng(&mut room.chance);
    let initiating = Link::initiate(stream, &key, enode.public_key, rng);
    let link = room.wait(what, initiating).await?.map_err(in_words)?;
    room.pass("it has the key that its enode names").await?;

    let name = client_name("teacher", "1");
    let mut talk = Talk::begin(room, link, (key.public_key(), &name), "keeper/v1", None).await?;
    talk.stays(room).await?;
    room.tell_to_stop().await?;
    talk.says_goodbye(room).await?;
    let key_file = room.ends_well().await?;
    Ok((enode.public_key, key_file))
}
