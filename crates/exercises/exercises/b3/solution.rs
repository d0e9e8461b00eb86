// B3: send what a call says, once.

use std::sync::Arc;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};
use tokio::sync::{Mutex, mpsc, oneshot};

/// A text to send, and whom to tell how it went.
type Order = (String, oneshot::Sender<Result<bool, Error>>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let (orders, waiting) = mpsc::channel::<Order>(1);
    let waiting = Arc::new(Mutex::new((waiting, false)));
    let foo = Protocol::new("foo", 42, 1, move |_peer, mut pipe: MsgPipe| {
        let waiting = Arc::clone(&waiting);
        async move {
            let (orders, sent) = &mut *waiting.lock().await;
            loop {
                let (text, caller) = tokio::select! {
                    Some(order) = orders.recv() => order,
                    // so we hear that the peer has gone
                    msg = pipe.read() => { msg?; continue }
                };
                // who has given up was told so
                if caller.is_closed() {
                    continue;
                }
                let told = match *sent {
                    true => Err("already sent".into()),
                    false => Ok(pipe.send(0, &text).await.map(|()| true)?),
                };
                *sent = true;
                let _ = caller.send(told);
            }
        }
    });
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config::new(key, client_name("learner", "1"));
    let server = Server::start(Config { max_peers: 1, protocols: vec![foo], ..config }).await?;

    let module = Module::new("foo").method("sendMsg", move |(text,): (String,)| {
        let orders = orders.clone();
        async move {
            let (caller, told) = oneshot::channel();
            orders.send((text, caller)).await.map_err(|_| "the node has stopped")?;
            told.await.map_err(|_| "the peer has gone")?
        }
    });
    let modules = Modules::new([module]);
    let rpc = IpcServer::bind(workbench::ipc_path()?, modules, Limits::default())?;
    workbench::answer(rpc.path().display());
    server.add_peer(workbench::peer()?).await?;

    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
