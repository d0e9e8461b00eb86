// It cannot greet somebody who says no name.

use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    let foo = Module::new("foo")
        .method("double", |(number,): (i64,)| async move {
            number.checked_mul(2).ok_or(Error::from("that is too much"))
        })
        .method("hello", |(name,): (String,)| async move {
            Ok(format!("hello {}", name))
        });
    let modules = Modules::new([foo]);
    let server = IpcServer::bind(workbench::ipc_path()?, modules, Limits::default())?;
    workbench::answer(server.path().display());

    workbench::until_told_to_stop().await;
    Ok(())
}
