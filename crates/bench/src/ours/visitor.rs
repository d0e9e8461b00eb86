//! A peer without a server: it connects, says Hello, and is driven by hand.

use devp2p_core::enode::{Enode, Host};
use devp2p_core::frame::MAX_FRAME_SIZE;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::transport::{self, Incoming, Outgoing};
use devp2p_core::p2p::message::{self, Compression, MAX_PAYLOAD};
use devp2p_core::p2p::{BASE_LENGTH, Capability, EMPTY_LIST, HELLO, Hello, PING, PONG};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::Result;

/// Visitors that come at the same time.
pub(crate) const AT_ONCE: usize = 8;

/// One end of a connection to a server.
#[derive(Debug)]
pub(crate) struct Visitor {
    incoming: Incoming<OwnedReadHalf>,
    outgoing: Outgoing<OwnedWriteHalf>,
}

impl Visitor {
    /// Connects, shakes hands, and exchanges Hello.
    ///
    /// # Errors
    /// If the server does not want us.
    pub(crate) async fn connect(server: &Enode, key: &NodeKey) -> Result<Self> {
        let endpoint = server.endpoint.as_ref().ok_or("the server does not listen")?;
        let Host::Ip(ip) = endpoint.host else {
            return Err("the server has no IP address".into());
        };
        let stream = TcpStream::connect((ip, endpoint.tcp)).await?;
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = stream.into_split();
        let session = transport::initiate(&mut reader, &mut writer, key, server.public_key).await?;
        let incoming = Incoming::new(reader, session.reader);
        let mut outgoing = Outgoing::new(writer, session.writer);
        let capabilities = vec![Capability::new("bench", 1)];
        let hello = Hello::new(key.public_key(), "visitor", capabilities).encode();
        outgoing.send(HELLO, &hello, Compression::Off).await?;
        let mut visitor = Self { incoming, outgoing };
        match message::split_id(visitor.incoming.read(MAX_FRAME_SIZE).await?)? {
            (HELLO, _) => Ok(visitor),
            (id, _) => Err(format!("the server said {id:#x} instead of Hello").into()),
        }
    }

    /// Waits for a message of a protocol, and returns how long its payload is.
    ///
    /// # Errors
    /// When the connection ends.
    pub(crate) async fn read(&mut self) -> Result<usize> {
        loop {
            let (id, payload) = message::split_id(self.incoming.read(MAX_FRAME_SIZE).await?)?;
            if id >= BASE_LENGTH {
                return Ok(Compression::Snappy.decompress(payload, MAX_PAYLOAD)?.len());
            }
        }
    }

    /// Waits for a ping, and answers it.
    ///
    /// # Errors
    /// When the connection ends.
    pub(crate) async fn answer_ping(&mut self) -> Result<()> {
        loop {
            let (id, _) = message::split_id(self.incoming.read(MAX_FRAME_SIZE).await?)?;
            if id == PING {
                return Ok(self.outgoing.send(PONG, EMPTY_LIST, Compression::Snappy).await?);
            }
        }
    }
}
