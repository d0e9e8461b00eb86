//! A record in the making: keys are sorted, and the length is checked.

use std::collections::BTreeMap;
use std::net::IpAddr;

use alloy_rlp::Encodable;

use super::{Enr, EnrError, MAX_RECORD, SCHEME, digest};
use crate::keys::NodeKey;
use crate::rlp::take_item;

/// A record that is not signed yet.
///
/// ```
/// use devp2p_core::enr::Enr;
/// use devp2p_core::keys::NodeKey;
///
/// let key = NodeKey::generate(&mut rand::rng());
/// let at_home = Enr::builder(1).ip([127, 0, 0, 1].into()).udp(30303).tcp(30303);
/// let record = at_home.entry("room", &"kitchen").sign(&key)?;
/// assert_eq!(record.entry::<String>("room").as_deref(), Some("kitchen"));
/// assert_eq!(record.to_string().parse::<Enr>()?, record);
/// # Ok::<(), devp2p_core::enr::EnrError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "only a signed record is a record"]
pub struct EnrBuilder {
    seq: u64,
    /// Values as RLP. Sorted: the keys of a record must be.
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl EnrBuilder {
    pub(super) fn new(seq: u64) -> Self {
        Self { seq, entries: BTreeMap::new() }
    }

    /// Where the node is. An IPv4 address in the clothes of an IPv6 address (`::ffff:1.2.3.4`) is
    /// undressed. A record can have one of each kind.
    pub fn ip(self, ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.entry("ip", &ip.octets()),
            IpAddr::V6(ip) => self.entry("ip6", &ip.octets()),
        }
    }

    /// The UDP port, for discovery; 0 leaves it out.
    pub fn udp(self, port: u16) -> Self {
        self.port("udp", port)
    }

    /// The TCP port, for connections; 0 leaves it out.
    pub fn tcp(self, port: u16) -> Self {
        self.port("tcp", port)
    }

    /// The UDP port at the IPv6 address, if it is another one than at the IPv4 address; 0 leaves it
    /// out.
    pub fn udp6(self, port: u16) -> Self {
        self.port("udp6", port)
    }

    /// The TCP port at the IPv6 address, if it is another one than at the IPv4 address; 0 leaves it
    /// out.
    pub fn tcp6(self, port: u16) -> Self {
        self.port("tcp6", port)
    }

    /// Any other key. A key that is there already gets the new value; `id` and `secp256k1` are
    /// written when the record is signed, whatever was said before.
    pub fn entry(mut self, key: impl AsRef<[u8]>, value: &(impl Encodable + ?Sized)) -> Self {
        let mut rlp = Vec::with_capacity(value.length());
        value.encode(&mut rlp);
        self.entries.insert(key.as_ref().to_vec(), rlp);
        self
    }

    /// Signs the record with the node's key.
    ///
    /// # Errors
    /// [`EnrError::TooLong`] when it would have more than [`MAX_RECORD`] bytes,
    /// [`EnrError::Malformed`] when a value encodes itself as anything but one RLP item.
    pub fn sign(self, key: &NodeKey) -> Result<Enr, EnrError> {
        if !self.entries.values().all(|value| is_one_item(value)) {
            return Err(EnrError::Malformed);
        }
        let record = self.sign_short(key);
        if record.to_rlp().len() > MAX_RECORD { Err(EnrError::TooLong) } else { Ok(record) }
    }

    /// The same, for a record whose entries are chosen here and are known to be short.
    pub(crate) fn sign_short(self, key: &NodeKey) -> Enr {
        let public_key = key.public_key();
        let own = self.entry("id", SCHEME).entry("secp256k1", &public_key.to_compressed());
        let mut pairs = Vec::with_capacity(MAX_RECORD);
        for (name, value) in &own.entries {
            name.as_slice().encode(&mut pairs);
            pairs.extend_from_slice(value);
        }
        let [signature @ .., _recovery_id] = key.sign(digest(own.seq, &pairs));
        Enr { signature, seq: own.seq, pairs: pairs.into(), public_key }
    }

    fn port(mut self, key: &str, port: u16) -> Self {
        if port == 0 {
            self.entries.remove(key.as_bytes());
            return self;
        }
        self.entry(key, &port)
    }
}

fn is_one_item(mut rlp: &[u8]) -> bool {
    take_item(&mut rlp).is_ok() && rlp.is_empty()
}
