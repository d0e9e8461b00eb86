// A1: a node that is the same one tomorrow.
//
// Check it: cargo exercise a1
// Stuck?    cargo exercise a1 --hint

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // where the key is to be kept
    let file = workbench::key_file()?;
    println!("the key belongs into {}", file.display());

    // 1. load the key from the file; if there is no file yet, make a key and save it

    // 2. start a server with this key, called "keeper" in version "1", with room for one peer

    // 3. say where it is: workbench::answer(…) takes its enode

    // 4. when you are told to stop, stop the server: so it says goodbye
    workbench::until_told_to_stop().await;

    Ok(())
}
