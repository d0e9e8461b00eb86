// It gives its methods the whole name, and so the module's name twice.

use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    let foo = Module::new("foo")
        .method("foo_double", |(number,): (i64,)| async move {
            number.checked_mul(2).ok_or(Error::from("that is too much"))
        })
        .method("foo_hello", |(name,): (Option<String>,)| async move {
            Ok(format!("hello {}", name.as_deref().unwrap_or("stranger")))
        });
    let modules = Modules::new([foo]);
    let server = IpcServer::bind(workbench::ipc_path()?, modules, Limits::default())?;
    workbench::answer(server.path().display());

    workbench::until_told_to_stop().await;
    Ok(())
}
