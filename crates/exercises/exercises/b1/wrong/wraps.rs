// It doubles whatever comes, and what is too big becomes negative.

use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Limits, Module, Modules};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    let foo = Module::new("foo")
        .method("double", |(number,): (i64,)| async move {
            Ok(number.wrapping_mul(2))
        })
        .method("hello", |(name,): (Option<String>,)| async move {
            Ok(format!("hello {}", name.as_deref().unwrap_or("stranger")))
        });
    let modules = Modules::new([foo]);
    let server = IpcServer::bind(workbench::ipc_path()?, modules, Limits::default())?;
    workbench::answer(server.path().display());

    workbench::until_told_to_stop().await;
    Ok(())
}
