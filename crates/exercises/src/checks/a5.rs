//! A5: a question and its answer. Both sides ask, and none waits for the other.

use alloy_rlp::Decodable;
use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use devp2p_core::p2p::{Capability, Offer};
use devp2p_core::trace::tree;
use rand::Rng;

use crate::room::{Checked, Room};
use crate::talk::Talk;
use crate::teacher::Teacher;

const QUESTION: u64 = 0;
const ANSWER: u64 = 1;

/// What is `a` + `b`?
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Question {
    id: u64,
    a: u64,
    b: u64,
}

/// The answer to the question with this id.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Answer {
    id: u64,
    sum: u64,
}

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::start(room).await?;
    let offer = Offer::new(Capability::new("sum", 1), 2);
    let mut talk = teacher.greet(room, "learner/v1", Some(offer)).await?;

    room.begin("question");
    let payload = talk.hear_message(room, "your question", QUESTION).await?;
    let question = Question::decode(&mut &payload[..]).map_err(|_| no_question(&payload))?;
    let sum = question.a.checked_add(question.b).ok_or("Your numbers are too big for me.")?;
    room.pass("you have asked me something").await?;

    // Before the program has its answer, it must give some.
    for checkpoint in ["answer 1", "answer 2"] {
        room.begin(checkpoint);
        ask(room, &mut talk).await?;
    }
    talk.say(ANSWER, &Answer { id: question.id, sum }).await?;
    room.begin("sum");
    let answer = room.answer("the sum of your numbers").await?;
    if answer != sum.to_string() {
        return Err(format!("The sum of your numbers is {sum}. You answered {answer:?}."));
    }
    room.pass("you know the sum of your numbers").await?;
    room.begin("answer 3");
    ask(room, &mut talk).await?;
    talk.says_goodbye(room).await?;
    room.ends_well().await?;
    Ok(())
}

/// Asks for a sum, and the answer must be right.
async fn ask(room: &mut Room<'_>, talk: &mut Talk) -> Checked {
    let mut number = || u64::from(room.chance.next_u32() >> 16);
    let question = Question { id: number(), a: number(), b: number() };
    let Question { id, a, b } = question;
    talk.say(QUESTION, &question).await?;
    let answer = Answer { id, sum: a.saturating_add(b) };
    let what = format!("the answer to question {id}: {a} + {b}");
    talk.hear_exactly(room, &what, ANSWER, &answer).await?;
    room.pass(&format!("{a} + {b} = {}", answer.sum)).await?;
    Ok(())
}

fn no_question(payload: &[u8]) -> String {
    let step = tree(payload);
    let fields = step.parts.iter().flat_map(|part| &part.fields);
    let fields: Vec<String> =
        fields.map(|field| format!("\n  {} {}", field.what.name, field.what.words)).collect();
    format!(
        "Your question should be a list of three numbers: id, a, b. Your payload is:{}",
        fields.concat()
    )
}
