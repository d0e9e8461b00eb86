//! A case, step by step.

use std::collections::HashMap;

use serde_json::Value;
use tokio::time::{Duration, timeout};

use crate::canonical::Reply;
use crate::cases::expand;
use crate::wire::{Door, Wire};

/// The longest wait for a reply.
const LONG: Duration = Duration::from_secs(20);
/// Silence that shows that nothing more comes.
const QUIET: Duration = Duration::from_millis(150);

/// One case.
pub(crate) struct Run<'a> {
    door: Door,
    case: &'a Value,
    /// For replies; short where it is likely that none comes.
    patience: Duration,
    key: String,
    connections: HashMap<String, Wire>,
    subscriptions: Vec<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(door: Door, case: &'a Value, is_not_copied: bool) -> Self {
        Self {
            door,
            case,
            patience: if is_not_copied { QUIET * 10 } else { LONG },
            key: case["name"].as_str().unwrap().to_owned(),
            connections: HashMap::new(),
            subscriptions: Vec::new(),
        }
    }

    pub(crate) async fn all(mut self) -> Result<(), String> {
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
