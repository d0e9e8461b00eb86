//! Events as JSON.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize, Serializer};

use super::PeerEvent;
use crate::enode::Enode;
use crate::keys::PublicKey;

/// An event as JSON: what is written, and can be read again.
///
/// `peer` is the public key, 128 hex digits (go-ethereum today: its keccak-256, 64 digits). Keys
/// that an event does not have are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventRecord {
    /// `type`: see [`PeerEvent::kind`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<PublicKey>,
    /// Which node cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enode: Option<Enode>,
    /// Why it was dropped, or cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The name of the message's protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The message code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_code: Option<u64>,
    /// Bytes of payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_size: Option<usize>,
    /// Our end of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// The peer's end of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// How many events were missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl From<&PeerEvent> for EventRecord {
    fn from(event: &PeerEvent) -> Self {
        let mut record = Self {
            kind: event.kind().to_owned(),
            peer: event.peer().map(|peer| peer.id),
            enode: None,
            error: None,
            protocol: None,
            msg_code: None,
            msg_size: None,
            local: event.peer().and_then(|peer| peer.local),
            remote: event.peer().and_then(|peer| peer.remote),
            count: None,
        };
        match event {
            PeerEvent::Add { .. } => {}
            PeerEvent::Drop { error, .. } => record.error = Some(error.to_string()),
            PeerEvent::DialFailed { enode, error } => {
                record.peer = Some(enode.public_key);
                record.enode = Some(Enode::clone(enode));
                record.error = Some(error.to_string());
            }
            PeerEvent::MsgSend(message) | PeerEvent::MsgRecv(message) => {
                record.protocol = Some(message.protocol.to_string());
                record.msg_code = Some(message.msg_code);
                record.msg_size = Some(message.msg_size);
            }
            PeerEvent::Missed(count) => record.count = Some(*count),
        }
        record
    }
}

impl Serialize for PeerEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EventRecord::from(self).serialize(serializer)
    }
}
