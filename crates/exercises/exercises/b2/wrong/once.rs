// It looks at its peers once, and tells that for ever.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, client_name};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("learner", "1")) };
    let server = Server::start(config).await?;
    server.add_peer(workbench::peer()?).await?;

    // it waits for the peer, and looks only once
    let mut events = server.subscribe();
    events.until(|event| event.kind() == "add").await;
    let peers = server.peers().await;
    let told = |peer: &PeerInfo| (peer.name.to_string(), peer.id.node_id().to_string());
    let peers = peers.iter().map(told).collect::<Vec<_>>();
    let foo = Module::new("foo").method("peers", move |()| {
        let peers = peers.clone();
        async move { Ok(peers) }
    });
    let modules = Modules::new([foo]);
    let rpc = IpcServer::bind(workbench::ipc_path()?, modules, Limits::default())?;
    workbench::answer(rpc.path().display());

    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
