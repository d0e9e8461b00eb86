//! B2: ask a node who it is.
//!
//! Run it: `cargo lesson b2`

use common::ipc::IpcPath;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, NodeInfo, Server, client_name};
use devp2p_rpc::client::Client;
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // a node, as in lesson A1
    let key = NodeKey::generate(&mut rand::rng());
    let node = Server::start(Config::new(key, client_name("foo", "42"))).await?;

    // ANCHOR: module
    // a module that can ask the node, and cannot stop it: it has a handle
    let handle = node.handle().clone();
    let module = Module::new("foo").method("nodeInfo", move |()| {
        let info = handle.node_info();
        async { Ok(info) }
    });
    // ANCHOR_END: module

    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module]), Limits::default())?;

    // ANCHOR: ask
    // ask from outside
    let client = Client::connect(&path).await?;
    let NodeInfo { enode, name, id, ip, node_id, .. } = client.call("foo_nodeInfo", ()).await?;
    info!(%enode, %name, %id, %ip, "the node says who it is");
    // ANCHOR_END: ask

    // ANCHOR: check
    // believe only what can be computed: the node id is a hash of the public key in the enode
    let computed = enode.public_key.node_id();
    info!(said = %node_id, %computed, "the node id");
    // ANCHOR_END: check

    drop(server);
    node.stop().await;
    Ok(())
}
