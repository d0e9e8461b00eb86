//! The secrets of a handshake, as far as its reader knows them.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use super::notebook::Notebook;
use super::step::Side;
use crate::keys::{NodeKey, PublicKey, SharedSecret};
use crate::record::{Field, KnownBy, Part, Recorder, SecretName};

/// What is known about a handshake besides its bytes. Erased on drop, and `Debug` shows nothing.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<SecretName, Zeroizing<[u8; 32]>>);

impl Secrets {
    /// Adds one.
    pub fn insert(&mut self, name: SecretName, secret: [u8; 32]) {
        self.0.insert(name, Zeroizing::new(secret));
    }

    /// Adds a node's own key.
    pub fn insert_key(&mut self, name: SecretName, key: &NodeKey) {
        self.insert(name, *key.secret.to_bytes());
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: SecretName) -> Option<&[u8; 32]> {
        self.0.get(&name).map(|secret| &**secret)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn shared(&self, name: SecretName) -> Option<SharedSecret> {
        self.get(name).map(|secret| SharedSecret::from_bytes(*secret))
    }

    fn key(&self, name: SecretName) -> Option<NodeKey> {
        NodeKey::from_bytes(*self.get(name)?).ok()
    }

    /// What `own` agrees on with `other`.
    pub(super) fn agreed(
        &self,
        own: SecretName,
        other: Option<&PublicKey>,
    ) -> Option<SharedSecret> {
        Some(self.key(own)?.agree(other?))
    }

    /// The secret keys that are known, and to whom.
    pub(super) fn tell_keys(&self, from: Side, notes: &mut Notebook) {
        let (own, others): (&[_], &[_]) = match from {
            Side::Initiator => (
                &[
                    (SecretName::InitiatorPrivkey, &INITIATOR_PRIVKEY),
                    (SecretName::InitiatorEphemeralPrivkey, &INITIATOR_EPHEMERAL_PRIVKEY),
                    (SecretName::AuthR, &R_PRIVKEY),
                ],
                &[(SecretName::RecipientPrivkey, &RECIPIENT_PRIVKEY)],
            ),
            Side::Recipient => (
                &[
                    (SecretName::RecipientEphemeralPrivkey, &RECIPIENT_EPHEMERAL_PRIVKEY),
                    (SecretName::AckR, &R_PRIVKEY),
                ],
                &[],
            ),
        };
        for (part, keys) in [(&SENDERS_KEYS, own), (&RECEIVERS_KEYS, others)] {
            for (name, field) in keys {
                if let Some(key) = self.get(*name) {
                    notes.part(part);
                    notes.value(field, key);
                }
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake";

const SENDERS_KEYS: Part = Part {
    name: "secret keys of the sender",
    means: "what the sender has drawn, and tells nobody",
    spec: SPEC,
    code: "keys::Secret::generate",
    known_by: KnownBy::Sender,
    secret: true,
};
const RECEIVERS_KEYS: Part = Part {
    name: "secret keys of the receiver",
    means: "what the receiver has, and tells nobody; the sender knows the public key, from the enode",
    spec: SPEC,
    code: "keys::Secret::generate",
    known_by: KnownBy::Receiver,
    secret: true,
};
const INITIATOR_PRIVKEY: Field = Field::new("initiator-privkey", "who the initiator is");
const RECIPIENT_PRIVKEY: Field = Field::new("recipient-privkey", "who the recipient is");
const INITIATOR_EPHEMERAL_PRIVKEY: Field =
    Field::new("initiator-ephemeral-privkey", "random, for this connection alone");
const RECIPIENT_EPHEMERAL_PRIVKEY: Field =
    Field::new("recipient-ephemeral-privkey", "random, for this connection alone");
const R_PRIVKEY: Field = Field::new("r", "random, for this packet alone: the secret key of R");
