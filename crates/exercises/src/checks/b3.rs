//! B3: a call makes a message. It is called before there is a peer.

use devp2p_core::p2p::{Capability, Offer};
use devp2p_rpc::FAILED;
use rand::RngExt;

use crate::asking::{in_words, is_refused};
use crate::room::{Checked, Room};
use crate::teacher::Teacher;

const METHOD: &str = "foo_sendMsg";

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::start(room).await?;
    let client = room.client().await?;
    let text = format!("word {}", room.chance.random_range(100..1000));

    // It is under way while nobody is connected.
    let (asking, params) = (client.clone(), (text.clone(),));
    let call = tokio::spawn(async move { asking.call::<bool>(METHOD, params).await });
    let offer = Offer::new(Capability::new("foo", 42), 1);
    let mut talk = teacher.greet(room, "learner/v1", Some(offer)).await?;
    room.begin("message");
    talk.hear_exactly(room, "the message that I have asked for", 0, &text).await?;
    room.pass("the text of the call has come as a message").await?;

    room.begin("result");
    let called = room.wait(&format!("an answer to {METHOD}"), call).await?;
    let called = called.map_err(|error| error.to_string())?;
    match called.map_err(|error| in_words(METHOD, &error))? {
        true => room.pass("the call is answered: true").await?,
        false => return Err(format!("{METHOD} was to answer true, and its result was false.")),
    }

    room.begin("once");
    let words = is_refused(room, &client, METHOD, ("again",), FAILED).await?;
    if words != "already sent" {
        return Err(format!("The second call was to fail with \"already sent\", not {words:?}."));
    }
    room.pass("a second call is refused: already sent").await?;
    // A second message would come now.
    talk.stays(room).await?;
    room.tell_to_stop().await?;
    talk.says_goodbye(room).await?;
    room.ends_well().await.map(drop)
}
