//! B1, the exercise solved: everything that can be wrong with a call.

use common::ipc::{self, IpcPath};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // ANCHOR: solution
    let module = Module::new("foo").method("half", |(number,): (i64,)| async move {
        if number % 2 == 0 { Ok(number / 2) } else { Err("that is odd".into()) }
    });
    let path = IpcPath::unused()?;
    let server = IpcServer::bind(&*path, Modules::new([module]), Limits::default())?;

    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"foo_half","params":[84]}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"foo_half","params":[3]}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"foo_half","params":["a dozen"]}"#,
        r#"{"jsonrpc":"2.0","id":4,"method":"foo_half"}"#,
        r#"{"jsonrpc":"2.0","id":5,"method":"foo_double","params":[21]}"#,
        r#"{"id":6,"method":"foo_half","params":[84]}"#,
        r#"hello?"#,
    ] {
        info!("-> {line}");
        let answer = ipc::by_hand(&path, line).await?;
        info!("<- {answer}");
    }
    // ANCHOR_END: solution

    drop(server);
    Ok(())
}
