//! `cargo workshop hub`: the exercises of a whole room, on one page.
//!
//! ```text
//! learner: cargo exercise a2 ── class/1, over devp2p ──▶ hall ── checks ──▶ board
//! any other node ── what it said ────────────────────▶ visitors ─────────▶ board
//!                                                        browser ◀── web ◀── board
//! ```
//!
//! The node checks the programs itself, so the page shows what the node has seen, and not what somebody
//! claims. There are no accounts; nothing is written to disk but the node's key; when it ends, all is
//! forgotten.

pub mod board;
mod guests;
mod hall;
mod visitors;
mod web;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::{fmt, io};

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, StartError, client_name};
use exercises::class;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use board::LEARNERS;
use hall::Hall;

/// Where a hub is to be.
#[derive(Debug)]
pub struct Where {
    /// Where its node listens; port 0: any.
    pub node: SocketAddr,
    /// Where its pages are; port 0: any.
    pub pages: SocketAddr,
    /// The address that learners use.
    pub ip: IpAddr,
}

/// A hub that runs.
#[derive(Debug)]
pub struct Hub {
    server: Server,
    web: JoinHandle<()>,
    /// What a learner types; `NAME` is to be replaced.
    pub invitation: String,
    /// The page for the room: no names.
    pub room_page: String,
    /// The page for the teacher, with a secret in its address.
    pub teacher_page: String,
}

/// Why a hub cannot start.
#[derive(Debug)]
pub enum CannotStart {
    /// Its node cannot.
    Node(StartError),
    /// Its pages have no place.
    Pages(SocketAddr, io::Error),
}

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(error) => write!(f, "--listen: {error}"),
            Self::Pages(address, error) if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "--http: TCP port {} on {} is in use: stop the other program, or choose another port \
                 (0 lets the system choose)",
                address.port(),
                address.ip()
            ),
            Self::Pages(address, error) => {
                write!(f, "--http: cannot open a TCP socket on {address}: {error}")
            }
        }
    }
}

impl std::error::Error for CannotStart {}

impl Hub {
    /// Starts node and pages.
    ///
    /// # Errors
    /// When a port is taken, or an address is none of this machine.
    pub async fn start(key: NodeKey, at: &Where) -> Result<Self, CannotStart> {
        let cannot = |error| CannotStart::Pages(at.pages, error);
        let listener = TcpListener::bind(at.pages).await.map_err(cannot)?;
        // Pages that only this computer reaches are told where it finds them.
        let ip = if at.pages.ip().is_loopback() { at.pages.ip() } else { at.ip };
        let pages = SocketAddr::new(ip, listener.local_addr().map_err(cannot)?.port());
        let key = Arc::new(key);
        let hall = Arc::new(Hall::new(Arc::clone(&key)));
        let serving = Arc::clone(&hall);
        let protocol = class::protocol(move |peer, pipe| {
            let hall = Arc::clone(&serving);
            async move { hall.serve(&peer, pipe).await }
        });
        let config = Config {
            listen: Some(at.node),
            external: vec![at.ip.into()],
            discovery: false,
            // Some to spare: a learner who comes back may be here twice for a moment.
            max_peers: LEARNERS.saturating_mul(2),
            protocols: vec![protocol],
            tap: Some(visitors::tap(&hall)),
            ..Config::new(Arc::clone(&key), client_name("hub", env!("CARGO_PKG_VERSION")))
        };
        let server = Server::start(config).await.map_err(CannotStart::Node)?;
        let invitation = format!("cargo exercise --join \"{}\" --name NAME", server.enode());
        let secret = hall.secret_of(&key.public_key());
        let room_page = format!("http://{pages}");
        hall.open(&room_page, &invitation);
        let teacher_page = format!("{room_page}/teacher/{secret}");
        let web = tokio::spawn(web::serve(listener, hall, secret));
        Ok(Self { server, web, invitation, room_page, teacher_page })
    }

    /// Says goodbye to all.
    pub async fn stop(self) {
        self.web.abort();
        // Whether it ended by itself does not matter.
        let _ = self.web.await;
        self.server.stop().await;
    }
}
