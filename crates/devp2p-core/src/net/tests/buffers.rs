//! How much memory the two halves of a connection hold.

use std::io;

use super::*;
use crate::handshake::{Session, initiate, respond};
use crate::net::buffer::{KEEP, MAX_READ, SMALL};
use crate::net::send::LET_OTHERS;

fn sessions() -> (Session, Session) {
    let mut rng = StdRng::seed_from_u64(1);
    let (ours, theirs) = (key(1), key(2));
    let (waiting, auth) = initiate(&theirs, ours.public_key(), &mut rng);
    let (session, ack) = respond(&ours, &auth, &mut rng).unwrap();
    (session, waiting.receive_ack(&ack).unwrap())
}

#[tokio::test]
async fn memory_grows_with_what_arrived_not_with_what_was_announced() {
    let (ours, theirs) = sessions();
    let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
    outgoing.seal(&vec![7; 1 << 20]).unwrap();
    let arrived = 20_000;
    let mut incoming = Incoming::new(&outgoing.buffer[..arrived], ours.reader);
    let cut_off = incoming.read(1 << 20).await;
    assert!(matches!(cut_off, Err(TransportError::Io(io::ErrorKind::UnexpectedEof))));
    let capacity = incoming.buffer().capacity();
    assert!(capacity <= 4 * arrived, "{capacity} bytes reserved for {arrived} that arrived");
}

#[tokio::test]
async fn a_large_frame_is_read_and_not_the_ones_behind_it() {
    let (ours, theirs) = sessions();
    let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
    for _ in 0..3 {
        outgoing.seal(&vec![7; 1 << 20]).unwrap();
    }
    let mut incoming = Incoming::new(&outgoing.buffer[..], ours.reader);
    for _ in 0..3 {
        assert_eq!(incoming.read(1 << 20).await.unwrap().len(), 1 << 20);
        let held = incoming.buffer().len();
        assert!(held <= (1 << 20) + MAX_READ, "{held} bytes");
    }
}

#[tokio::test]
async fn after_a_large_write_others_have_their_turn() {
    let (_, theirs) = sessions();
    let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
    for (len, have_turn) in [(1, false), (LET_OTHERS, true)] {
        let other = tokio::spawn(async {});
        outgoing.seal(&vec![7; len]).unwrap();
        outgoing.flush().await.unwrap();
        assert_eq!(other.is_finished(), have_turn, "{len} bytes");
    }
}

#[tokio::test]
async fn large_buffers_are_kept_for_large_messages_and_given_back_after_a_small_one() {
    let (ours, theirs) = sessions();
    let (mut far, near) = duplex(1 << 22);
    let mut outgoing = Outgoing::new(near, theirs.writer);
    for len in [1 << 20, 1 << 20, 10] {
        outgoing.seal(&vec![7; len]).unwrap();
        outgoing.flush().await.unwrap();
        assert_eq!(outgoing.buffer.try_reclaim(KEEP + 1), len > SMALL);
    }
    let mut incoming = Incoming::new(&mut far, ours.reader);
    for len in [1 << 20, 1 << 20, 10] {
        assert_eq!(incoming.read(1 << 20).await.unwrap().len(), len);
    }
    let buffer = incoming.buffer();
    assert!(buffer.try_reclaim(KEEP + 1), "the small one came through the large buffer");
    drop(outgoing);
    assert_eq!(incoming.read(1 << 20).await, Err(TransportError::Closed));
    assert!(incoming.buffer().capacity() <= KEEP);
}
