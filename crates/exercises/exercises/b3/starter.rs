// B3: send what a call says, once.
//
// Check it: cargo exercise b3
// Stuck?    cargo exercise b3 --hint

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // the node that waits for yours, and where your program is to answer
    let peer = workbench::peer()?;
    let path = workbench::ipc_path()?;
    println!("{peer} waits for you, and will look for {}", path.display());

    // 1. a channel for orders: a text, and a oneshot that says how it went

    // 2. a protocol "foo" in version 42 with one message: its handler waits for orders. For the first
    //    one it sends the text as message 0, and says so; the next ones are refused: "already sent"

    // 3. start a server called "learner" in version "1", with room for one peer and this protocol

    // 4. a module "foo" with the method "sendMsg": gives the order, and waits until it hears how
    //    it went

    // 5. a server on that path, with this module; then workbench::answer(…) takes its path

    // 6. add the peer

    // 7. when you are told to stop, stop the server
    workbench::until_told_to_stop().await;

    Ok(())
}
