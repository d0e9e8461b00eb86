//! Handles of a server that stops. A file of its own: its many servers would take the ports that
//! other tests have just given back.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::Enode;
use devp2p_core::net::discovery::AskError;
use devp2p_core::net::{AddPeerError, Handle};
use support::{server, soon};
use tokio::task::JoinSet;

/// What is put into a channel just when its receiver is dropped stays there. It takes some rounds to
/// meet that moment: without care for it, some hundreds.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn who_asks_just_when_the_server_stops_is_answered() {
    async fn has_stopped(handle: &Handle) -> bool {
        let enode = Enode { public_key: handle.node_info().id, address: None };
        let closed = AskError::Request(RequestError::Closed);
        handle.add_peer(enode).await == Err(AddPeerError::Stopped)
            && handle.discovery().unwrap().lookup([1; 64]).await == Err(closed)
    }
    for _ in 0..2000 {
        let server = server("one", 1).await;
        let answers = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (handle, answers) = (server.handle().clone(), answers.clone());
            tasks.spawn(async move {
                let discovery = handle.discovery().unwrap();
                loop {
                    let (mut found, mut watched) =
                        (discovery.search().await, discovery.watch().await);
                    if has_stopped(&handle).await {
                        while found.next().await.is_some() {}
                        while watched.next().await.is_some() {}
                        break;
                    }
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while answers.load(Ordering::Relaxed) < 20 {
            tokio::task::yield_now().await;
        }
        soon(server.stop()).await;
        soon(tasks.join_all()).await;
    }
}
