//! Both file formats: byte orders, clocks, interfaces, blocks; and files that are cut.

use std::time::Duration;

use super::builder::{
    BIG, ETHERNET, LITTLE, Numbers, RAW, after_hello, dialer, ethernet, hello, ip, listener, pcap,
    tcp, udp,
};
use super::whole;
use crate::capture::{Capture, CaptureError, is_capture, read};

fn datagram(text: &str) -> Vec<u8> {
    ip(dialer().ip(), listener().ip(), 17, &udp(dialer(), listener(), text.as_bytes()))
}

/// The datagrams in short.
fn texts(capture: &Capture) -> Vec<(u128, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    capture.udp.iter().map(|datagram| (datagram.time.as_nanos(), text(&datagram.bytes))).collect()
}

fn expected(texts: &[(u128, &str)]) -> Vec<(u128, String)> {
    texts.iter().map(|(time, text)| (*time, (*text).to_owned())).collect()
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_units() {
    for numbers in [LITTLE, BIG] {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
            let mut file = numbers.pcap(magic, RAW);
            file.extend(numbers.record([10, 999_999], &datagram("a"), usize::MAX));
            file.extend(numbers.record([12, 5], &datagram("b"), usize::MAX));
            assert!(is_capture(&file));
            let second = 2_000_000_000 + 5 * unit - 999_999 * unit;
            assert_eq!(texts(&whole(&file)), expected(&[(0, "a"), (second, "b")]));
        }
    }
}

#[test]
fn a_clock_that_is_set_back_is_no_time_at_all() {
    let mut file = LITTLE.pcap(0xa1b2_c3d4, RAW);
    file.extend(LITTLE.record([10, 0], &datagram("a"), usize::MAX));
    file.extend(LITTLE.record([9, 0], &datagram("b"), usize::MAX));
    assert_eq!(texts(&whole(&file)), expected(&[(0, "a"), (0, "b")]));
}

#[test]
fn pcapng_is_read_in_both_byte_orders() {
    for numbers in [LITTLE, BIG] {
        let mut file = numbers.section();
        file.extend(numbers.interface(RAW, 0, &[]));
        // Unknown blocks are skipped, and what has no time has that of the packet before it.
        file.extend(numbers.block(0x0bad, b"whatever"));
        file.extend(numbers.enhanced(0, 5_000_000_000, &datagram("a")));
        file.extend(numbers.enhanced(0, 5_000_000_003, &datagram("bcd")));
        let simple = datagram("simple");
        file.extend(numbers.simple(u32::try_from(simple.len()).unwrap(), &simple));
        assert!(is_capture(&file));
        let texts = texts(&whole(&file));
        assert_eq!(texts, expected(&[(0, "a"), (3000, "bcd"), (3000, "simple")]));
    }
}

#[test]
fn every_interface_has_its_link_type_and_clock() {
    for numbers in [LITTLE, BIG] {
        let nanos = numbers.option(9, &[9]);
        let halves = numbers.option(9, &[0x80 | 1]);
        let zero = if numbers.is_big { 2_i64.to_be_bytes() } else { 2_i64.to_le_bytes() };
        let offset = [numbers.option(2, b"eth0"), numbers.option(14, &zero)].concat();
        let mut file = numbers.section();
        file.extend(numbers.interface(RAW, 0, &nanos));
        file.extend(numbers.interface(ETHERNET, 0, &halves));
        file.extend(numbers.interface(RAW, 0, &[offset, numbers.option(0, &[])].concat()));
        file.extend(numbers.enhanced(0, 1_000_000_000, &datagram("a")));
        file.extend(numbers.enhanced(1, 3, &ethernet(&[], &datagram("b"))));
        file.extend(numbers.enhanced(2, 7, &datagram("c")));
        let times = [(0, "a"), (500_000_000, "b"), (1_000_007_000, "c")];
        assert_eq!(texts(&whole(&file)), expected(&times));
    }
}

#[test]
fn a_section_has_its_own_byte_order_and_interfaces() {
    let section = |numbers: Numbers, text| {
        let packet = numbers.enhanced(0, 1, &datagram(text));
        [numbers.section(), numbers.interface(RAW, 0, &[]), packet].concat()
    };
    let mut file = [section(LITTLE, "a"), section(BIG, "b"), section(LITTLE, "c")].concat();
    assert_eq!(texts(&whole(&file)), expected(&[(0, "a"), (0, "b"), (0, "c")]));
    // Interfaces of the section before are not those of this one.
    file.extend(BIG.section());
    file.extend(BIG.enhanced(0, 1, &datagram("d")));
    assert_eq!(read(&file).1, Some(CaptureError::Damaged { packets: 3 }));
}

#[test]
fn a_simple_packet_is_cut_where_its_interface_says() {
    let packet = datagram("0123456789");
    let kept = 20 + 8 + 6;
    let mut file = LITTLE.section();
    file.extend(LITTLE.interface(RAW, u32::try_from(kept).unwrap(), &[]));
    file.extend(LITTLE.simple(u32::try_from(packet.len()).unwrap(), &packet[..kept]));
    let capture = whole(&file);
    assert_eq!(texts(&capture), expected(&[(0, "012345")]));
    assert_eq!(capture.udp[0].lost, 4);
}

#[test]
fn units_that_no_clock_has_do_no_harm() {
    for unit in 0..=255 {
        let mut file = LITTLE.section();
        let zero = LITTLE.option(14, &i64::MIN.to_le_bytes());
        file.extend(LITTLE.interface(RAW, 0, &LITTLE.option(9, &[unit])));
        file.extend(LITTLE.interface(RAW, 0, &zero));
        file.extend(LITTLE.enhanced(1, 0, &datagram("a")));
        file.extend(LITTLE.enhanced(0, u64::MAX, &datagram("b")));
        assert_eq!(whole(&file).udp.len(), 2);
    }
}

#[test]
fn a_cut_file_gives_what_is_before_the_cut() {
    let segments = [tcp(0, 101, 501, b"hello"), tcp(0, 501, 106, b"world").back()];
    let packets: Vec<_> = hello().iter().chain(&segments).map(|tcp| tcp.ip()).collect();
    let blocks = packets.iter().map(|packet| LITTLE.enhanced(0, 7, packet));
    let begin = [LITTLE.section(), LITTLE.interface(RAW, 0, &[])];
    let pcapng: Vec<_> = begin.into_iter().chain(blocks).collect();
    let records = packets.iter().map(|packet| LITTLE.record([1, 7], packet, usize::MAX));
    let pcap: Vec<_> = [LITTLE.pcap(0xa1b2_c3d4, RAW)].into_iter().chain(records).collect();

    for (parts, headers) in [(pcap, 1), (pcapng, 2)] {
        let file = parts.concat();
        let all = whole(&file).tcp.remove(0).pieces;
        for cut in 4..file.len() {
            let mut len = 0;
            let whole = parts.iter().take_while(|part| {
                len += part.len();
                len <= cut
            });
            let whole = whole.count();
            let at_edge = parts[..whole].iter().map(Vec::len).sum::<usize>() == cut;
            let packets = u64::try_from(whole.saturating_sub(headers)).unwrap();
            let (capture, fault) = read(&file[..cut]);
            let expected = (!at_edge).then_some(CaptureError::CutOff { packets });
            assert_eq!(fault, expected, "{cut}");
            let pieces = capture.tcp.first().map_or(&[][..], |tcp| &tcp.pieces);
            assert!(all.starts_with(pieces), "{cut}");
            assert_eq!(pieces.len(), usize::try_from(packets).unwrap().saturating_sub(3), "{cut}");
        }
    }
}

#[test]
fn a_fault_says_where_and_what_to_do() {
    let file = after_hello(&[]);
    let fault = read(&file[..file.len() - 1]).1.unwrap();
    let words = "the capture is cut off after packet 2: copy it again, or end the recording first";
    assert_eq!(fault.to_string(), words);
    let fault = read(&file[..20]).1.unwrap();
    assert!(fault.to_string().starts_with("the capture is cut off before its first packet"));
}

#[test]
fn other_files_are_no_captures() {
    let begin_of_pcapng = b"\n\r\r\n\0\0\0\0....";
    for file in [&b""[..], b"\xd4\xc3", b"RLPX_AUTH_SECRET", begin_of_pcapng] {
        assert!(!is_capture(file));
        assert_eq!(read(file), (Capture::default(), Some(CaptureError::NotACapture)));
    }
    let gzip = b"\x1f\x8b\x08\0\0";
    assert_eq!(read(gzip).1, Some(CaptureError::Compressed));
    assert!(is_capture(&LITTLE.section()[..12]) && is_capture(&BIG.section()[..4]));
}

#[test]
fn blocks_that_make_no_sense_are_damage() {
    let begin = [LITTLE.section(), LITTLE.interface(RAW, 0, &[])].concat();
    let good = LITTLE.enhanced(0, 7, &datagram("a"));
    let mut other_length = good.clone();
    *other_length.last_mut().unwrap() = 1;
    let mut too_long = good.clone();
    too_long[8 + 12] = 0xff;
    let mut odd = good.clone();
    odd[4] += 1;
    let mut tiny = good.clone();
    tiny[4..8].copy_from_slice(&[8, 0, 0, 0]);
    let unknown = LITTLE.enhanced(1, 7, &datagram("a"));
    for bad in [other_length, too_long, odd, tiny, unknown, LITTLE.block(6, b"short")] {
        let (capture, fault) = read(&[&begin[..], &good, &bad].concat());
        assert_eq!(capture.udp.len(), 1);
        assert_eq!(fault, Some(CaptureError::Damaged { packets: 1 }));
    }
}

#[test]
fn an_unknown_link_type_is_told_and_the_rest_is_read() {
    let mut file = LITTLE.section();
    file.extend(LITTLE.interface(147, 0, &[]));
    file.extend(LITTLE.interface(RAW, 0, &[]));
    file.extend(LITTLE.enhanced(0, 1_000_000, b"whatever"));
    file.extend(LITTLE.enhanced(1, 1_000_002, &datagram("a")));
    let (capture, fault) = read(&file);
    assert_eq!(texts(&capture), expected(&[(2000, "a")]));
    assert_eq!(fault, Some(CaptureError::LinkType(147)));
    assert!(fault.unwrap().to_string().contains("link type 147"));
    // An interface without packets does no harm.
    assert_eq!(read(&pcap(147, [])).1, None);
}

#[test]
fn time_is_that_of_the_packet_which_made_the_bytes_readable() {
    let file = after_hello(&[tcp(0, 104, 501, b"lo!"), tcp(0, 101, 501, b"hel")]);
    let times: Vec<_> = super::only(&file).pieces.iter().map(|piece| piece.time).collect();
    assert_eq!(times, [Duration::from_millis(4); 2]);
}
