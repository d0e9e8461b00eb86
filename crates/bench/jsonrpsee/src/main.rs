//! The server of the benchmark of JSON-RPC, with jsonrpsee: the same methods as ours has, and it speaks
//! as the foreign peers do. HTTP and WebSocket share a port; there is no IPC.

use std::error::Error;
use std::io::{BufRead, stdin};

use jsonrpsee::server::{RpcModule, Server, ServerConfig};
use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;
use serde_json::json;
use serde_json::value::to_raw_value;

/// What an event says: 20 bytes.
const EVENT: &str = "twenty bytes of text";

#[derive(Clone, Serialize)]
struct Echo {
    text: String,
    number: i64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let config = ServerConfig::builder().max_connections(10_000).build();
    let server = Server::builder().set_config(config).build("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    let serving = server.start(module()?);
    println!("{}", json!({ "event": "ready", "http": address, "pid": std::process::id() }));
    tokio::task::spawn_blocking(|| {
        for command in stdin().lock().lines().map_while(Result::ok) {
            println!("{}", json!({ "event": "ok", "command": command }));
            if command == "stop" {
                return;
            }
        }
    })
    .await?;
    serving.stop()?;
    Ok(())
}

fn module() -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.register_method("bench_echo", |params, _, _| {
        let (text, number) = params.parse()?;
        Ok::<_, ErrorObjectOwned>(Echo { text, number })
    })?;
    module.register_subscription(
        "bench_subscribe",
        "bench_subscription",
        "bench_unsubscribe",
        |params, pending, _, _| async move {
            let (_name, count): (String, u32) = params.parse()?;
            let sink = pending.accept().await?;
            for _ in 0..count {
                sink.send(to_raw_value(EVENT)?).await?;
            }
            Ok(())
        },
    )?;
    Ok(module)
}
