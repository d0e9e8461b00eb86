//! The teacher's node: the other end of the connection.

use std::net::{Ipv4Addr, SocketAddr};

use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Link, Stream, client_name};
use devp2p_core::p2p::Offer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::TcpListener;

use crate::room::{Checked, Room};
use crate::talk::{Talk, in_auth};

/// A node that listens. It is no server, so that it sees each step by itself.
pub(crate) struct Teacher {
    key: NodeKey,
    /// What it calls itself: nobody can know before.
    pub(crate) name: String,
    listener: TcpListener,
    address: SocketAddr,
}

impl Teacher {
    /// Listens on a free port.
    pub(crate) async fn open(room: &mut Room<'_>) -> Checked<Self> {
        let cannot = |error| format!("I cannot listen on 127.0.0.1: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let nickname = format!("teacher-{:04x}", room.chance.next_u32() >> 16);
        let key = NodeKey::generate(&mut room.chance);
        Ok(Self { key, name: client_name(&nickname, "1"), listener, address })
    }

    /// Where it is, and who it must be.
    pub(crate) fn enode(&self) -> Enode {
        let (host, tcp) = (Host::Ip(self.address.ip()), self.address.port());
        let address = Some(Address { host, tcp, udp: 0 });
        Enode { public_key: self.key.public_key(), address }
    }

    /// Waits for the program's node, and for its Hello. Its name must begin with `name`.
    pub(crate) async fn greet(
        &self,
        room: &mut Room<'_>,
        name: &str,
        offer: Option<Offer>,
    ) -> Checked<Talk> {
        room.begin("TCP");
        let accepted = room.wait("your node to connect", self.listener.accept()).await?;
        let (stream, _) = accepted.map_err(|error| format!("I could not accept: {error}"))?;
        room.pass("your node has connected to me");

        room.begin("auth");
        let (reader, writer) = stream.into_split();
        let rng = StdRng::from_rng(&mut room.chance);
        let answering = Link::respond(Stream::new(reader, writer), &self.key, rng);
        let link = room.wait("its first packet, auth", answering).await?.map_err(in_auth)?;
        room.pass("it wrote to my key, and says its own");
        Talk::begin(room, link, (self.key.public_key(), &self.name), name, offer).await
    }
}
