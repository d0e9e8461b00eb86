//! The command line of `cargo workshop hub`.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]

use std::error::Error;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use devp2p_core::keys::NodeKey;
use hub::{Hub, Where};

/// The files that a room of learners and their browsers need at the same time.
const FILES: u64 = 4096;

/// See who is where: a node that checks the exercises of a room, and a page that shows it live
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo workshop hub",
    after_help = "\
Examples:
  cargo workshop hub                    for a room: learners come over the network
  cargo workshop hub --ip 10.0.0.7      when this computer has several addresses
  cargo workshop hub --listen 127.0.0.1:0 --http 127.0.0.1:0   to try it out, alone"
)]
struct Args {
    /// Where its node listens, TCP; port 0: any
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:30310")]
    listen: SocketAddr,
    /// Where its pages are; port 0: any
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8030")]
    http: SocketAddr,
    /// The IP address that learners use [default: this machine's]
    #[arg(long)]
    ip: Option<IpAddr>,
    /// Where its key is kept, by which learners find it again when it is started again [default:
    /// target/hub/nodekey]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    // With fewer files, fewer learners find room. The log says so then.
    let _ = rlimit::increase_nofile_limit(FILES);
    let key = key(&args.key.clone().unwrap_or_else(default_key))?;
    if let Some(ip) = args.ip.filter(|ip| is_nobodys(*ip)) {
        return Err(format!("--ip: {ip} is no address that leads to one computer").into());
    }
    let at = Where {
        node: args.listen,
        pages: args.http,
        ip: args.ip.unwrap_or_else(|| reachable_ip(args.listen.ip())),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let hub = Hub::start(key, &at).await?;
        println!("The hub listens.\n");
        println!("  For the room, at the wall:   {}", hub.room_page);
        println!("  For you, and nobody else:    {}\n", hub.teacher_page);
        println!(
            "Each learner types once, with a name; the line is on the page for the room, too:\n"
        );
        println!("  {}\n", hub.invitation);
        println!("After that, `cargo exercise a1` and so on are checked here. Ctrl-C ends it.");
        warn_of(&at);
        if at.ip.is_loopback() || args.listen.ip().is_loopback() {
            println!(
                "\nOnly this computer reaches it: there is no network, or --ip or --listen say so."
            );
        }
        // Until Ctrl-C, which needs no care: nothing is kept, and who is being checked is checked at home.
        std::future::pending().await
    })
}

/// Behind a router or in a virtual machine, that may be right.
fn warn_of(at: &Where) {
    if UdpSocket::bind((at.ip, 0)).is_err() {
        println!("\nNo network of this computer has {}: is it passed on from there?", at.ip);
    }
}

fn is_nobodys(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::from(Ipv4Addr::BROADCAST)
}

/// The key in this file; a fresh one is put there if there is none.
fn key(file: &Path) -> Result<NodeKey, Box<dyn Error>> {
    let cannot = |error: &dyn std::fmt::Display| format!("--key {}: {error}", file.display());
    if file.exists() {
        return Ok(NodeKey::load(file).map_err(|error| cannot(&error))?);
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    }
    let key = NodeKey::generate(&mut rand::rng());
    key.save(file).map_err(|error| cannot(&error))?;
    Ok(key)
}

fn default_key() -> PathBuf {
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&here).ancestors().nth(2).unwrap_or(Path::new("."));
    root.join("target").join("hub").join("nodekey")
}

/// The address of this machine in its network: a UDP socket that is connected chooses it, and sends
/// nothing. The other end is nobody's.
fn reachable_ip(listen: IpAddr) -> IpAddr {
    if !listen.is_unspecified() {
        return listen;
    }
    let own = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    own().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}
