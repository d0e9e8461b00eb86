//! What our server offers to clients of others: `foo` with all that a module can have, and `eth` as far
//! as viem asks for it.

use devp2p_rpc::{Error, Module, Modules, Sink};
use serde_json::{Value, json};
use tokio::sync::watch;

/// All of it.
pub(crate) fn modules() -> Modules {
    let live = watch::Sender::new(0);
    Modules::new([foo(&live), eth(&live)])
}

/// Counts subscriptions that live.
struct Live(watch::Sender<u32>);

impl Live {
    fn begin(count: &watch::Sender<u32>) -> Self {
        count.send_modify(|count| *count = count.saturating_add(1));
        Self(count.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// How far the slow call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slow {
    Idle,
    Begun,
    Finish,
}

/// Waits until it is so.
async fn until<T: Clone + PartialEq>(sender: &watch::Sender<T>, is: T) -> Result<(), Error> {
    // The sender is here.
    drop(sender.subscribe().wait_for(|value| *value == is).await);
    Ok(())
}

/// Calls, errors, and a subscription that counts down. `foo_slow` is answered when `foo_finish` was called,
/// and `foo_begun` when it is under way; `foo_quiet` when nobody is subscribed.
fn foo(live: &watch::Sender<u32>) -> Module {
    let slow = watch::Sender::new(Slow::Idle);
    let (begun, finish) = (slow.clone(), slow.clone());
    let (live, quiet) = (live.clone(), live.clone());
    Module::new("foo")
        .method("double", |(number,): (i64,)| async move {
            number.checked_mul(2).ok_or(Error::from("that is too much"))
        })
        .method("nothing", |()| async { Ok(()) })
        .method("fail", |()| async {
            let error = Error::new(444, "failed on purpose");
            Err::<(), _>(error.with_data(&json!({ "why": "test" })))
        })
        .method("slow", move |()| {
            let slow = slow.clone();
            async move {
                slow.send_replace(Slow::Begun);
                until(&slow, Slow::Finish).await?;
                slow.send_replace(Slow::Idle);
                Ok(())
            }
        })
        .method("begun", move |()| {
            let slow = begun.clone();
            async move { until(&slow, Slow::Begun).await }
        })
        .method("finish", move |()| {
            finish.send_replace(Slow::Finish);
            async { Ok(()) }
        })
        .method("quiet", move |()| {
            let live = quiet.clone();
            async move { until(&live, 0).await }
        })
        .subscription("countdown", move |(from,): (u32,)| {
            let live = Live::begin(&live);
            Ok(move |sink| tell(sink, (0..=from).rev().map(Value::from).collect(), live))
        })
}

/// A chain of which a client is told three new blocks.
fn eth(live: &watch::Sender<u32>) -> Module {
    let live = live.clone();
    Module::new("eth")
        .method("chainId", |()| async { Ok("0x1092") })
        .method("blockNumber", |()| async { Ok("0x7") })
        .subscription("newHeads", move |()| {
            let blocks = (1..=3).map(|number| json!({ "number": format!("{number:#x}") }));
            let (blocks, live) = (blocks.collect(), Live::begin(&live));
            Ok(move |sink| tell(sink, blocks, live))
        })
}

/// Tells these, and stays until nobody wants to be told more.
async fn tell(mut sink: Sink, events: Vec<Value>, _live: Live) {
    for event in &events {
        if sink.send(event).await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}
