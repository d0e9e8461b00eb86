//! A1: start a node and stop it again.
//!
//! Run it: `cargo lesson a1`

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use tracing::info;

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    // ANCHOR_END: main

    // ANCHOR: key
    // make the node's private key; its public key will be the node's identity
    let key = NodeKey::generate(&mut rand::rng());
    // ANCHOR_END: key

    // ANCHOR: config
    // the key and a name are all that a server must be told
    let config = Config::new(key, client_name("foo", "42"));
    // ANCHOR_END: config

    // ANCHOR: start
    // attempt to start the server
    let server = Server::start(config).await?;

    // inspect the resulting values
    let node = server.node_info();
    info!(enode = %node.enode, name = %node.name, id = %node.id, ip = %node.ip, "server started");

    // bring down the server
    server.stop().await;
    // ANCHOR_END: start
    Ok(())
}
