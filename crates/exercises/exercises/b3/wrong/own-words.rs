// It refuses the second call in words of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};
use tokio::sync::{Mutex, mpsc, oneshot};

/// A text to send, and whom to tell that it is sent.
type Order = (String, oneshot::Sender<()>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let (orders, waiting) = mpsc::channel::<Order>(1);
    let waiting = Arc::new(Mutex::new(waiting));
    let foo = Protocol::new("foo", 42, 1, move |_peer, mut pipe: MsgPipe| {
        let waiting = Arc::clone(&waiting);
        async move {
            if let Some((text, sent)) = waiting.lock().await.recv().await {
                pipe.send(0, &text).await?;
                let _ = sent.send(());
            }
            // stay, until the peer goes
            loop {
                pipe.read().await?;
            }
        }
    });
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config::new(key, client_name("learner", "1"));
    let server = Server::start(Config { max_peers: 1, protocols: vec![foo], ..config }).await?;

    let was_called = AtomicBool::new(false);
    let module = Module::new("foo").method("sendMsg", move |(text,): (String,)| {
        let (orders, again) = (orders.clone(), was_called.swap(true, Ordering::SeqCst));
        async move {
            if again {
                return Err(Error::from("no more"));
            }
            let (sent, done) = oneshot::channel();
            orders.send((text, sent)).await.map_err(|_| "the node has stopped")?;
            done.await.map_err(|_| "the peer has gone")?;
            Ok(true)
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
