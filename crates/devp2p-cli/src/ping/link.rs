//! The encrypted connection of a ping.

use devp2p_core::frame::MAX_FRAME_SIZE;
use devp2p_core::handshake::Session;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::GOODBYE_TIMEOUT;
use devp2p_core::net::transport::{Incoming, Outgoing};
use devp2p_core::p2p::hello::MAX_HELLO;
use devp2p_core::p2p::message::{self, Compression};
use devp2p_core::p2p::{
    DISCONNECT, DisconnectReason, EMPTY_LIST, HELLO, Hello, MessageError, PING, PONG,
};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::PingError;

/// A connection to a node whose key is proved.
pub(super) struct Link {
    remote: PublicKey,
    incoming: Incoming<OwnedReadHalf>,
    outgoing: Outgoing<OwnedWriteHalf>,
    /// Off until both have said Hello.
    compression: Compression,
}

impl Link {
    pub(super) fn new(reader: OwnedReadHalf, writer: OwnedWriteHalf, session: Session) -> Self {
        Self {
            remote: session.remote,
            incoming: Incoming::new(reader, session.reader),
            outgoing: Outgoing::new(writer, session.writer),
            compression: Compression::Off,
        }
    }

    /// Sends our Hello and reads theirs.
    pub(super) async fn exchange_hello(&mut self, ours: &Hello) -> Result<Hello, PingError> {
        let sent = self.outgoing.send(HELLO, &ours.encode(), Compression::Off).await;
        // What they said counts more than that they did not listen: it may be why.
        let theirs = self.receive_hello().await?;
        sent?;
        self.compression = Compression::for_version(theirs.version);
        if theirs.public_key == self.remote {
            Ok(theirs)
        } else {
            Err(PingError::UnexpectedIdentity)
        }
    }

    /// Their first message: Hello, or why they do not want us.
    async fn receive_hello(&mut self) -> Result<Hello, PingError> {
        // One byte for the msg-id.
        let frame_data = self.incoming.read(MAX_HELLO.saturating_add(1)).await?;
        match message::split_id(frame_data)? {
            (HELLO, payload) => Ok(Hello::decode(payload)?),
            (DISCONNECT, payload) => Err(refused(payload)),
            (other, _) => Err(MessageError::NotHello(other).into()),
        }
    }

    /// Sends Ping and waits for Pong. Answers their Pings meanwhile; messages of subprotocols, as
    /// some nodes send them at once, are not for us.
    pub(super) async fn ping(&mut self) -> Result<(), PingError> {
        let sent = self.outgoing.send(PING, EMPTY_LIST, self.compression).await;
        loop {
            let frame_data = self.incoming.read(MAX_FRAME_SIZE).await?;
            match message::split_id(frame_data)? {
                (PONG, _) => return Ok(sent?),
                (PING, _) => self.send_pong().await?,
                (DISCONNECT, payload) => return Err(refused(payload)),
                _ => {}
            }
        }
    }

    async fn send_pong(&mut self) -> Result<(), PingError> {
        Ok(self.outgoing.send(PONG, EMPTY_LIST, self.compression).await?)
    }

    /// Says goodbye, if there is something to say, and waits until it was heard: a connection that
    /// is closed with unread input is reset, and a reset destroys what was sent.
    pub(super) async fn say_goodbye(mut self, reason: Option<DisconnectReason>) {
        let Some(reason) = reason else { return };
        let farewell = async {
            self.outgoing.send(DISCONNECT, &reason.encode(), self.compression).await?;
            self.outgoing.shutdown().await
        };
        // All is done: that a goodbye did not arrive changes nothing.
        let _ = timeout(GOODBYE_TIMEOUT, farewell).await;
        let _ = timeout(GOODBYE_TIMEOUT, self.incoming.discard()).await;
    }
}

fn refused(payload: &[u8]) -> PingError {
    PingError::Refused(DisconnectReason::decode(payload))
}
