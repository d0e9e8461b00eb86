//! B1: ask a program from outside.
//!
//! Run it: `cargo lesson b1`

use common::ipc::{self, IpcPath};
use devp2p_rpc::client::Client;
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // ANCHOR: module
    // what can be called: a module has a name, and methods, one by one
    let module = Module::new("foo").method("getFoobar", |()| async { Ok("foobar") });
    // ANCHOR_END: module

    // ANCHOR: bind
    // answer on a socket that only this user can open
    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module]), Limits::default())?;
    // ANCHOR_END: bind

    // ANCHOR: call
    // connect to it as any other program would, and call the method by its whole name
    let client = Client::connect(&path).await?;
    let reply: String = client.call("foo_getFoobar", ()).await?;
    info!(%reply, "the method has answered");
    // ANCHOR_END: call

    // ANCHOR: by_hand
    // the same without our client: a line of text there, and a line of text back
    for method in ["foo_getFoobar", "foo_getBarfoo"] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
        info!("-> {line}");
        let answer = ipc::by_hand(&path, &line).await?;
        info!("<- {answer}");
    }
    // ANCHOR_END: by_hand

    // ANCHOR: stop
    // without its server the socket is gone
    drop(server);
    // ANCHOR_END: stop
    Ok(())
}
