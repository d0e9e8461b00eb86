//! B1: methods with parameters. The numbers and the name are not known before.

use devp2p_rpc::{FAILED, INVALID_PARAMS};
use rand::RngExt;

use crate::asking::{ask, is_refused};
use crate::room::{Checked, Room};

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    room.start(None).await?;
    let client = room.client().await?;

    room.begin("double");
    let number: i64 = room.chance.random_range(-1_000_000..1_000_000);
    let double: i64 = ask(room, &client, "foo_double", (number,)).await?;
    if Some(double) != number.checked_mul(2) {
        return Err(format!("I called foo_double with {number}. The result was {double}."));
    }
    room.pass("it doubles a number that I have thought of").await?;

    room.begin("too much");
    is_refused(room, &client, "foo_double", (i64::MAX,), FAILED).await?;
    room.pass("it refuses what cannot be doubled").await?;

    room.begin("hello");
    let name = format!("visitor {}", room.chance.random_range(100..1000));
    for (params, expected) in
        [(vec![name.as_str()], format!("hello {name}")), (vec![], "hello stranger".to_owned())]
    {
        let said: String = ask(room, &client, "foo_hello", &params).await?;
        if said != expected {
            return Err(format!(
                "I called foo_hello with {params:?}, and waited for {expected:?}. The result was \
                 {said:?}."
            ));
        }
    }
    room.pass("it greets me by name, and strangers, too").await?;

    room.begin("one name");
    is_refused(room, &client, "foo_hello", ("a", "b"), INVALID_PARAMS).await?;
    room.pass("a parameter too many is refused").await?;
    room.tell_to_stop().await?;
    room.ends_well().await.map(drop)
}
