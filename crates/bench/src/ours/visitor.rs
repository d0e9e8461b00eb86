//! A peer without a server: a link that is driven by hand.

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::Link;
use devp2p_core::p2p::{Capability, EMPTY_LIST, Hello, Offer, PONG, Received, shared};

use crate::Result;

/// Visitors that come at the same time.
pub(crate) const AT_ONCE: usize = 8;

/// One end of a connection to a server.
#[derive(Debug)]
pub(crate) struct Visitor(Link);

impl Visitor {
    /// Connects, shakes hands, and exchanges Hello.
    ///
    /// # Errors
    /// If the server does not want us.
    pub(crate) async fn connect(server: &Enode, key: &NodeKey) -> Result<Self> {
        let offer = Offer::new(Capability::new("bench", 1), 1);
        let hello = Hello::new(key.public_key(), "visitor", vec![offer.capability.clone()]);
        let mut link = Link::dial(key, server).await?;
        let theirs = link.exchange_hello(&hello).await?;
        link.share(shared(&[offer], &theirs.capabilities));
        Ok(Self(link))
    }

    /// Waits for a message of a protocol, and returns how long its payload is.
    ///
    /// # Errors
    /// When the connection ends.
    pub(crate) async fn read(&mut self) -> Result<usize> {
        loop {
            match self.0.receive().await? {
                Received::Message { payload, .. } => return Ok(payload.len()),
                Received::Disconnect(_) => return Err("the server said goodbye".into()),
                Received::Ping | Received::Other(_) => {}
            }
        }
    }

    /// Waits for a ping, and answers it.
    ///
    /// # Errors
    /// When the connection ends.
    pub(crate) async fn answer_ping(&mut self) -> Result<()> {
        while self.0.receive().await? != Received::Ping {}
        Ok(self.0.send(PONG, EMPTY_LIST).await?)
    }
}
