//! A server for the test suites of this and of other implementations: the namespace `t`, as the recorded
//! cases describe it. Its first line says where it listens, as JSON.

#![allow(clippy::print_stdout, reason = "an example")]

mod t;

use std::error::Error as StdError;

use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Modules};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn StdError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let modules = Modules::new([t::module()]);
        let mut words = std::env::args().skip(1);
        let (mut servers, mut told) = (Vec::new(), serde_json::Map::new());
        while let (Some(option), Some(value)) = (words.next(), words.next()) {
            match option.as_str() {
                "--ipc" => {
                    let server = IpcServer::bind(&value, modules.clone(), Limits::default())?;
                    told.insert("ipc".to_owned(), json!(server.path()));
                    servers.push(server);
                }
                other => return Err(format!("unknown option {other}").into()),
            }
        }
        println!("{}", Value::Object(told));
        std::future::pending().await
    })
}
