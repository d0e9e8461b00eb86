// A2: dial a node, and say who it is.
//
// Check it: cargo exercise a2
// Stuck?    cargo exercise a2 --hint

use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // a node that waits for yours
    let peer = workbench::peer()?;
    println!("somebody waits: {peer}");

    // 1. start a server with a new key, called "learner" in version "1", with room for one peer

    // 2. add the other node as a peer

    // 3. wait until it is connected: look at the server's peers, again and again
    tokio::time::sleep(Duration::from_millis(20)).await;

    // 4. say its name: workbench::answer(&name) takes what can be printed, and returns nothing

    // 5. stop the server

    Ok(())
}
