//! What tcpdump and tshark have written, each beside the other.

use devp2p_core::trace::{Dissector, Secrets, Side, datagram};

use super::{only, told, whole};
use crate::capture::{Conversation, What, read};

/// The two files, and the ports of those who dialed; see their README.
const PCAP: &[u8] = include_bytes!("../../../tests/captures/ping.pcap");
const PCAPNG: &[u8] = include_bytes!("../../../tests/captures/ping.pcapng");

fn pieces(conversation: &Conversation) -> Vec<(bool, &What)> {
    conversation.pieces.iter().map(|piece| (piece.from_dialer, &piece.what)).collect()
}

#[test]
fn both_programs_have_captured_the_same() {
    let [one, other] = [whole(PCAP), whole(PCAPNG)];
    assert_eq!(pieces(&one.tcp[0]), pieces(&other.tcp[0]));
    assert_eq!(one.udp.len(), 4);
    for (one, other) in one.udp.iter().zip(&other.udp) {
        assert_eq!((one.from, one.to, &one.bytes), (other.from, other.to, &other.bytes));
        // One counts in microseconds.
        assert!(one.time.abs_diff(other.time).as_micros() < 100, "{one:?} {other:?}");
    }
}

#[test]
fn a_ping_is_a_handshake_hello_and_goodbye() {
    let conversation = only(PCAP);
    assert_eq!(conversation.dialer.to_string(), "127.0.0.1:48518");
    assert_eq!(conversation.listener.to_string(), "127.0.0.1:30399");
    assert!(conversation.saw_begin);
    let lengths = pieces(&conversation).into_iter().map(|(from_dialer, what)| match what {
        What::Bytes(bytes) => (from_dialer, bytes.len()),
        What::Lost(_) => panic!("{:?}", told(&conversation)),
        What::End => (from_dialer, 0),
    });
    let [dialer, listener] = [true, false];
    let expected = [
        // auth, ack, Hello, Hello, Disconnect, Disconnect
        (dialer, 413),
        (listener, 371),
        (listener, 160),
        (dialer, 160),
        (dialer, 64),
        (listener, 64),
        (listener, 0),
        (dialer, 0),
    ];
    assert_eq!(lengths.collect::<Vec<_>>(), expected);
}

#[test]
fn what_was_read_is_what_the_dissector_reads() {
    let mut dissector = Dissector::new(Secrets::default());
    for piece in only(PCAPNG).pieces {
        let side = if piece.from_dialer { Side::Initiator } else { Side::Recipient };
        dissector.at(piece.time);
        match piece.what {
            What::Bytes(bytes) => dissector.push(side, &bytes),
            What::Lost(_) => panic!("nothing is lost"),
            What::End => dissector.end(side),
        }
    }
    let titles: Vec<_> = dissector.steps().map(|step| step.title).collect();
    assert_eq!(titles[..2], ["auth", "ack"]);
    let datagrams = whole(PCAP).udp;
    let titles: Vec<_> =
        datagrams.iter().map(|udp| datagram(1, Side::Initiator, &udp.bytes).title).collect();
    assert_eq!(titles, ["Ping", "Pong", "Ping", "Pong"]);
}

#[test]
fn a_real_file_may_end_anywhere() {
    for file in [PCAP, PCAPNG] {
        let all = whole(file);
        for cut in 0..file.len() {
            let (capture, _) = read(&file[..cut]);
            assert!(all.udp.starts_with(&capture.udp));
            let pieces = capture.tcp.first().map_or(&[][..], |tcp| &tcp.pieces);
            assert!(all.tcp[0].pieces.starts_with(pieces), "{cut}");
        }
    }
}
