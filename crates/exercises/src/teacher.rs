//! The teacher's node: the other end of the connection.

use devp2p_core::keys::{NodeId, NodeKey};
use devp2p_core::net::{Link, client_name};
use devp2p_core::p2p::Offer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{Duration, sleep};

use crate::room::{Checked, Room};
use crate::talk::{Talk, in_auth};

/// As if it were far away: whoever does not wait for it is gone before it says Hello.
const DISTANCE: Duration = Duration::from_millis(200);

/// A node that is dialed. It is no server, so that it sees each step by itself.
pub(crate) struct Teacher {
    key: NodeKey,
    /// What it calls itself: nobody can know before.
    pub(crate) name: String,
}

impl Teacher {
    /// With a fresh key; starts the program that is to dial it.
    pub(crate) async fn start(room: &mut Room<'_>) -> Checked<Self> {
        let nickname = format!("teacher-{:04x}", room.chance.next_u32() >> 16);
        let key = NodeKey::generate(&mut room.chance);
        room.start(Some(key.public_key())).await?;
        Ok(Self { key, name: client_name(&nickname, "1") })
    }

    /// Its key's hash.
    pub(crate) fn node_id(&self) -> NodeId {
        self.key.public_key().node_id()
    }

    /// Waits for the program's node, and for its Hello. Its name must begin with `name`.
    pub(crate) async fn greet(
        &self,
        room: &mut Room<'_>,
        name: &str,
        offer: Option<Offer>,
    ) -> Checked<Talk> {
        room.begin("TCP");
        let stream = room.connection("your node to connect").await?;
        room.pass("your node has connected to me").await?;

        room.begin("auth");
        let rng = StdRng::from_rng(&mut room.chance);
        let answering = Link::respond(stream, &self.key, rng);
        let link = room.wait("its first packet, auth", answering).await?.map_err(in_auth)?;
        room.pass("it wrote to my key, and says its own").await?;
        sleep(DISTANCE).await;
        Talk::begin(room, link, (self.key.public_key(), &self.name), name, offer).await
    }
}
