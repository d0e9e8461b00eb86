//! Messages and pipes, in memory. What they do on a connection is in `net::tests`.

use alloy_rlp::Error as RlpError;
use proptest::prelude::*;
use tokio::time::{Duration, timeout};

use super::*;
use crate::frame::MAX_FRAME_SIZE;
use crate::keys::NodeKey;
use crate::p2p::{Codec, MessageError};
use crate::policy::Direction;

/// More than enough for anything that does not wait for us.
const SOON: Duration = Duration::from_secs(5);

fn msg(payload: &'static [u8]) -> Msg {
    Msg { code: 3, payload: payload.into() }
}

/// Both ends of foo/42 with so many codes.
fn pair(length: u64) -> (MsgPipe, MsgPipe) {
    MsgPipe::pair(&Protocol::new("foo", 42, length, |_, _| async { Ok(()) }))
}

/// Bytes that snappy cannot make shorter.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[test]
fn a_payload_is_decoded_as_the_type_that_is_asked_for() {
    assert_eq!(msg(b"\x86foobar").decode::<String>().unwrap(), "foobar");
    assert_eq!(msg(&[0xC3, 0x01, 0x02, 0x03]).decode::<Vec<u64>>().unwrap(), [1, 2, 3]);
    assert!(!msg(&[0x80]).decode::<bool>().unwrap());
}

#[test]
fn a_payload_that_is_not_rlp_or_of_another_type_is_refused() {
    let refused = |payload: &'static [u8]| msg(payload).decode::<String>().unwrap_err();
    let because = |error| MessageError::Payload { code: 3, error };
    assert_eq!(refused(b""), because(RlpError::InputTooShort));
    assert_eq!(refused(b"\x86foo"), because(RlpError::InputTooShort));
    assert_eq!(refused(&[0xC0]), because(RlpError::UnexpectedList));
    assert_eq!(refused(&[0x81, 0x05]), because(RlpError::NonCanonicalSingleByte));
    assert_eq!(refused(&[0xBF; 9]), because(RlpError::InputTooShort));
}

#[test]
fn trailing_bytes_are_refused_and_counted() {
    let error = msg(b"\x86foobarbaz").decode::<String>().unwrap_err();
    assert_eq!(error, MessageError::TrailingBytes { code: 3, bytes: 3 });
    assert_eq!(error.to_string(), "the payload of message code 3 has 3 bytes too many at its end");
}

proptest! {
    #[test]
    fn decoding_never_panics(payload: Vec<u8>) {
        let msg = Msg { code: 0, payload: payload.into() };
        // Only that it returns: what it says was tested above.
        let _ = msg.decode::<String>();
        let _ = msg.decode::<Vec<u64>>();
    }
}

#[tokio::test]
async fn the_document_of_a4_is_seven_bytes() {
    let (mut one, mut two) = pair(1);
    one.send(0, "foobar").await.unwrap();
    let msg = two.read().await.unwrap();
    assert_eq!((msg.code, hex::encode(&msg.payload).as_str()), (0, "86666f6f626172"));
}

#[tokio::test]
async fn both_ends_of_a_pair_read_in_order_what_the_other_wrote() {
    let (mut one, mut two) = pair(2);
    for n in 0..100 {
        one.write(n % 2, &[7; 3]).await.unwrap();
        two.send(1, &n).await.unwrap();
    }
    for n in 0..100 {
        assert_eq!(two.read().await.unwrap().code, n % 2);
        assert_eq!(one.read().await.unwrap().decode::<u64>().unwrap(), n);
    }
}

#[tokio::test]
async fn a_dropped_end_closes_the_pipe_after_what_it_wrote() {
    let (mut one, mut two) = pair(1);
    one.write(0, b"last words").await.unwrap();
    drop(one);
    assert_eq!(&two.read().await.unwrap().payload[..], b"last words");
    assert_eq!(two.read().await, Err(PipeClosed));
    assert!(matches!(two.write(0, b"").await, Err(ProtocolError::Closed(_))));
}

#[tokio::test(start_paused = true)]
async fn a_pair_is_bounded_as_a_connection_is() {
    let (mut one, mut two) = pair(1);
    one.write(0, &[0; QUEUE_BYTES]).await.unwrap();
    assert!(timeout(SOON, one.write(0, b"no room")).await.is_err());
    two.read().await.unwrap();
    timeout(SOON, one.write(0, b"room")).await.unwrap().unwrap();
    assert_eq!(&two.read().await.unwrap().payload[..], b"room", "the dropped write sent nothing");
}

#[tokio::test]
async fn one_task_can_read_while_others_write() {
    let (one, two) = pair(1);
    let (mut reader, writer) = one.split();
    let (mut echo_reader, mut echo_writer) = two.split();
    let echo = tokio::spawn(async move {
        while let Ok(msg) = echo_reader.read().await {
            echo_writer.write(msg.code, &msg.payload).await.unwrap();
        }
    });
    for n in 0..4u64 {
        let mut writer = writer.clone();
        tokio::spawn(async move { writer.send(0, &n).await.unwrap() });
    }
    drop(writer);
    let mut back = Vec::new();
    while let Ok(msg) = timeout(SOON, reader.read()).await.unwrap() {
        back.push(msg.decode::<u64>().unwrap());
    }
    back.sort_unstable();
    assert_eq!(back, [0, 1, 2, 3]);
    echo.await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_at_the_sender_and_the_pipe_goes_on() {
    let (mut one, mut two) = pair(2);
    for code in [2, 3, u64::MAX] {
        let Err(ProtocolError::Message(error)) = one.write(code, b"").await else { panic!() };
        assert_eq!(error.to_string(), format!("foo/42 has no message code {code}"));
    }
    let too_big = one.write(0, &vec![0; MAX_PAYLOAD + 1]).await;
    let Err(ProtocolError::Message(error)) = too_big else { panic!("{too_big:?}") };
    assert_eq!(error, MessageError::TooBig { size: MAX_PAYLOAD + 1, limit: MAX_PAYLOAD });
    one.write(1, b"still here").await.unwrap();
    assert_eq!(two.read().await.unwrap().code, 1);
}

/// Zeros are bounded by the payload's limit, noise by the frame's: snappy makes it longer.
#[test]
fn the_largest_payloads_fit_and_one_byte_more_does_not() {
    let (codec, mut buffer) = (Codec::new(5, Vec::new()), Vec::new());
    let zeros = vec![0; MAX_PAYLOAD + 1];
    assert!(codec.encode(0x10, &zeros[..MAX_PAYLOAD], &mut buffer).is_ok());
    assert!(codec.encode(0x10, &zeros, &mut buffer).is_err());

    let noise = noise(MAX_PAYLOAD);
    let (mut fits, mut too_big) = (0, MAX_PAYLOAD);
    while too_big - fits > 1 {
        let len = fits.midpoint(too_big);
        match codec.encode(0x10, &noise[..len], &mut buffer) {
            Ok(_) => fits = len,
            Err(_) => too_big = len,
        }
    }
    let frame_data = codec.encode(0x10, &noise[..fits], &mut buffer).unwrap();
    assert_eq!(frame_data.len(), MAX_FRAME_SIZE);
    let error = codec.encode(0x10, &noise[..too_big], &mut buffer).unwrap_err();
    assert_eq!(error, MessageError::TooBig { size: MAX_FRAME_SIZE + 1, limit: MAX_FRAME_SIZE });
}

#[tokio::test]
async fn a_limit_of_the_protocol_holds_in_memory_too() {
    let limited = Protocol::new("foo", 42, 1, |_, _| async { Ok(()) }).max_payload(3);
    let (mut one, mut two) = MsgPipe::pair(&limited);
    let Err(ProtocolError::Message(error)) = one.write(0, b"four").await else { panic!() };
    assert_eq!(error, MessageError::TooBig { size: 4, limit: 3 });
    one.write(0, b"3 b").await.unwrap();
    assert_eq!(two.read().await.unwrap().payload.len(), 3);
}

/// As a relay will do it: the messages take another way than a connection.
#[tokio::test]
async fn a_protocol_runs_for_a_peer_that_no_connection_leads_to() {
    let greeting = Protocol::new("foo", 42, 2, |peer, mut pipe| async move {
        assert_eq!((peer.local, peer.remote), (None, None));
        let answer: String = pipe.read().await?.decode()?;
        pipe.send(1, &format!("{answer} {}", peer.name).as_str()).await
    });
    let id = NodeKey::from_bytes([1; 32]).unwrap().public_key();
    let peer = PeerInfo::new(id, "relay", Direction::Outbound);
    let (near, mut far) = MsgPipe::pair(&greeting);
    let running = tokio::spawn(greeting.run(peer, near));
    far.send(0, "hello").await.unwrap();
    let msg = timeout(SOON, far.read()).await.unwrap().unwrap();
    assert_eq!((msg.code, msg.decode::<String>().unwrap().as_str()), (1, "hello relay"));
    timeout(SOON, running).await.unwrap().unwrap().unwrap();
    assert_eq!(far.read().await, Err(PipeClosed));
}
