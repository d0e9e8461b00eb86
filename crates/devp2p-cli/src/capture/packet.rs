//! What is around the bytes of a connection: the link's header, IP's, and that of TCP or UDP.
//!
//! Packets of other protocols are none of ours. A packet whose end is not in the file still says in
//! its headers how long it was.

use std::net::SocketAddr;

use etherparse::{Ipv6ExtensionSlice, LaxIpSlice, ip_number};

use super::format::{Frame, count};

/// Ethernet's numbers for what follows.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const VLAN_TAGS: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// What the BSDs, macOS and Linux call IPv4 and IPv6 on a loopback interface.
const FAMILIES: [u32; 5] = [2, 10, 24, 28, 30];

/// Which bits of TCP's flags are which.
const FIN: u8 = 1;
const SYN: u8 = 1 << 1;
const RST: u8 = 1 << 2;
const ACK: u8 = 1 << 4;

/// A packet of a protocol of ours.
pub(super) enum Packet<'a> {
    Tcp(Segment<'a>),
    /// A datagram: its bytes, and how many more there were.
    Udp(Ends, &'a [u8], u64),
}

/// Between whom it travels.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
}

/// A part of a TCP connection.
pub(super) struct Segment<'a> {
    pub(super) ends: Ends,
    /// The number of its first byte, or of its SYN.
    pub(super) sequence: u32,
    /// The number of the byte that the sender expects next.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    /// Its bytes, as far as they are in the capture.
    pub(super) bytes: &'a [u8],
    /// How many bytes it had on the wire.
    pub(super) len: u64,
}

/// Nobody here knows what the first bytes of such frames are.
pub(super) struct UnknownLinkType;

/// Reads a frame; none if it is neither TCP nor UDP, or the capture has too little of it.
pub(super) fn read<'a>(frame: &Frame<'a>) -> Result<Option<Packet<'a>>, UnknownLinkType> {
    let bytes = frame.bytes;
    let ip = match frame.link_type {
        // Ethernet: two addresses of 6 bytes.
        1 => bytes.get(12..).and_then(ethernet),
        // Linux cooked, versions 1 and 2.
        113 => bytes.get(14..).and_then(ethernet),
        276 => bytes.split_at_checked(20).and_then(|(header, ip)| cooked(header, ip)),
        // BSD loopback: the family in the byte order of that machine, or as on the network.
        0 | 108 => bytes.split_first_chunk().and_then(|(family, ip)| loopback(*family, ip)),
        // IP at once.
        12 | 101 | 228 | 229 => Some(bytes),
        _ => return Err(UnknownLinkType),
    };
    let cut = frame.len.saturating_sub(count(bytes));
    Ok(ip.and_then(|ip| internet(ip, cut)))
}

/// What follows the type of an Ethernet frame, if that is IP, with or without VLAN tags.
fn ethernet(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, rest) = bytes.split_first_chunk()?;
        let kind = u16::from_be_bytes(*kind);
        if !VLAN_TAGS.contains(&kind) {
            return [IPV4, IPV6].contains(&kind).then_some(rest);
        }
        bytes = rest.get(2..)?;
    }
}

/// Linux cooked, version 2, has the type at its begin: VLAN tags are before the rest.
fn cooked<'a>(header: &[u8], rest: &'a [u8]) -> Option<&'a [u8]> {
    match u16::from_be_bytes(*header.first_chunk()?) {
        IPV4 | IPV6 => Some(rest),
        kind if VLAN_TAGS.contains(&kind) => ethernet(rest.get(2..)?),
        _ => None,
    }
}

fn loopback(family: [u8; 4], ip: &[u8]) -> Option<&[u8]> {
    let families = [u32::from_le_bytes(family), u32::from_be_bytes(family)];
    families.iter().any(|family| FAMILIES.contains(family)).then_some(ip)
}

/// Reads an IP packet, of which `cut` bytes are not in the file.
fn internet(bytes: &[u8], cut: u64) -> Option<Packet<'_>> {
    let (ip, _) = LaxIpSlice::from_slice(bytes).ok()?;
    let (len, is_first) = match &ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            (u64::from(header.total_len()), header.fragments_offset().value() == 0)
        }
        LaxIpSlice::Ipv6(ip) => {
            let len = match ip.header().payload_length() {
                0 => 0,
                len => u64::from(len).saturating_add(40),
            };
            let mut extensions = ip.extensions().clone().into_iter();
            let is_later = |extension| match extension {
                Ipv6ExtensionSlice::Fragment(at) => at.fragment_offset().value() != 0,
                _ => false,
            };
            (len, !extensions.any(is_later))
        }
    };
    if !is_first {
        // It has no ports: only the first fragment says whose it is.
        return None;
    }
    // Without a length, the network card was to cut the packet into several.
    let cut = if len == 0 { cut } else { len.saturating_sub(count(bytes)) };
    let payload = ip.payload();
    let (from, to) = (ip.source_addr(), ip.destination_addr());
    let at = |from_port, to_port| Ends {
        from: SocketAddr::new(from, from_port),
        to: SocketAddr::new(to, to_port),
    };
    match payload.ip_number {
        ip_number::TCP => tcp(payload.payload, cut, payload.fragmented, at).map(Packet::Tcp),
        ip_number::UDP => udp(payload.payload, cut, at),
        _ => None,
    }
}

/// Reads a TCP segment, of which `cut` bytes are not in the file. By hand, because a capture may end
/// within the options, and the fields before them are worth having.
fn tcp(
    bytes: &[u8],
    cut: u64,
    is_fragment: bool,
    at: impl Fn(u16, u16) -> Ends,
) -> Option<Segment<'_>> {
    let header: &[u8; 20] = bytes.first_chunk()?;
    let [f0, f1, t0, t1, s0, s1, s2, s3, a0, a1, a2, a3, offset, flags, ..] = *header;
    // In units of 4 bytes, in the upper half.
    let header_len = usize::from(offset >> 4).checked_mul(4).filter(|len| *len >= 20)?;
    let len = count(bytes).saturating_add(cut).saturating_sub(u64::try_from(header_len).ok()?);
    Some(Segment {
        ends: at(u16::from_be_bytes([f0, f1]), u16::from_be_bytes([t0, t1])),
        sequence: u32::from_be_bytes([s0, s1, s2, s3]),
        acknowledged: (flags & ACK != 0).then(|| u32::from_be_bytes([a0, a1, a2, a3])),
        syn: flags & SYN != 0,
        // How much is before it, only the other fragments know.
        fin: flags & FIN != 0 && !is_fragment,
        rst: flags & RST != 0,
        bytes: bytes.get(header_len..).unwrap_or_default(),
        len,
    })
}

/// Reads a UDP datagram, of which `cut` bytes are not in the file.
fn udp(bytes: &[u8], cut: u64, at: impl Fn(u16, u16) -> Ends) -> Option<Packet<'_>> {
    let (header, bytes) = bytes.split_first_chunk::<8>()?;
    let [f0, f1, t0, t1, l0, l1, ..] = *header;
    // The length counts the header; 0 stands for all that is there.
    let len = match u16::from_be_bytes([l0, l1]) {
        0 => count(bytes).saturating_add(cut),
        len => u64::from(len.checked_sub(8)?),
    };
    let here = usize::try_from(len).ok().and_then(|len| bytes.get(..len)).unwrap_or(bytes);
    let ends = at(u16::from_be_bytes([f0, f1]), u16::from_be_bytes([t0, t1]));
    Some(Packet::Udp(ends, here, len.saturating_sub(count(here))))
}
