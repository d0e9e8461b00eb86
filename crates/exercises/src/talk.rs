//! A connection with the program's node, from Hello on.

use std::slice;

use alloy_rlp::Encodable;
use bytes::Bytes;
use devp2p_core::handshake::HandshakeError;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::{EndReason, TransportError};
use devp2p_core::p2p::{
    BASE_LENGTH, DisconnectReason, EMPTY_LIST, Hello, MessageError, Offer, PING, PONG, Received,
    shared,
};

use crate::bytes_view;
use crate::remote::FarLink;
use crate::room::{Checked, Room};

/// A connection on which both Hellos were said.
pub(crate) struct Talk {
    link: FarLink,
}

/// What the other side says after Hello.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A message of the shared protocol.
    Message(u64, Bytes),
    /// It is there.
    Pong,
    /// It goes, and says why.
    Goodbye(DisconnectReason),
}

impl Talk {
    /// Says Hello as `ours`, a key and a name, and hears one: their name must begin with `name`.
    pub(crate) async fn begin(
        room: &mut Room<'_>,
        mut link: FarLink,
        (key, our_name): (PublicKey, &str),
        name: &str,
        offer: Option<Offer>,
    ) -> Checked<Self> {
        room.begin("Hello");
        let capabilities = offer.iter().map(|offer| offer.capability.clone()).collect();
        let ours = Hello::new(key, our_name, capabilities);
        let hello = room.wait("its Hello", link.exchange_hello(&ours)).await?.map_err(in_words)?;
        link.check_identity(&hello).map_err(in_words)?;
        if !hello.client_id.starts_with(&format!("{name}/")) {
            return Err(format!(
                "Your node calls itself {:?}. The task wants a name that begins with \"{name}/\".",
                hello.client_id
            ));
        }
        room.pass("it says its name").await?;
        if let Some(offer) = offer {
            room.begin("capability");
            let spoken = shared(slice::from_ref(&offer), &hello.capabilities);
            if spoken.is_empty() {
                return Err(no_common(&offer, &hello));
            }
            link.share(spoken);
            room.pass("we speak the same protocol").await?;
        }
        Ok(Self { link })
    }

    /// Sends a message of the shared protocol.
    pub(crate) async fn say(&mut self, code: u64, value: &impl Encodable) -> Checked {
        let payload = alloy_rlp::encode(value);
        self.link.send(BASE_LENGTH.saturating_add(code), &payload).await.map_err(in_words)
    }

    /// Waits for the next thing that is said. Pings are answered.
    pub(crate) async fn hear(&mut self, room: &mut Room<'_>, what: &str) -> Checked<Heard> {
        room.wait(what, hear(&mut self.link)).await?
    }

    /// Waits for a message with this code, and this payload: a word for what it is, and the RLP of it.
    pub(crate) async fn hear_message(
        &mut self,
        room: &mut Room<'_>,
        what: &str,
        code: u64,
    ) -> Checked<Bytes> {
        match self.hear(room, what).await? {
            Heard::Message(it, payload) if it == code => Ok(payload),
            Heard::Message(it, _) => {
                Err(format!("I waited for {what}, code {code}. Your message has code {it}."))
            }
            Heard::Goodbye(reason) => {
                Err(format!("I waited for {what}. {}", in_words(EndReason::Remote(reason))))
            }
            Heard::Pong => Err(format!("I waited for {what}. Your node sent a Pong.")),
        }
    }

    /// The same, and the payload must be the RLP of `value`.
    pub(crate) async fn hear_exactly(
        &mut self,
        room: &mut Room<'_>,
        what: &str,
        code: u64,
        value: &impl Encodable,
    ) -> Checked {
        let payload = self.hear_message(room, what, code).await?;
        let expected = alloy_rlp::encode(value);
        match bytes_view::difference(&expected, &payload) {
            Some(difference) => Err(format!("This is not {what}:\n\n{difference}")),
            None => Ok(()),
        }
    }

    /// A Ping must be answered: the node is there, and wants to stay.
    pub(crate) async fn stays(&mut self, room: &mut Room<'_>) -> Checked {
        room.begin("stays");
        self.link.send(PING, EMPTY_LIST).await.map_err(in_words)?;
        match self.hear(room, "it to answer a Ping").await? {
            Heard::Pong => room.pass("it answers my Ping: we are connected").await?,
            Heard::Goodbye(reason) => return Err(goes_early(reason)),
            Heard::Message(code, _) => {
                return Err(format!("I waited for a Pong. A message with code {code} came."));
            }
        }
        Ok(())
    }

    /// It must say goodbye; messages may come before.
    pub(crate) async fn says_goodbye(&mut self, room: &mut Room<'_>) -> Checked {
        room.begin("goodbye");
        loop {
            match self.hear(room, "it to say goodbye").await {
                Ok(Heard::Goodbye(reason)) => {
                    room.pass(&format!("it says why it goes: {reason}")).await?;
                    return Ok(());
                }
                Ok(_) => {}
                Err(seen) => {
                    return Err(format!(
                        "{seen}\nA server says goodbye to its peers when it is stopped \
                         (server.stop().await); a program that just ends says nothing."
                    ));
                }
            }
        }
    }

    /// Says goodbye.
    pub(crate) async fn leave(self, reason: DisconnectReason) {
        self.link.say_goodbye(Some(reason)).await;
    }
}

async fn hear(link: &mut FarLink) -> Checked<Heard> {
    loop {
        match link.receive().await.map_err(in_words)? {
            Received::Ping => {}
            Received::Other(PONG) => return Ok(Heard::Pong),
            Received::Other(_) => continue,
            Received::Disconnect(payload) => {
                return Ok(Heard::Goodbye(DisconnectReason::decode(payload)));
            }
            Received::Message { code, payload, .. } => return Ok(Heard::Message(code, payload)),
        }
        link.send(PONG, EMPTY_LIST).await.map_err(in_words)?;
    }
}

fn no_common(offer: &Offer, hello: &Hello) -> String {
    let theirs: Vec<String> = hello.capabilities.iter().map(ToString::to_string).collect();
    let theirs = if theirs.is_empty() { "no protocol".to_owned() } else { theirs.join(", ") };
    format!(
        "Your node offers {theirs}, and I speak {}. Name and version must both be the same.",
        offer.capability
    )
}

fn goes_early(reason: DisconnectReason) -> String {
    format!("We had both said Hello, and then your node said goodbye at once: {reason}.")
}

/// What is seen when the first packet is not right.
pub(crate) fn in_auth(end: EndReason) -> String {
    match end {
        EndReason::Transport(TransportError::Handshake(HandshakeError::Undecipherable)) => {
            "A packet came that I cannot open: it was written to another key than mine. Is the key \
             in the enode that you dial the one that `workbench::peer()` gave you?"
                .to_owned()
        }
        other => in_words(other),
    }
}

/// What is seen when a connection does not go on.
pub(crate) fn in_words(end: EndReason) -> String {
    match end {
        EndReason::Remote(DisconnectReason::TooManyPeers) => {
            "Your node said \"too many peers\": it has no room for me. A server has room for as many \
             as its Config says: max_peers, and that is 0 if nothing is said."
                .to_owned()
        }
        EndReason::Remote(
            reason @ (DisconnectReason::ProtocolBreach | DisconnectReason::SubprotocolError),
        ) => format!(
            "Your node said goodbye: {reason}. That is what a node says whose handler returns an \
             error. Which one? Let the handler print what `read`, `decode` or `send` gives back. (`send` \
             fails if your protocol has no message with that code: how many messages does it have?)"
        ),
        EndReason::Remote(DisconnectReason::Quitting) => {
            "Your node said goodbye: client quitting. Its handler has returned, or the server was \
             stopped."
                .to_owned()
        }
        EndReason::Remote(reason) => format!("Your node said goodbye: {reason}."),
        EndReason::HungUp => {
            "Your node hung up on my first packet. It cannot read it: it has another key than the \
             enode says."
                .to_owned()
        }
        EndReason::Connect(_) => {
            "Nobody listens at the address in the enode. Is your server still running?".to_owned()
        }
        EndReason::Transport(TransportError::Message(MessageError::UnknownMsgId(id))) => {
            format!("Your node sent a message with msg-id {id:#x}, which belongs to no protocol.")
        }
        EndReason::Transport(
            TransportError::Io(_) | TransportError::Closed | TransportError::ClosedInHandshake,
        ) => {
            "Your node has closed the connection, without a word. Was it stopped too early? Then let your \
             program wait for what is to happen.".to_owned()
        }
        other => format!("The connection ended: {other}."),
    }
}
