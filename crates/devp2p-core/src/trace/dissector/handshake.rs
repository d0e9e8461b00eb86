//! The two packets of a handshake, and what follows from them.

use super::super::notebook::Notebook;
use super::super::step::Side;
use super::Dissector;
use crate::handshake::{
    AckBody, AuthBody, Contribution, HandshakeError, Packet, Secrets, initiator_ephemeral,
    packet_len,
};
use crate::keys::PublicKey;
use crate::record::SecretName;

impl Dissector {
    /// Takes a whole handshake packet off the buffer, if it is there.
    pub(super) fn read_packet(&mut self, from: Side) -> bool {
        let buffer = &mut self.flow(from).buffer;
        let Some(prefix) = buffer.first_chunk::<2>() else { return false };
        let length = packet_len(*prefix).map(|length| length.saturating_add(2));
        // A size that cannot be is read as far as it is there.
        let length = length.unwrap_or(buffer.len());
        if buffer.len() < length {
            return false;
        }
        let packet: Vec<u8> = buffer.drain(..length).collect();
        match from {
            Side::Initiator => self.read_auth(packet),
            Side::Recipient => self.read_ack(&packet),
        }
        true
    }

    pub(super) fn read_auth(&mut self, packet: Vec<u8>) {
        let mut notes = Notebook::new(Side::Initiator);
        self.secrets.tell_keys(Side::Initiator, &mut notes);
        let read = self.auth_body(&packet, &mut notes);
        let fault = read.as_ref().err().map(|error| notes.fail(error, &packet));
        self.close_as("1-auth", "auth", notes, fault);
        self.initiator.is_broken = read.is_err();
        self.auth = Some((packet, read.unwrap_or_default()));
    }

    fn auth_body(
        &mut self,
        packet: &[u8],
        notes: &mut Notebook,
    ) -> Result<Option<AuthBody>, HandshakeError> {
        let packet = Packet::read(packet, notes)?;
        let secrets = &self.secrets;
        let by_key = || secrets.agreed(SecretName::RecipientPrivkey, Some(packet.r()));
        let Some(secret) = secrets.shared(SecretName::Auth).or_else(by_key) else {
            return Ok(None);
        };
        let body = AuthBody::decode(&packet.open(&secret, notes)?, notes)?;
        let initiator =
            PublicKey::from_bytes(body.initiator).map_err(|_| HandshakeError::PublicKey)?;
        let by_key = || secrets.agreed(SecretName::RecipientPrivkey, Some(&initiator));
        if let Some(secret) = secrets.shared(SecretName::StaticSharedSecret).or_else(by_key) {
            self.initiator_ephemeral = Some(initiator_ephemeral(&body, &secret, notes)?);
        }
        Ok(Some(body))
    }

    pub(super) fn read_ack(&mut self, packet: &[u8]) {
        let mut notes = Notebook::new(Side::Recipient);
        self.secrets.tell_keys(Side::Recipient, &mut notes);
        let read = self.ack_body(packet, &mut notes);
        let fault = read.as_ref().err().map(|error| notes.fail(error, packet));
        self.recipient.is_broken = read.is_err();
        if let Ok(Some(body)) = &read {
            self.derive(packet, body, &mut notes);
        }
        self.ack_is_read = true;
        self.close_as("2-ack", "ack", notes, fault);
    }

    fn ack_body(
        &self,
        packet: &[u8],
        notes: &mut Notebook,
    ) -> Result<Option<AckBody>, HandshakeError> {
        let packet = Packet::read(packet, notes)?;
        let by_key = || self.secrets.agreed(SecretName::InitiatorPrivkey, Some(packet.r()));
        let Some(secret) = self.secrets.shared(SecretName::Ack).or_else(by_key) else {
            return Ok(None);
        };
        let body = AckBody::decode(&packet.open(&secret, notes)?, notes)?;
        PublicKey::from_bytes(body.ephemeral).map_err(|_| HandshakeError::PublicKey)?;
        Ok(Some(body))
    }

    /// From here on frames can be read.
    fn derive(&mut self, ack: &[u8], body: &AckBody, notes: &mut Notebook) {
        let Some((auth, Some(auth_body))) = &self.auth else { return };
        let secrets = &self.secrets;
        let theirs = PublicKey::from_bytes(body.ephemeral).ok();
        let ephemeral_key = secrets
            .shared(SecretName::EphemeralKey)
            .or_else(|| secrets.agreed(SecretName::InitiatorEphemeralPrivkey, theirs.as_ref()))
            .or_else(|| {
                let own = SecretName::RecipientEphemeralPrivkey;
                secrets.agreed(own, self.initiator_ephemeral.as_ref())
            });
        let Some(ephemeral_key) = ephemeral_key else { return };
        let nonces = (&auth_body.nonce, &body.nonce);
        let session = Secrets::derive(&ephemeral_key, nonces.0, nonces.1, notes);
        let initiator = Contribution { nonce: nonces.0, packet: auth };
        let recipient = Contribution { nonce: nonces.1, packet: ack };
        self.recipient.reader = Some(session.reader(recipient, initiator, notes));
        // What the initiator will send begins with its packet: noted as its own, in a step of its own.
        let mut of_initiator = Notebook::new(Side::Initiator);
        self.initiator.reader = Some(session.reader(initiator, recipient, &mut of_initiator));
        notes.take_over(of_initiator);
    }
}
