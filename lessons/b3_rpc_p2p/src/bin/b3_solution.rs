//! B3, the exercise solved: who has given up is not served later.

use std::sync::Arc;
use std::time::Duration;

use common::ipc::IpcPath;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use devp2p_rpc::client::Client;
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use tracing::info;

type Command = oneshot::Sender<Result<(), Error>>;

struct Speaker {
    commands: mpsc::Receiver<Command>,
    word: Option<&'static str>,
}

async fn speak(speaker: Arc<Mutex<Speaker>>, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    let mut speaker = speaker.lock().await;
    loop {
        let caller = tokio::select! {
            Some(caller) = speaker.commands.recv() => caller,
            msg = pipe.read() => { msg?; continue }
        };
        if caller.is_closed() {
            info!("a caller has given up: nothing to do");
            continue;
        }
        let told = match speaker.word {
            Some(word) => Ok(pipe.send(0, word).await?),
            None => Err("already sent".into()),
        };
        speaker.word = None;
        let _ = caller.send(told);
    }
}

// ANCHOR: patience
/// How long a call waits for a peer.
const PATIENCE: Duration = Duration::from_millis(500);
// ANCHOR_END: patience

fn module(commands: mpsc::Sender<Command>) -> Module {
    Module::new("foo").method("sendMsg", move |()| {
        let commands = commands.clone();
        async move {
            let (caller, told) = oneshot::channel();
            let done = async {
                commands.send(caller).await.ok()?;
                told.await.ok()
            };
            match timeout(PATIENCE, done).await {
                Ok(Some(told)) => told,
                Ok(None) => Err("the peer has gone".into()),
                Err(_) => Err(format!("no peer within {PATIENCE:?}").into()),
            }
        }
    })
}

async fn listen(peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    loop {
        let text: String = pipe.read().await?.decode()?;
        info!(%peer, %text, "received message");
    }
}

async fn new_server(protocol: Protocol) -> Result<Server, StartError> {
    let config = Config::new(NodeKey::generate(&mut rand::rng()), client_name("foo", "42"));
    let protocols = vec![protocol];
    Server::start(Config { max_peers: 1, protocols, message_events: true, ..config }).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let (sender, commands) = mpsc::channel(1);
    let speaker = Arc::new(Mutex::new(Speaker { commands, word: Some("foobar") }));
    let protocol = Protocol::new("foo", 42, 1, move |_, pipe| speak(speaker.clone(), pipe));
    let one = new_server(protocol).await?;
    let two = new_server(Protocol::new("foo", 42, 1, listen)).await?;
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());

    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module(sender)]), Limits::default())?;
    let client = Client::connect(&path).await?;

    // ANCHOR: solution
    // nobody comes
    if let Err(refused) = client.call::<()>("foo_sendMsg", ()).await {
        info!(%refused, "called without a peer");
    }

    // now somebody does, and the command of the call above still lies in the channel
    one.add_peer(two.enode()).await?;
    events_one.next().await.ok_or("the server is gone")?;
    client.call::<()>("foo_sendMsg", ()).await?;
    events_two.until(|event| event.kind() == "msgrecv").await;
    // ANCHOR_END: solution

    drop(server);
    one.stop().await;
    two.stop().await;
    while let Some(event) = events_one.next().await {
        info!("node one tells: {event}");
    }
    Ok(())
}
