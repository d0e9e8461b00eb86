//! B2, the exercise solved: a node that says no more than it has to.

use common::ipc::{self, IpcPath};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};
use serde::Serialize;
use tracing::info;

// ANCHOR: solution
/// What everybody may know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    name: String,
    node_id: String,
}
// ANCHOR_END: solution

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let key = NodeKey::generate(&mut rand::rng());
    let node = Server::start(Config::new(key, client_name("foo", "42"))).await?;

    // ANCHOR: module
    let handle = node.handle().clone();
    let module = Module::new("foo").method("card", move |()| {
        let info = handle.node_info();
        async move { Ok(Card { name: info.name, node_id: info.node_id.to_string() }) }
    });
    // ANCHOR_END: module

    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module]), Limits::default())?;
    let line = r#"{"jsonrpc":"2.0","id":1,"method":"foo_card"}"#;
    info!("-> {line}");
    let answer = ipc::by_hand(&path, line).await?;
    info!("<- {answer}");

    drop(server);
    node.stop().await;
    Ok(())
}
