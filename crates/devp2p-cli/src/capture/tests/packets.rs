//! What is around TCP and UDP.

use std::net::SocketAddr;

use super::builder::{
    ETHERNET, RAW, Tcp, dialer, ethernet, hello, ip, listener, pcap, pcap_cut, tcp, udp,
};
use super::{only, told, whole};

/// A dial and a word, as IP packets.
fn word() -> Vec<Vec<u8>> {
    hello().iter().chain(&[tcp(0, 101, 501, b"word")]).map(Tcp::ip).collect()
}

fn v6(port: u16) -> SocketAddr {
    SocketAddr::new("::1".parse().unwrap(), port)
}

#[track_caller]
fn says_word(link_type: u16, packets: impl Iterator<Item = Vec<u8>>) {
    let conversation = only(&pcap(link_type, packets));
    assert_eq!(told(&conversation), ["> word"], "link type {link_type}");
    assert_eq!((conversation.dialer, conversation.listener), (dialer(), listener()));
    assert!(conversation.saw_begin);
}

#[test]
fn all_link_types_are_read() {
    for raw in [12, 101, 228, 229] {
        says_word(raw, word().into_iter());
    }
    for tags in [&[][..], &[0x8100], &[0x88a8, 0x8100], &[0x9100, 0x8100, 0x8100]] {
        says_word(ETHERNET, word().iter().map(|ip| ethernet(tags, ip)));
        // The tags and the type are after the addresses of Ethernet.
        let inner = |ip: &Vec<u8>| ethernet(tags, ip).split_off(12);
        says_word(113, word().iter().map(|ip| [&[0; 14][..], &inner(ip)].concat()));
        let version_2 = |ip: &Vec<u8>| {
            let inner = inner(ip);
            [&inner[..2], &[0; 18], &inner[2..]].concat()
        };
        says_word(276, word().iter().map(version_2));
    }
    for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
        says_word(0, word().iter().map(|ip| [&family[..], ip].concat()));
        says_word(108, word().iter().map(|ip| [&family[..], ip].concat()));
    }
}

#[test]
fn other_protocols_are_skipped() {
    let arp = [&[2; 12][..], &[0x08, 0x06], &[0; 28]].concat();
    let icmp = ethernet(&[], &ip(dialer().ip(), listener().ip(), 1, b"ping"));
    let length = [&[2; 12][..], &[0, 4], b"llc!"].concat();
    let file = pcap(ETHERNET, [arp, icmp, length, b"short".to_vec(), vec![]]);
    assert_eq!(whole(&file), super::Capture::default());
}

#[test]
fn ethernet_fills_short_frames_up_and_that_is_nobodys_payload() {
    let filled = |ip: &Vec<u8>| [&ethernet(&[], ip)[..], &[0; 20]].concat();
    says_word(ETHERNET, word().iter().map(filled));
}

#[test]
fn options_of_ipv4_are_skipped() {
    let with_options = |packet: &Vec<u8>| {
        let mut packet = packet.clone();
        packet.splice(20..20, [1, 1, 1, 0]);
        packet[0] = 0x46;
        packet[3] += 4;
        packet
    };
    says_word(RAW, word().iter().map(with_options));
}

#[test]
fn a_length_of_zero_stands_for_all_that_is_there() {
    let without_length = |packet: &Vec<u8>| {
        let mut packet = packet.clone();
        packet[2..4].fill(0);
        packet
    };
    says_word(RAW, word().iter().map(without_length));
    let cut = pcap_cut(RAW, word().iter().map(without_length), 46);
    assert_eq!(told(&only(&cut)), ["> wo", "> lost 2"]);
}

#[test]
fn extension_headers_of_ipv6_are_skipped() {
    // Hop-by-hop options, routing, destination options; and a fragment that is all of the packet.
    let headers = [[43, 0], [60, 0], [44, 0], [6, 0]].map(|[next, len]| {
        let mut header = [0; 8];
        header[..2].copy_from_slice(&[next, len]);
        header
    });
    let packets = hello().into_iter().chain([tcp(0, 101, 501, b"word")]).map(|tcp| {
        let ports = |address: SocketAddr| v6(address.port());
        let tcp = tcp.between(ports(tcp.from), ports(tcp.to));
        [tcp.ip(), ip(v6(1).ip(), v6(2).ip(), 0, &[&headers.concat()[..], &tcp.segment()].concat())]
    });
    let [plain, extended]: [Vec<_>; 2] = {
        let (plain, extended) = packets.map(|[plain, extended]| (plain, extended)).unzip();
        [plain, extended]
    };
    for packets in [plain, extended] {
        let conversation = only(&pcap(RAW, packets));
        assert_eq!(conversation.dialer, v6(40000));
        assert_eq!(told(&conversation), ["> word"]);
    }
}

#[test]
fn a_cut_packet_has_lost_what_is_not_in_the_file() {
    let packets = [tcp(0, 101, 501, b"0123456789"), tcp(0, 111, 501, b"next")];
    let packets: Vec<_> = hello().iter().chain(&packets).map(Tcp::ip).collect();
    // 20 bytes of IP, 24 of TCP; or not even all options of TCP.
    for (kept, expected) in [
        (47, &["> 012", "> lost 7", "> nex", "> lost 1"][..]),
        (44, &["> lost 14"]),
        (41, &["> lost 14"]),
    ] {
        assert_eq!(told(&only(&pcap_cut(RAW, packets.clone(), kept))), expected, "{kept}");
    }
}

#[test]
fn a_cut_datagram_says_how_much_is_lost() {
    let packet = ip(dialer().ip(), listener().ip(), 17, &udp(dialer(), listener(), b"0123456789"));
    for kept in 28..=38 {
        let [datagram] = &whole(&pcap_cut(RAW, [packet.clone()], kept)).udp[..] else { panic!() };
        assert_eq!(datagram.bytes, b"0123456789"[..kept - 28]);
        assert_eq!(datagram.lost, u64::try_from(38 - kept).unwrap());
        assert_eq!((datagram.from, datagram.to), (dialer(), listener()));
    }
}

/// The fragments of a packet, cut after `len` bytes of its payload.
fn fragments(packet: &[u8], len: usize) -> [Vec<u8>; 2] {
    let (header, payload) = packet.split_at(20);
    let offset = u8::try_from(len / 8).unwrap();
    [(&payload[..len], [0x20, 0]), (&payload[len..], [0, offset])].map(|(payload, offset)| {
        let mut fragment = [header, payload].concat();
        fragment[3] = u8::try_from(fragment.len()).unwrap();
        fragment[6..8].copy_from_slice(&offset);
        fragment
    })
}

#[test]
fn fragments_are_not_put_together_but_told_as_lost() {
    let packet = ip(dialer().ip(), listener().ip(), 17, &udp(dialer(), listener(), &[7; 30]));
    let capture = whole(&pcap(RAW, fragments(&packet, 16)));
    let [datagram] = &capture.udp[..] else { panic!("{capture:?}") };
    assert_eq!((&datagram.bytes[..], datagram.lost), (&[7; 8][..], 22));

    let [first, second] = fragments(&tcp(0, 101, 501, b"0123456789abcdef").ip(), 32);
    let next = [first, second, tcp(0, 117, 501, b"next").ip()];
    let packets = hello().iter().map(Tcp::ip).chain(next).collect::<Vec<_>>();
    assert_eq!(told(&only(&pcap(RAW, packets))), ["> 01234567", "> lost 8", "> next"]);
}
