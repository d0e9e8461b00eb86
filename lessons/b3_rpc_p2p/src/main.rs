//! B3: a call from outside makes a node speak to its peer.
//!
//! Run it: `cargo lesson b3`

use std::sync::Arc;
use std::time::Duration;

use common::ipc::IpcPath;
use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use devp2p_rpc::client::Client;
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use tracing::info;

// ANCHOR: command
/// What the module asks of the handler: send the word, and tell here how it went.
type Command = oneshot::Sender<Result<(), Error>>;

/// What node one's handler has: commands, and a word that can be sent once.
struct Speaker {
    commands: mpsc::Receiver<Command>,
    word: Option<&'static str>,
}
// ANCHOR_END: command

// ANCHOR: speak
async fn speak(speaker: Arc<Mutex<Speaker>>, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    let mut speaker = speaker.lock().await;
    loop {
        let caller = tokio::select! {
            Some(caller) = speaker.commands.recv() => caller,
            // nothing comes from node two; but so we hear that the connection has ended
            msg = pipe.read() => { msg?; continue }
        };
        // who has given up was told so, and then nothing must be sent
        if caller.is_closed() {
            continue;
        }
        let told = match speaker.word {
            Some(word) => Ok(pipe.send(0, word).await?),
            None => Err("already sent".into()),
        };
        speaker.word = None;
        // it may have given up a moment ago
        let _ = caller.send(told);
    }
}
// ANCHOR_END: speak

// ANCHOR: module
/// How long a call waits for a peer.
const PATIENCE: Duration = Duration::from_secs(10);

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
// ANCHOR_END: module

/// Node two: hears what comes, until the connection ends.
async fn listen(peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    loop {
        let text: String = pipe.read().await?.decode()?;
        info!(%peer, %text, "received message");
    }
}

async fn new_server(name: &str, protocol: Protocol) -> Result<Server, StartError> {
    let config = Config::new(NodeKey::generate(&mut rand::rng()), client_name(name, "42"));
    let protocols = vec![protocol];
    Server::start(Config { max_peers: 1, protocols, message_events: true, ..config }).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // ANCHOR: connect_both
    // one end of a channel for the module, the other one for the handler
    let (sender, commands) = mpsc::channel(1);
    let speaker = Arc::new(Mutex::new(Speaker { commands, word: Some("foobar") }));
    let protocol = Protocol::new("foo", 42, 1, move |_, pipe| speak(speaker.clone(), pipe));
    let one = new_server("foo", protocol).await?;
    let two = new_server("bar", Protocol::new("foo", 42, 1, listen)).await?;
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());

    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module(sender)]), Limits::default())?;
    let client = Client::connect(&path).await?;
    // ANCHOR_END: connect_both

    // ANCHOR: call
    // call when there is no peer yet, and connect meanwhile: the call waits
    let first = client.call::<()>("foo_sendMsg", ());
    let (first, added) = tokio::join!(first, one.add_peer(two.enode()));
    added?;
    first?;

    // that it was sent is known; that it has arrived, only node two can tell
    events_two.until(|event| event.kind() == "msgrecv").await;

    // once more
    if let Err(refused) = client.call::<()>("foo_sendMsg", ()).await {
        info!(%refused, "called again");
    }
    // ANCHOR_END: call

    // ANCHOR: stop
    drop(server);
    one.stop().await;
    two.stop().await;
    for event in events_one.until(PeerEvent::is_drop).await {
        info!("node one tells: {event}");
    }
    // ANCHOR_END: stop
    Ok(())
}
