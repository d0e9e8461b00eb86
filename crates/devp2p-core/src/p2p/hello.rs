//! Hello: the first message of each side.
//!
//! ```text
//! [p2p-version, client-id, [[name, version], …], listen-port, node-key (64), …]
//! ```
//!
//! Spec: [RLPx, Hello](https://github.com/ethereum/devp2p/blob/master/rlpx.md#hello-0x00)

use alloy_rlp::Encodable;

use super::{Capability, MessageError, VERSION, fields, printable};
use crate::keys::PublicKey;
use crate::record::{AS_HEX, Field, Recorder};
use crate::rlp::{Items, list};

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
        Self::decode_noting(payload, &mut ())
    }

    /// The same, for a recorder.
    pub(crate) fn decode_noting<R: Recorder>(
        payload: &[u8],
        recorder: &mut R,
    ) -> Result<Self, MessageError> {
        if payload.len() > MAX_HELLO {
            return Err(MessageError::TooBig { size: payload.len(), limit: MAX_HELLO });
        }
        recorder.part(&fields::HELLO);
        let mut rest = payload;
        let hello = Items::take(&mut rest, &fields::LIST, recorder)
            .map_err(|_| MessageError::Hello)
            .and_then(|mut items| decode_items(&mut items))?;
        if !rest.is_empty() {
            recorder.field(&fields::TRAILING, rest, &AS_HEX);
        }
        Ok(hello)
    }
}

// ANCHOR: decode_items
fn decode_items<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Hello, MessageError> {
    let malformed = |_| MessageError::Hello;
    let version = items.number(&fields::P2P_VERSION).map_err(malformed)?;
    let client_id = text(items, &fields::CLIENT_ID).map_err(malformed)?;
    let capabilities = items.list(&fields::CAPABILITIES).and_then(decode_capabilities);
    let capabilities = capabilities.map_err(malformed)?;
    let listen_port = items.number(&fields::LISTEN_PORT).map_err(malformed)?;
    let key = items.array(&fields::NODE_KEY).map_err(|_| MessageError::HelloKey)?;
    let public_key = PublicKey::from_bytes(key).map_err(|_| MessageError::HelloKey)?;
    Ok(Hello { version, client_id, capabilities, listen_port, public_key })
}
// ANCHOR_END: decode_items

fn decode_capabilities<R: Recorder>(
    mut entries: Items<'_, '_, R>,
) -> alloy_rlp::Result<Vec<Capability>> {
    let mut capabilities = Vec::new();
    while !entries.is_empty() {
        let mut entry = entries.list(&fields::CAPABILITY)?;
        let name = text(&mut entry, &fields::CAPABILITY_NAME)?;
        let version = entry.number(&fields::CAPABILITY_VERSION)?;
        capabilities.push(Capability { name, version });
    }
    Ok(capabilities)
}

fn text<R: Recorder>(
    items: &mut Items<'_, '_, R>,
    field: &'static Field,
) -> alloy_rlp::Result<String> {
    let read = |bytes: &[u8]| Ok(printable(&String::from_utf8_lossy(bytes)));
    items.string(field, read, |text| format!("\"{text}\""))
}
