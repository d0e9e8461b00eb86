//! Handshakes and frames, both ends on one thread.

use std::time::Duration;

use bytes::BytesMut;
use devp2p_core::frame::{HEADER_LEN, MAX_FRAME_SIZE};
use devp2p_core::handshake::{Session, initiate, respond};
use devp2p_core::keys::NodeKey;

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

/// The initiator's session, and the recipient's.
fn shake_hands([initiator, recipient]: &[NodeKey; 2]) -> Result<[Session; 2]> {
    let mut rng = rand::rng();
    let (waiting, auth) = initiate(initiator, recipient.public_key(), &mut rng)?;
    let (session, ack) = respond(recipient, &auth, &mut rng)?;
    Ok([waiting.receive_ack(&ack)?, session])
}
