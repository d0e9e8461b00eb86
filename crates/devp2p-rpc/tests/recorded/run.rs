//! A case, step by step.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use crate::canonical::Reply;
use crate::cases::{expand, is_quirk};
use crate::wire::{Door, Wire};

/// The longest wait for a reply.
const LONG: Duration = Duration::from_secs(20);
/// Silence that shows that nothing more comes.
const QUIET: Duration = Duration::from_millis(150);

/// Runs all cases, several at the same time. Of the accidents, just these are not copied.
pub(crate) async fn all(
    cases: Vec<Value>,
    not_copied: &'static [&'static str],
    door: impl Fn(&Value) -> Door,
) {
    let (places, mut running) = (Arc::new(Semaphore::new(16)), JoinSet::new());
    for case in cases {
        let (places, door) = (places.clone(), door(&case));
        // These count what is alive on all connections, or say what is earlier.
        let steps = case["steps"].to_string();
        let alone = steps.contains("t_active") || steps.contains("t_sleep");
        running.spawn(async move {
            let places = places.acquire_many(if alone { 16 } else { 1 }).await.unwrap();
            let name = case["name"].as_str().unwrap().to_owned();
            let is_not_copied = not_copied.contains(&&*name);
            let ran = Run::new(door, &case, is_not_copied).all().await;
            drop(places);
            (name, is_not_copied && is_quirk(&case), ran)
        });
    }
    let (mut wrong, mut quirks) = (Vec::new(), BTreeSet::new());
    while let Some(ran) = running.join_next().await {
        match ran.unwrap() {
            (_, _, Ok(())) => {}
            (name, true, Err(_)) => drop(quirks.insert(name)),
            (name, false, Err(why)) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(quirks, not_copied.iter().map(|name| (*name).to_owned()).collect());
}

/// One case.
struct Run<'a> {
    door: Door,
    case: &'a Value,
    /// For replies; short where it is likely that none comes.
    patience: Duration,
    key: String,
    connections: HashMap<String, Wire>,
    subscriptions: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(door: Door, case: &'a Value, is_not_copied: bool) -> Self {
        Self {
            door,
            case,
            patience: if is_not_copied { QUIET * 10 } else { LONG },
            key: case["name"].as_str().unwrap().to_owned(),
            connections: HashMap::new(),
            subscriptions: Vec::new(),
        }
    }

    async fn all(mut self) -> Result<(), String> {
        let case = self.case;
        for step in case["steps"].as_array().unwrap() {
            let on = step["on"].as_str().unwrap_or("a").to_owned();
            if !self.connections.contains_key(&on) {
                self.connections
                    .insert(on.clone(), Wire::open(&self.door, &case["handshake"]).await?);
            }
            self.step(step, &on).await?;
        }
        if case["steps"].as_array().unwrap().is_empty() {
            Wire::open(&self.door, &case["handshake"]).await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Value, on: &str) -> Result<(), String> {
        if step.get("send").is_some() || step.get("frame").is_some() {
            let frame = &step["frame"];
            let data = step.get("send").unwrap_or(&frame["data"]);
            let bytes = if data.is_null() { Vec::new() } else { self.filled(expand(data)) };
            self.connections.get_mut(on).unwrap().send(&bytes, step).await;
        } else if step.get("half_close").is_some() {
            self.connections.get_mut(on).unwrap().half_close().await;
        } else if step.get("hang_up").is_some() {
            self.connections.remove(on);
        } else if let Some(wait) = step["wait_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        } else if step.get("until").is_some() {
            return self.until(step).await;
        } else if step.get("recv").is_some() {
            return self.receive(step, on).await;
        } else {
            return Err(format!("an unknown step: {step}"));
        }
        Ok(())
    }

    /// Asks again and again on fresh connections.
    async fn until(&self, step: &Value) -> Result<(), String> {
        let asked = self.filled(expand(&step["until"]));
        let wanted = Reply::of(step["is"].as_str().unwrap(), false, false);
        let mut last = String::new();
        let asking = async {
            loop {
                let mut connection = Wire::open(&self.door, &Value::Null).await.unwrap();
                connection.send(&asked, &Value::Null).await;
                last = connection.next(LONG).await.unwrap_or_default();
                if Reply::of(&last, false, false) == wanted {
                    return;
                }
            }
        };
        timeout(LONG, asking).await.map_err(|_| format!("it never was so: {last}"))
    }

    async fn receive(&mut self, step: &Value, on: &str) -> Result<(), String> {
        let expected = step["recv"].as_array().unwrap();
        let mut got = Vec::new();
        let connection = self.connections.get_mut(on).unwrap();
        for _ in expected {
            match connection.next(self.patience).await {
                Some(value) => got.push(value),
                None => break,
            }
        }
        if step.get("take").is_none() {
            let rest = connection.next(if step["then"] == "closed" { LONG } else { QUIET }).await;
            got.extend(rest);
        }
        let ended = connection.has_ended();
        for value in &got {
            self.learn(value);
        }
        let strict = self.case["strict"] == true;
        let loose = self.case.get("loose").is_some();
        let free_after =
            self.case["free_after"].as_u64().map_or(usize::MAX, |it| usize::try_from(it).unwrap());
        let reply = |value: &Value| match value.as_str() {
            Some(text) => Reply::of(&self.named(text), strict, loose),
            None => match value["sha256_of_canonical"].as_str() {
                Some(hash) => Reply::Hash(hash.to_owned()),
                None => Reply::of(&value.to_string(), false, false),
            },
        };
        let mut expected: Vec<Reply> = expected.iter().map(reply).collect();
        let mut shown: Vec<Reply> =
            got.iter().map(|text| Reply::of(&self.named(text), strict, loose)).collect();
        for list in [&mut expected, &mut shown] {
            let free = free_after.min(list.len());
            list[free..].sort();
        }
        if expected != shown {
            return Err(format!("\n  go-ethereum: {expected:?}\n  here:        {shown:?}"));
        }
        if step["then"] == "closed" && !ended {
            return Err("it is still open".to_owned());
        }
        if step["then"] == "open" && ended {
            return Err("it is closed".to_owned());
        }
        Ok(())
    }

    /// Puts in what stands for itself.
    fn filled(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut text) = String::from_utf8(bytes.clone()) else { return bytes };
        text = text.replace("$KEY", &self.key);
        for (number, id) in self.subscriptions.iter().enumerate().rev() {
            text = text.replace(&format!("$SUB{}", number + 1), id);
        }
        text.into_bytes()
    }

    /// Remembers ids of subscriptions, in the order in which they appear.
    fn learn(&mut self, text: &str) {
        for word in text.split('"').filter(|word| word.len() > 12 && word.starts_with("0x")) {
            let is_id =
                word.len() <= 34 && word[2..].bytes().all(|digit| digit.is_ascii_hexdigit());
            if is_id && !word.starts_with("0x0") && !self.subscriptions.iter().any(|id| id == word)
            {
                self.subscriptions.push(word.to_owned());
            }
        }
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.replace(&self.key, "$KEY");
        for (number, id) in self.subscriptions.iter().enumerate() {
            text = text.replace(id, &format!("$SUB{}", number + 1));
        }
        text
    }
}
