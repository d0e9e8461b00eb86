//! Where what is timed runs: on all cores, or on one.

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::Result;
use crate::case::{Cores, WITHIN};

/// Runs `work` to its end on a runtime of its own, as a task like any other.
pub(crate) fn block_on<T: Send + 'static>(
    cores: Cores,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    runtime(cores)?.block_on(async { timeout(WITHIN, tokio::spawn(work)).await?? })
}

fn runtime(cores: Cores) -> std::io::Result<Runtime> {
    let mut builder = match cores {
        Cores::All => Builder::new_multi_thread(),
        Cores::One => Builder::new_current_thread(),
    };
    builder.enable_all().build()
}
