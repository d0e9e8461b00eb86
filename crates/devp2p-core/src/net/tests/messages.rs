//! Messages on a connection: whose they are, how large they may be, and bad ones.

use super::*;
use crate::frame::MAX_FRAME_SIZE;
use crate::p2p::{MAX_PAYLOAD, MessageError};
use crate::protocol::Msg;

/// msg-id of code 0 of the only protocol.
const FIRST: u64 = 0x10;

/// The longest payload that does not compress: snappy puts four bytes of length before it and
/// three before each 64 KiB, and the msg-id takes one.
const LONGEST_NOISE: usize = MAX_FRAME_SIZE - 1 - 4 - 3 * 256;

/// Sends everything back, and reports what came.
fn echoing(
    name: &'static str,
    version: u64,
    length: u64,
    report: &mpsc::UnboundedSender<(Capability, Msg)>,
) -> Protocol {
    let report = report.clone();
    Protocol::new(name, version, length, move |_, mut pipe| {
        let report = report.clone();
        async move {
            loop {
                let msg = pipe.read().await?;
                pipe.write(msg.code, &msg.payload).await?;
                report.send((Capability::new(name, version), msg)).unwrap();
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn every_protocol_has_its_own_codes_and_of_two_versions_the_higher_runs() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let offers = [("qux", 9, 1), ("foo", 41, 3), ("bar", 1, 2), ("foo", 42, 4)];
    let protocols =
        offers.map(|(name, version, length)| echoing(name, version, length, &report)).to_vec();
    let (_server, mut peer) = connect_peer(protocols, 4096).await;
    let ids = [("bar", 1, 0), ("bar", 1, 1)]
        .into_iter()
        .chain((0..4).map(|code| ("foo", 42, code)))
        .chain([("qux", 9, 0)]);
    for (id, (name, version, code)) in (FIRST..).zip(ids) {
        let payload = id.to_be_bytes();
        peer.send(id, &payload).await;
        assert_eq!(peer.read_message().await.unwrap(), (id, payload.to_vec()));
        let (capability, msg) = reported.recv().await.unwrap();
        assert_eq!((capability, msg.code), (Capability::new(name, version), code));
    }
    peer.send(FIRST + 7, &[0xC0]).await;
    peer.expect_closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_lower_version_runs_when_the_peer_has_only_that_one() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let protocols =
        vec![echoing("foo", 41, 2, &report), echoing("foo", 42, 4, &report), listening_to("qux")];
    let (mut server, mut peer) = connect(protocols, 4096).await;
    server.answer(Ok(())).await;
    peer.hello.capabilities = vec![Capability::new("qux", 1), Capability::new("foo", 41)];
    peer.exchange_hello().await;
    server.answer(Ok(())).await;
    peer.send(FIRST + 1, b"the last code of foo/41").await;
    let (capability, msg) = reported.recv().await.unwrap();
    assert_eq!((capability, msg.code), (Capability::new("foo", 41), 1));
    assert_eq!(peer.read_message().await.unwrap().0, FIRST + 1);
    peer.send(FIRST + 3, b"beyond qux/1").await;
    peer.expect_closed().await;
}

fn listening_to(name: &str) -> Protocol {
    Protocol::new(name, 1, 1, |_, mut pipe| async move {
        loop {
            pipe.read().await?;
        }
    })
}

#[tokio::test(start_paused = true)]
async fn the_largest_messages_arrive_and_what_is_larger_is_an_error_at_the_sender() {
    let sending = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        let too_big =
            |sent| matches!(sent, Err(ProtocolError::Message(MessageError::TooBig { .. })));
        let (zeros, noise) = (vec![0; MAX_PAYLOAD + 1], noise(LONGEST_NOISE + 1));
        assert!(too_big(pipe.write(0, &zeros).await));
        pipe.write(0, &zeros[1..]).await?;
        assert!(too_big(pipe.write(0, &noise).await));
        pipe.write(0, &noise[1..]).await?;
        for code in [1, u64::MAX] {
            let refused = pipe.write(code, b"").await;
            assert!(matches!(refused, Err(ProtocolError::Message(_))), "{refused:?}");
        }
        pipe.write(0, b"the connection lives").await?;
        std::future::pending().await
    });
    let (_server, mut peer) = connect_peer(vec![sending], 1 << 20).await;
    assert!(peer.read_message().await.unwrap() == (FIRST, vec![0; MAX_PAYLOAD]));
    assert!(peer.read_message().await.unwrap() == (FIRST, noise(LONGEST_NOISE + 1)[1..].to_vec()));
    assert_eq!(peer.read_message().await.unwrap().1, b"the connection lives");
}

#[tokio::test(start_paused = true)]
async fn the_largest_messages_are_read_and_what_is_larger_is_a_breach_of_protocol() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let (server, mut peer) = connect_peer(vec![echoing("foo", 42, 1, &report)], 1 << 20).await;
    for payload in [vec![], vec![0; MAX_PAYLOAD], noise(LONGEST_NOISE)] {
        peer.send(FIRST, &payload).await;
        assert!(peer.read_message().await.unwrap() == (FIRST, payload.clone()));
        assert!(reported.recv().await.unwrap().1.payload == payload);
    }
    let one_more = snap::raw::Encoder::new().compress_vec(&vec![0; MAX_PAYLOAD + 1]).unwrap();
    peer.send_raw(&[&[0x10], &one_more[..]].concat()).await;
    peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
    drop(peer);
    let text = server.end().await.to_string();
    assert_eq!(text, "a payload of 16777216 bytes is above the limit of 16777215");
}

#[tokio::test(start_paused = true)]
async fn malformed_messages_are_a_breach_of_protocol() {
    let too_big = |size: u64| format!("a payload of {size} bytes is above the limit of 16777215");
    let not_snappy = "the payload is not valid snappy".to_owned();
    let no_id = "the frame does not begin with a message id".to_owned();
    let malformed = [
        (&[0x00][..], no_id.clone()),
        (&[0xC0], no_id),
        (&[0x10, 0xFF, 0xFF], not_snappy.clone()),
        // Blocks that declare 16 MiB + 1, 4 GiB - 1 and 4 GiB: the last is not even a length.
        (&[0x10, 0x81, 0x80, 0x80, 0x08], too_big((1 << 24) + 1)),
        (&[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], too_big((1 << 32) - 1)),
        (&[0x10, 0x80, 0x80, 0x80, 0x80, 0x10], not_snappy.clone()),
        // 16 MiB - 1 is allowed, but cannot be in five bytes.
        (&[0x10, 0xFF, 0xFF, 0xFF, 0x07, 0x00], not_snappy),
    ];
    for (frame_data, text) in malformed {
        let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
        peer.send_raw(frame_data).await;
        peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
        drop(peer);
        assert_eq!(server.end().await.to_string(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_the_protocol_does_not_allow_ends_the_connection_before_it_is_decompressed()
{
    let small = || listening().max_payload(1000);
    let (server, mut peer) = connect_peer(vec![small()], 1 << 16).await;
    peer.send(FIRST, &[7; 1000]).await;
    // Says that it is 1,001 bytes long, and ends there.
    peer.send_raw(&[0x10, 0xE9, 0x07]).await;
    peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
    drop(peer);
    let text = server.end().await.to_string();
    assert_eq!(text, "a payload of 1001 bytes is above the limit of 1000");

    // Each protocol has a limit of its own.
    let large = Protocol::new("qux", 1, 1, |_, mut pipe| async move {
        loop {
            let msg = pipe.read().await?;
            pipe.write(msg.code, &msg.payload).await?;
        }
    });
    let (_server, mut peer) = connect_peer(vec![small(), large], 1 << 16).await;
    peer.send(FIRST + 1, &[7; 2000]).await;
    assert_eq!(peer.read_message().await.unwrap(), (FIRST + 1, vec![7; 2000]));
}
