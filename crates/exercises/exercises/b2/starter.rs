// B2: tell who is connected.
//
// Check it: cargo exercise b2
// Stuck?    cargo exercise b2 --hint

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // the node that waits for yours, and where your program is to answer
    let peer = workbench::peer()?;
    let path = workbench::ipc_path()?;
    println!("{peer} waits for you, and will look for {}", path.display());

    // 1. start a server called "learner" in version "1", with room for one peer, and add the peer

    // 2. a module "foo" with the method "peers": the name and the node id of each peer, as a
    //    tuple of two texts

    // 3. a server on that path, with this module; then workbench::answer(…) takes its path

    // 4. when you are told to stop, stop the server
    workbench::until_told_to_stop().await;

    Ok(())
}
