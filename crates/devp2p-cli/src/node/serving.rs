//! Where a node answers over RPC.

use std::net::SocketAddr;
use std::path::PathBuf;

use devp2p_core::net::Handle;
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Modules};
use tracing::debug;

use crate::failure::Failure;
use crate::node::modules;
use crate::{explain, values};

/// What HTTP and WebSocket show, unless more is asked for: nothing that changes the node.
const HARMLESS: &str = "net,web3";

/// How others ask the node, and order it about.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "JSON-RPC")]
pub(super) struct Serving {
    /// Answer on this socket: all modules, to this user alone
    #[arg(long, value_name = "PATH")]
    ipc: Option<PathBuf>,
    /// Answer over HTTP, on 127.0.0.1:8545 for example
    #[arg(long, value_name = "ADDR", value_parser = values::socket_addr)]
    http: Option<SocketAddr>,
    /// Answer over WebSocket; the address may be that of --http
    #[arg(long, value_name = "ADDR", value_parser = values::socket_addr)]
    ws: Option<SocketAddr>,
    /// What HTTP and WebSocket show: of admin, net, web3
    #[arg(long, value_name = "MODULES", value_delimiter = ',', default_value = HARMLESS)]
    #[arg(value_parser = ["admin", "net", "web3"], hide_possible_values = true)]
    api: Vec<String>,
}

/// What answers. When it is dropped, nothing does.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// Where, and what can be asked there.
    pub(super) places: Vec<(String, &'static str)>,
    ipc: Option<IpcServer>,
    web: Vec<HttpServer>,
}

impl Serving {
    /// Begins to answer.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub(super) async fn start(&self, node: &Handle) -> Result<Served, Failure> {
        let all = modules::all(node);
        let names: Vec<&str> = self.api.iter().map(String::as_str).collect();
        let shown = all.only(&names);
        let mut served = Served::default();
        if let Some(path) = &self.ipc {
            let server = IpcServer::bind(path, all, Limits::default());
            let server = server.map_err(|error| {
                Failure::told(format_args!("--ipc: {error}")).about(&explain::IPC_PATH)
            })?;
            served.places.push((server.path().display().to_string(), "admin_peers"));
            served.ipc = Some(server);
        }
        let shared = self.http.filter(|http| http.port() != 0 && self.ws == Some(*http));
        for (option, address, http, ws) in [
            ("--http", self.http, true, shared.is_some()),
            ("--ws", self.ws.filter(|_| shared.is_none()), false, true),
        ] {
            if let Some(address) = address {
                let server = listen(option, address, shown.clone(), http, ws).await?;
                let address = server.local_addr();
                let schemes = [("http", http), ("ws", ws)].into_iter().filter(|it| it.1);
                let urls = schemes.map(|(scheme, _)| format!("{scheme}://{address}"));
                served.places.extend(urls.map(|url| (url, "web3_clientVersion")));
                served.web.push(server);
            }
        }
        for (place, _) in &served.places {
            debug!(place, "answers over RPC");
        }
        Ok(served)
    }
}

async fn listen(
    option: &str,
    address: SocketAddr,
    modules: Modules,
    http: bool,
    ws: bool,
) -> Result<HttpServer, Failure> {
    let rules = Rules { http, ws: ws.then(WsRules::default), ..Rules::default() };
    let server = HttpServer::bind(address, modules, Limits::default(), rules).await;
    server.map_err(|error| {
        let free = SocketAddr::new(address.ip(), 0);
        let words = format!("{option}: cannot listen on {address}: {error}. Try {free}");
        Failure::told(words).about(&explain::PORT_TAKEN)
    })
}
