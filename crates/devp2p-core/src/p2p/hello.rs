//! Hello: the first message of each side.
//!
//! ```text
//! [p2p-version, client-id, [[name, version], …], listen-port, node-key (64), …]
//! ```
//!
//! Spec: [RLPx, Hello](https://github.com/ethereum/devp2p/blob/master/rlpx.md#hello-0x00)

use alloy_rlp::{Decodable, Encodable, Header};

use super::{Capability, MessageError, VERSION, printable};
use crate::keys::PublicKey;
use crate::rlp::list;

/// Longest Hello that is read, in bytes of payload, as in go-ethereum; but checked against the
/// frame header, before the frame is read (go-ethereum reads up to 16 MiB and then looks).
pub const MAX_HELLO: usize = 2048;

/// Who a node is and what it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// p2p version. Any is accepted; below 5 nothing is compressed.
    pub version: u64,
    /// Client name, as in `foo/v42/linux/rust1.95.0`. In a decoded Hello it is [`printable`], as the
    /// capabilities' names are: they must not be able to paint on a terminal.
    pub client_id: String,
    /// The protocols it offers.
    pub capabilities: Vec<Capability>,
    /// Legacy: the TCP port it listens on; 0, as everyone sends today.
    pub listen_port: u64,
    /// The node's public key; the receiver compares it with the one of the handshake.
    pub public_key: PublicKey,
}

impl Hello {
    /// Our Hello: capabilities sorted, listen-port 0.
    pub fn new(public_key: PublicKey, client_id: &str, mut capabilities: Vec<Capability>) -> Self {
        capabilities.sort();
        Self {
            version: VERSION,
            client_id: client_id.to_owned(),
            capabilities,
            listen_port: 0,
            public_key,
        }
    }

    /// The payload to send; a Hello is never compressed.
    pub fn encode(&self) -> Vec<u8> {
        let capabilities: Vec<Vec<u8>> = self
            .capabilities
            .iter()
            .map(|capability| {
                let mut items = Vec::new();
                capability.name.as_str().encode(&mut items);
                capability.version.encode(&mut items);
                list(&items)
            })
            .collect();
        let mut items = Vec::new();
        self.version.encode(&mut items);
        self.client_id.as_str().encode(&mut items);
        items.extend(list(&capabilities.concat()));
        self.listen_port.encode(&mut items);
        self.public_key.to_bytes().encode(&mut items);
        list(&items)
    }

    /// Reads a Hello's payload; items and bytes after the known ones are ignored (EIP-8).
    ///
    /// # Errors
    /// [`MessageError::Hello`] when it is not such a list, [`MessageError::HelloKey`] when the
    /// node key is not a valid one, [`MessageError::TooBig`] above [`MAX_HELLO`] bytes.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        if payload.len() > MAX_HELLO {
            return Err(MessageError::TooBig { size: payload.len(), limit: MAX_HELLO });
        }
        let mut items = list_items(&mut &*payload)?;
        let version = field(&mut items)?;
        let client_id = text(&mut items)?;
        let capabilities = decode_capabilities(&mut items)?;
        let listen_port = field(&mut items)?;
        let key = Header::decode_bytes(&mut items, false).map_err(|_| MessageError::HelloKey)?;
        let key = key.try_into().map_err(|_| MessageError::HelloKey)?;
        let public_key = PublicKey::from_bytes(key).map_err(|_| MessageError::HelloKey)?;
        Ok(Self { version, client_id, capabilities, listen_port, public_key })
    }
}

fn decode_capabilities(items: &mut &[u8]) -> Result<Vec<Capability>, MessageError> {
    let mut entries = list_items(items)?;
    let mut capabilities = Vec::new();
    while !entries.is_empty() {
        let mut entry = list_items(&mut entries)?;
        capabilities.push(Capability { name: text(&mut entry)?, version: field(&mut entry)? });
    }
    Ok(capabilities)
}

fn list_items<'a>(rlp: &mut &'a [u8]) -> Result<&'a [u8], MessageError> {
    Header::decode_bytes(rlp, true).map_err(|_| MessageError::Hello)
}

fn field(items: &mut &[u8]) -> Result<u64, MessageError> {
    u64::decode(items).map_err(|_| MessageError::Hello)
}

fn text(items: &mut &[u8]) -> Result<String, MessageError> {
    let bytes = Header::decode_bytes(items, false).map_err(|_| MessageError::Hello)?;
    Ok(printable(&String::from_utf8_lossy(bytes)))
}
