// B1: two methods, one with a parameter that may be left out.
//
// Check it: cargo exercise b1
// Stuck?    cargo exercise b1 --hint

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // where your program is to answer
    let path = workbench::ipc_path()?;
    println!("I look for your socket at {}", path.display());

    // 1. a module "foo" with the methods "double" and "hello"

    // 2. a server on that path, with this module

    // 3. say that it listens: workbench::answer(…) takes its path().display(). Keep the server: in a
    //    variable whose name begins with _, if nothing else needs it

    // 4. when you are told to stop, end
    workbench::until_told_to_stop().await;

    Ok(())
}
