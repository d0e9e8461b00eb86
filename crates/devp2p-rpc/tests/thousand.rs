//! A thousand connections, in a process of their own: files are counted.

#![cfg(all(target_os = "linux", feature = "ws"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use devp2p_rpc::client::Client;
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Module, Modules};
use tokio::runtime::Handle;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(100);
/// Connections at the same time.
const MANY: usize = 1000;

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.unwrap_or_else(|_| panic!("nothing for 100 s"))
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until there are as few tasks and files as before.
async fn all_is_over(name: &str, tasks: usize, files: usize) {
    let over = async {
        while Handle::current().metrics().num_alive_tasks() > tasks || open_files() > files {
            tokio::task::yield_now().await;
        }
    };
    let is_over = timeout(LONG, over).await.is_ok();
    let left = Handle::current().metrics().num_alive_tasks();
    assert!(
        is_over,
        "{name}: {left} tasks, {tasks} before; {} files, {files} before",
        open_files()
    );
}

fn modules() -> Modules {
    Modules::new([Module::new("foo").method("echo", |(n,): (usize,)| async move { Ok(n) })])
}

enum Server {
    Ipc(IpcServer),
    Http(HttpServer),
}

impl Server {
    async fn start(name: &str, folder: &Path) -> (Self, String) {
        let path = folder.join("many.ipc");
        if name == "ipc" {
            let place = path.display().to_string();
            let server = IpcServer::bind(path, modules(), Limits::default()).unwrap();
            return (Self::Ipc(server), place);
        }
        let rules = Rules { ws: Some(WsRules::default()), ..Rules::default() };
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = HttpServer::bind(any, modules(), Limits::default(), rules).await.unwrap();
        let place = format!("{name}://{}", server.local_addr());
        (Self::Http(server), place)
    }

    fn stop(self) {
        match self {
            Self::Ipc(server) => drop(server),
            Self::Http(server) => drop(server),
        }
    }
}

#[tokio::test]
async fn a_thousand_connections_leave_nothing_behind() {
    let needed = u64::try_from(2 * MANY + 200).unwrap();
    assert!(rlimit::increase_nofile_limit(needed).unwrap() >= needed, "raise it: ulimit -n");
    let folder = tempfile::tempdir().unwrap();
    let empty = |folder: &Path| std::fs::read_dir(folder).unwrap().count() == 0;
    for name in ["ipc", "http", "ws"] {
        let (tasks, files) = (Handle::current().metrics().num_alive_tasks(), open_files());
        let (server, place) = Server::start(name, folder.path()).await;
        let mut clients = Vec::new();
        for number in 0..MANY {
            let client = soon(Client::connect(&place)).await.unwrap();
            assert_eq!(soon(client.call::<usize>("foo_echo", (number,))).await.unwrap(), number);
            clients.push(client);
        }
        assert!(open_files() >= files + 2 * MANY, "{name}: all are open at the same time");
        // All at once.
        let calls = clients.iter().enumerate().map(|(number, client)| {
            let client = client.clone();
            tokio::spawn(async move { client.call::<usize>("foo_echo", (number,)).await })
        });
        for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(soon(call).await.unwrap().unwrap(), number, "{name}");
        }
        server.stop();
        assert!(empty(folder.path()), "{name}: a file is left");
        let refused = soon(clients.last().unwrap().call::<usize>("foo_echo", (1,))).await;
        assert!(refused.is_err(), "{name}: {refused:?}");
        drop(clients);
        all_is_over(name, tasks, files).await;
    }
}
