//! A capture: every RLPx connection and every discovery packet in it.

use std::collections::BTreeMap;

use devp2p_core::keys::NodeKey;
use devp2p_core::trace::keylog::{ConnectionId, connection_id};
use devp2p_core::trace::{Dissector, SecretName, Secrets, Side, Step, datagram, handshake_packet};

use tracing::warn;

use super::Decoded;
use crate::capture::{self, Conversation, What};
use crate::explain::{KEY_LOG, UNREADABLE};
use crate::failure::Failure;

/// What a key log says.
pub(super) type Keys = BTreeMap<ConnectionId, Secrets>;

/// Decodes what is in a capture.
///
/// # Errors
/// When nothing in it is ours to read.
pub(super) fn decode(
    file: &[u8],
    keys: Option<&Keys>,
    key: Option<&NodeKey>,
) -> Result<Decoded, Failure> {
    let (capture, fault) = capture::read(file);
    let fault = fault.map(Failure::explained);
    let mut steps = Vec::new();
    let (mut connections, mut known) = (0_usize, 0_usize);
    for conversation in capture.tcp.iter().filter(|conversation| is_rlpx(conversation)) {
        connections = connections.saturating_add(1);
        let secrets = keys.and_then(|keys| keys.get(&id(conversation)?)).cloned();
        known = known.saturating_add(usize::from(secrets.is_some()));
        steps.extend(connection(connections, conversation, secrets.unwrap_or_default(), key));
    }
    let datagrams = capture.udp.iter().zip(1..).map(|(packet, number)| {
        let step = datagram(number, Side::Initiator, &packet.bytes);
        Step { micros: u64::try_from(packet.time.as_micros()).ok(), ..step }
    });
    steps.extend(datagrams.filter(|step| step.fault.is_none()));
    let shown = steps.iter().filter(|step| step.connection.is_none()).count();
    let others =
        (capture.tcp.len().saturating_sub(connections), capture.udp.len().saturating_sub(shown));
    if steps.is_empty() {
        let nothing = format!(
            "no RLPx connection and no discovery packet is in this capture, only {} of other TCP and \
             {} of other UDP",
            count(others.0, "connection"),
            count(others.1, "datagram")
        );
        return Err(fault.unwrap_or_else(|| Failure::told(nothing).about(&UNREADABLE)));
    }
    if others != (0, 0) {
        warn!(
            "not shown: {} that did not begin with an auth in this capture, {} that were no discovery \
             packets",
            count(others.0, "TCP connection"),
            count(others.1, "datagram")
        );
    }
    let mismatch = || {
        let words = format!(
            "the key log knows none of the {} in this capture: is it of another run?",
            count(connections, "RLPx connection")
        );
        Failure::told(words).about(&KEY_LOG)
    };
    let does_not_match = keys.is_some() && known == 0 && connections > 0;
    Ok(Decoded { steps, fault: fault.or_else(|| does_not_match.then(mismatch)), secrets: true })
}

fn count(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// The dialer's first bytes, as far as `length`.
fn first_bytes(conversation: &Conversation, length: usize) -> Vec<u8> {
    let pieces = conversation.pieces.iter().filter(|piece| piece.from_dialer);
    let bytes = pieces.map_while(|piece| match &piece.what {
        What::Bytes(bytes) => Some(bytes),
        _ => None,
    });
    bytes.flatten().copied().take(length).collect()
}

/// Which connection a key log would call it.
fn id(conversation: &Conversation) -> Option<ConnectionId> {
    connection_id(&first_bytes(conversation, 32))
}

/// Whether it begins as an auth does: a size that can be, and a public key in its long form.
fn is_rlpx(conversation: &Conversation) -> bool {
    match first_bytes(conversation, 3)[..] {
        [high, low, 0x04] => (113..=2048).contains(&u16::from_be_bytes([high, low])),
        _ => false,
    }
}

fn connection(
    number: usize,
    conversation: &Conversation,
    mut secrets: Secrets,
    key: Option<&NodeKey>,
) -> Vec<Step> {
    if let Some(key) = key {
        let size = first_bytes(conversation, 2);
        let size = size.first_chunk().map_or(0, |size| usize::from(u16::from_be_bytes(*size)));
        let auth = first_bytes(conversation, size.saturating_add(2));
        let is_recipients = handshake_packet(&auth, Some(key)).fault.is_none();
        let (recipients, initiators) = (SecretName::RecipientPrivkey, SecretName::InitiatorPrivkey);
        secrets.insert_key(if is_recipients { recipients } else { initiators }, key);
    }
    let mut dissector = Dissector::new(secrets);
    for piece in &conversation.pieces {
        let from = if piece.from_dialer { Side::Initiator } else { Side::Recipient };
        dissector.at(piece.time);
        match &piece.what {
            What::Bytes(bytes) => dissector.push(from, bytes),
            What::Lost(bytes) => dissector.lose(from, *bytes),
            What::End => dissector.end(from),
        }
    }
    dissector.steps().map(|step| Step { connection: u64::try_from(number).ok(), ..step }).collect()
}
