//! What an idle connection weighs: a server's resident memory with and without many of them. Each has
//! called once, so that all that a call leaves behind is there.

use std::env;
use std::fs;

use interop::Program;
use serde_json::Value;

use super::case::Transport;
use super::client::Client;
use super::figures::Weight;
use super::{Plan, Server, WITHIN};
use crate::Result;

/// Weighs the connections of every transport.
pub(super) async fn weigh(plan: &Plan) -> Result<Vec<Weight>> {
    let this = Program::new(env::current_exe()?);
    let mut all = Vec::new();
    for transport in [Transport::Ipc, Transport::Http, Transport::Ws] {
        eprintln!("memory of {} idle connections, {transport}", plan.idle);
        let ours = each(plan.idle, transport, &this, &["rpc-server"]).await?;
        let geth = match &plan.geth {
            Some(program) => Some(each(plan.idle, transport, program, &["bench", "rpc"]).await?),
            None => None,
        };
        let jsonrpsee = match plan.jsonrpsee.as_ref().filter(|_| transport != Transport::Ipc) {
            Some(program) => Some(each(plan.idle, transport, program, &[]).await?),
            None => None,
        };
        all.push(Weight { transport, connections: plan.idle, ours, geth, jsonrpsee });
    }
    Ok(all)
}

/// Bytes for each connection.
async fn each(
    count: usize,
    transport: Transport,
    program: &Program,
    arguments: &[&str],
) -> Result<usize> {
    let mut server = Server::start(program, arguments).await?;
    // What the first connection needs is not theirs.
    Client::connect(transport, &server.ready).await?.call(1, 1).await?;
    let before = memory(&mut server).await?;
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = Client::connect(transport, &server.ready).await?;
        client.call(1, 1).await?;
        client.rest();
        clients.push(client);
    }
    let after = memory(&mut server).await?;
    drop(clients);
    server.stop().await?;
    Ok(after.saturating_sub(before).checked_div(count).unwrap_or_default())
}

/// Resident memory, in bytes, when what can be given back was given back.
async fn memory(server: &mut Server) -> Result<usize> {
    server.process.send_line("settle").await?;
    let is_done = |line: &Value| line["event"] == "ok" && line["command"] == "settle";
    server.process.expect(is_done, WITHIN).await?;
    let pid = server.ready.get("pid").and_then(Value::as_u64).ok_or("it said no process id")?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    let kib: usize = kib.ok_or("no VmRSS in /proc")?.trim().parse()?;
    Ok(kib.saturating_mul(1024))
}
