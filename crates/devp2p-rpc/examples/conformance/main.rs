//! A server for the test suites of this and of other implementations: the namespace `t`, as the recorded
//! cases describe it. Its first line says where it listens, as JSON.

#![allow(clippy::print_stdout, reason = "an example")]

mod t;

use std::error::Error as StdError;
use std::time::Duration;

use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Modules};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn StdError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let modules = Modules::new([t::module(1)]);
        let mut words = std::env::args().skip(1);
        let (mut ipc, mut http, mut told) = (Vec::new(), Vec::new(), Map::new());
        while let (Some(option), Some(value)) = (words.next(), words.next()) {
            let name = option.trim_start_matches("--").to_owned();
            let (profile, kind) = name.rsplit_once('-').unwrap_or(("", &name));
            let place = if name == "ipc" {
                let server = IpcServer::bind(&value, modules.clone(), Limits::default())?;
                ipc.push(server);
                value
            } else if ["http", "ws"].contains(&kind) {
                let (limits, rules) = profiles(profile);
                let address = value.parse()?;
                let server = HttpServer::bind(address, modules.clone(), limits, rules).await?;
                let place = format!("{kind}://{}", server.local_addr());
                http.push(server);
                place
            } else {
                return Err(format!("unknown option {option}").into());
            };
            told.insert(name, json!(place));
        }
        println!("{}", Value::Object(told));
        std::future::pending().await
    })
}

/// What the recorded cases say of each profile.
fn profiles(name: &str) -> (Limits, Rules) {
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let ws = |origins: &[&str], prefix: &str| {
        Some(WsRules { origins: all(origins), prefix: prefix.to_owned() })
    };
    match name {
        "rules" => {
            let cors = all(&["http://a.example", "http://*.b.example"]);
            let ws = ws(&["http://a.example", "https://c.example:8443", "d.example"], "");
            (
                Limits::default(),
                Rules { hosts: all(&["box.example"]), cors, ws, ..Rules::default() },
            )
        }
        "special" => {
            let limits = Limits { time: Duration::from_millis(900), ..Limits::default() };
            let prefix = "/rpc".to_owned();
            (limits, Rules { prefix, ws: ws(&[], "/ws"), ..Rules::default() })
        }
        _ => (Limits::default(), Rules { ws: ws(&[], ""), ..Rules::default() }),
    }
}
