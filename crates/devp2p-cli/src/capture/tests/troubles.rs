//! Captures that chance has made.

use proptest::collection::vec;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest,
};
use proptest::sample::Index;

use super::builder::{BIG, ETHERNET, FIN, LITTLE, RAW, SYN, Tcp, after_hello, ethernet, pcap, tcp};
use super::whole;
use crate::capture::{Conversation, What, read};

/// A stream, and parts of it in any order: from where, and how many bytes.
fn parts() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, usize)>)> {
    let stream = vec(any::<u8>(), 1..600);
    let parts = vec((any::<Index>(), 1..80_usize), 0..60);
    (stream, parts).prop_map(|(stream, parts)| {
        let parts = parts.into_iter().map(|(at, len)| {
            let at = at.index(stream.len());
            (at, len.min(stream.len() - at))
        });
        let parts = parts.collect();
        (stream, parts)
    })
}

/// The same, with every byte in at least one part.
fn all_parts() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, usize)>)> {
    (parts(), 1..80_usize).prop_flat_map(|((stream, mut parts), len)| {
        parts.extend((0..stream.len()).step_by(len).map(|at| (at, len.min(stream.len() - at))));
        (Just(stream), Just(parts).prop_shuffle())
    })
}

/// The parts as segments after a SYN, then FIN.
fn capture(begin: u32, stream: &[u8], parts: &[(usize, usize)]) -> Vec<u8> {
    let at = |at: usize| begin.wrapping_add(1).wrapping_add(u32::try_from(at).unwrap());
    let segments = parts.iter().map(|(from, len)| tcp(0, at(*from), 1, &stream[*from..][..*len]));
    let end = tcp(FIN, at(stream.len()), 1, b"");
    let all = [tcp(SYN, begin, 0, b"")].into_iter().chain(segments).chain([end]);
    pcap(RAW, all.map(|tcp| tcp.ip()))
}

/// The bytes of the dialer in order, none for those that are lost; it must have ended.
fn bytes(conversation: &Conversation) -> Vec<Option<u8>> {
    let mut bytes = Vec::new();
    let (end, pieces) = conversation.pieces.split_last().unwrap();
    assert_eq!(end.what, What::End);
    for piece in pieces {
        match &piece.what {
            What::Bytes(more) => bytes.extend(more.iter().copied().map(Some)),
            What::Lost(len) => bytes.extend(vec![None; usize::try_from(*len).unwrap()]),
            What::End => panic!("it ends twice"),
        }
    }
    bytes
}

/// A file of each kind, with everything in it that has a length.
fn files() -> [Vec<u8>; 3] {
    let segments =
        [tcp(0, 104, 501, b"later"), tcp(0, 501, 101, b"ack").back(), tcp(0, 101, 504, b"abc")];
    let packets: Vec<_> = segments.iter().map(Tcp::ip).collect();
    let mut pcapng = BIG.section();
    pcapng.extend(BIG.interface(ETHERNET, 60, &BIG.option(9, &[9])));
    for packet in &packets {
        pcapng.extend(BIG.enhanced(0, 1 << 40, &ethernet(&[0x8100], packet)));
        pcapng.extend(BIG.simple(99, packet));
    }
    [after_hello(&segments), pcapng, pcap(276, packets)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_stream_in_any_order_is_read_whole(begin in any::<u32>(), (stream, parts) in all_parts()) {
        for begin in [begin, u32::MAX - 200] {
            let capture = whole(&capture(begin, &stream, &parts));
            let expected: Vec<_> = stream.iter().copied().map(Some).collect();
            prop_assert_eq!(bytes(&capture.tcp[0]), expected);
        }
    }

    #[test]
    fn exactly_what_is_missing_is_lost(begin in any::<u32>(), (stream, parts) in parts()) {
        let mut expected = vec![None; stream.len()];
        for (at, len) in &parts {
            for (expected, byte) in expected[*at..][..*len].iter_mut().zip(&stream[*at..]) {
                *expected = Some(*byte);
            }
        }
        let capture = whole(&capture(begin, &stream, &parts));
        prop_assert_eq!(bytes(&capture.tcp[0]), expected);
    }

    #[test]
    fn no_change_of_a_file_makes_more_of_it_than_there_is(
        changes in vec((any::<Index>(), any::<u8>()), 1..6)
    ) {
        for mut file in files() {
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            let (capture, _) = read(&file);
            let pieces = capture.tcp.iter().flat_map(|tcp| &tcp.pieces);
            let bytes = pieces.map(|piece| match &piece.what {
                What::Bytes(bytes) => bytes.len(),
                What::Lost(_) | What::End => 0,
            });
            let datagrams = capture.udp.iter().map(|datagram| datagram.bytes.len());
            prop_assert!(bytes.chain(datagrams).sum::<usize>() <= file.len());
        }
    }

    #[test]
    fn any_bytes_behind_a_header_do_no_harm(link_type in 0..300_u16, rest in vec(any::<u8>(), 0..400)) {
        let begins = [
            LITTLE.pcap(0xa1b2_c3d4, link_type),
            LITTLE.section(),
            [BIG.section(), BIG.interface(link_type, 0, &rest)].concat(),
        ];
        for begin in begins {
            read(&[begin, rest.clone()].concat());
        }
        read(&pcap(link_type, [rest.clone()]));
        read(&rest);
    }
}

#[test]
fn every_flip_of_every_byte_is_survived() {
    for file in files() {
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut file = file.clone();
                file[at] ^= flip;
                read(&file);
            }
        }
    }
}
