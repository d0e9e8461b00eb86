//! Handshakes, frames, messages and datagrams, both ends on one thread.

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use devp2p_core::discv4::packet::{Endpoint, Packet, Ping, decode};
use devp2p_core::frame::{HEADER_LEN, MAX_FRAME_SIZE};
use devp2p_core::handshake::{Session, initiate, respond};
use devp2p_core::keys::NodeKey;
use devp2p_core::p2p::{Capability, Codec, Offer, shared};

use super::{new_key, noise};
use crate::Result;
use crate::case::Case;
use crate::samples::time_steps;

pub(super) fn handshakes(case: Case) -> Result<Vec<Duration>> {
    let keys = [new_key(), new_key()];
    time_steps(case, || shake_hands(&keys).map(drop))
}

pub(super) fn frames(case: Case, size: usize) -> Result<Vec<Duration>> {
    let keys = [new_key(), new_key()];
    let [Session { mut writer, .. }, Session { mut reader, .. }] = shake_hands(&keys)?;
    let (frame_data, mut wire) = (noise(size), BytesMut::new());
    time_steps(case, || {
        wire.clear();
        writer.seal(&frame_data, &mut wire)?;
        let (header, body) = wire.split_first_chunk_mut::<HEADER_LEN>().ok_or("no header")?;
        let header = reader.open_header(header, MAX_FRAME_SIZE)?;
        reader.open_body(header, body)?;
        Ok(())
    })
}

pub(super) fn codec(case: Case, size: usize) -> Result<Vec<Duration>> {
    let offers = ["eth", "snap", "wit"].map(|name| Offer::new(Capability::new(name, 1), 17));
    let theirs = offers.clone().map(|offer| offer.capability);
    let codec = Codec::new(5, shared(&offers, &theirs));
    let (payload, mut buffer) = (noise(size), Vec::new());
    time_steps(case, || {
        let frame_data = codec.encode_message(1, 7, &payload, &mut buffer)?;
        black_box(codec.decode(frame_data)?);
        Ok(())
    })
}

pub(super) fn datagrams(case: Case) -> Result<Vec<Duration>> {
    let key = new_key();
    let here = Endpoint { ip: [127, 0, 0, 1].into(), udp: 30303, tcp: 30303 };
    let ping = Packet::Ping(Ping { from: here, to: here, expiration: 1, enr_seq: Some(1) });
    time_steps(case, || {
        black_box(decode(&ping.encode(&key)?.datagram)?);
        Ok(())
    })
}

/// The initiator's session, and the recipient's.
fn shake_hands([initiator, recipient]: &[NodeKey; 2]) -> Result<[Session; 2]> {
    let mut rng = rand::rng();
    let (waiting, auth) = initiate(initiator, recipient.public_key(), &mut rng);
    let (session, ack) = respond(recipient, &auth, &mut rng)?;
    Ok([waiting.receive_ack(&ack)?, session])
}
