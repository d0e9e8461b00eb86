//! The namespace `t`, as the recorded cases describe it.

#![allow(clippy::panic, reason = "one of its methods panics, on purpose")]

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use devp2p_rpc::{Error, Module, Sink};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The last parameter of `t_echo`: an object, and no list of what would be in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
struct Opt {
    s: String,
}

impl TryFrom<Map<String, Value>> for Opt {
    type Error = serde_json::Error;

    fn try_from(mut map: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let s = map.remove("s").map(serde_json::from_value).transpose()?;
        Ok(Self { s: s.unwrap_or_default() })
    }
}

/// Counts subscriptions that live.
#[derive(Clone, Default)]
struct Active(Arc<()>);

/// The module. `pace` is how many times as long as it should `t_sleep` sleeps: on a busy machine,
/// what is to be later is later.
pub(crate) fn module(pace: u32) -> Module {
    let active = Active::default();
    let marks = Arc::new(Mutex::new(HashMap::<String, u64>::new()));
    let (mark, live) = (marks.clone(), active.clone());
    Module::new("t")
        .method("echo", |(text, int, opt): (String, i64, Option<Opt>)| async move {
            Ok(json!({ "str": text, "int": int, "opt": opt }))
        })
        .method("nothing", |()| async { Ok(()) })
        .method("boom", |()| async {
            let crash = || -> Result<(), Error> { panic!("on purpose") };
            crash()
        })
        .method("fault", |()| async { Err::<(), _>(Error::from("plain failure")) })
        .method("fail", |()| async {
            let error = Error::new(444, "failed on purpose");
            Err::<(), _>(error.with_data(&json!({ "n": 7, "why": "test" })))
        })
        .method("maybe", |(a, b): (Option<i64>, Option<String>)| async move { Ok(json!([a, b])) })
        .method("under_score", |()| async { Ok("second underscore") })
        .method("unencodable", |()| async { Ok(HashMap::from([((1, 2), 3)])) })
        .method("big", |(n,): (usize,)| async move { Ok("x".repeat(n)) })
        .method("len", |(text,): (String,)| async move { Ok(text.len()) })
        .method("sleep", move |(ms,): (u64,)| async move {
            tokio::time::sleep(Duration::from_millis(ms).saturating_mul(pace)).await;
            Ok(())
        })
        .method("mark", move |(key,): (String,)| {
            let mut marks = mark.lock().unwrap_or_else(PoisonError::into_inner);
            let count = marks.entry(key).or_default();
            *count = count.saturating_add(1);
            let count = *count;
            async move { Ok(count) }
        })
        .method("marks", move |(key,): (String,)| {
            let marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
            let count = marks.get(&key).copied().unwrap_or_default();
            async move { Ok(count) }
        })
        .method("active", move |()| {
            // One is the module's own, in each of its two closures.
            let count = Arc::strong_count(&live.0).saturating_sub(3);
            async move { Ok(count) }
        })
        .subscription("counter", counter(active.clone()))
        .subscription("flood", move |(n, size): (u64, usize)| {
            let active = active.clone();
            Ok(move |mut sink: Sink| async move {
                for _ in 0..n {
                    if sink.send(&"x".repeat(size)).await.is_err() {
                        return;
                    }
                }
                std::future::pending::<()>().await;
                drop(active);
            })
        })
}

/// What begins a subscription that counts.
fn counter(
    active: Active,
) -> impl Fn((i64, u64)) -> Result<Counting, Error> + Send + Sync + 'static {
    move |(n, ms): (i64, u64)| {
        let n = u64::try_from(n).map_err(|_| Error::from("plain failure"))?;
        let active = active.clone();
        let count: Counting = Box::new(move |mut sink: Sink| {
            Box::pin(async move {
                for number in 0..n {
                    if sink.send(&number).await.is_err() {
                        return;
                    }
                    if ms > 0 {
                        tokio::time::sleep(Duration::from_millis(ms)).await;
                    }
                }
                // It stays until somebody unsubscribes.
                std::future::pending::<()>().await;
                drop(active);
            })
        });
        Ok(count)
    }
}

type Counting = Box<dyn FnOnce(Sink) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;
