//! alloy as a client of a JSON-RPC server which has a namespace `foo`:
//!
//! ```text
//! rpc-alloy ws://…    rpc-alloy path/of/a/socket
//! ```
//!
//! What it sees it prints, one JSON object a line, as all foreign peers do.

use std::error::Error;
use std::time::Duration;

use alloy_rpc_client::{ClientBuilder, RpcClient};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The longest that all of it may take.
const TIME: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: rpc-alloy URL")?;
    timeout(TIME, all(&url)).await?
}

async fn all(url: &str) -> Result<(), Box<dyn Error>> {
    let client = ClientBuilder::default().connect(url).await?;
    let doubled: i64 = client.request("foo_double", (21,)).await?;
    emit(&json!({ "event": "called", "result": doubled }));
    let failed = client.request::<_, Value>("foo_fail", ()).await;
    let failed = failed.err().ok_or("it was to fail")?;
    let failed = failed.as_error_resp().ok_or_else(|| failed.to_string())?;
    emit(&json!({
        "event": "failed",
        "code": failed.code,
        "message": failed.message,
        "data": failed.data,
    }));
    subscription(&client).await
}

async fn subscription(client: &RpcClient) -> Result<(), Box<dyn Error>> {
    let mut call = client.request("foo_subscribe", ("countdown", 3));
    // It would know `eth_subscribe` by itself.
    call.set_is_subscription();
    let id = call.await?;
    let mut events = client.get_subscription::<i64>(id).await;
    loop {
        let number = events.recv().await?;
        emit(&json!({ "event": "told", "number": number }));
        if number == 0 {
            break;
        }
    }
    client.expect_pubsub_frontend().unsubscribe(id)?;
    // Answered when nobody is told anything any more.
    let () = client.request("foo_quiet", ()).await?;
    emit(&json!({ "event": "unsubscribed" }));
    Ok(())
}

fn emit(line: &Value) {
    println!("{line}");
}
