//! Packets and files, byte by byte.

use std::net::{IpAddr, SocketAddr};

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const ACK: u8 = 16;

/// The Ethernet link type, and IP without anything before it.
pub(super) const ETHERNET: u16 = 1;
pub(super) const RAW: u16 = 101;

/// Who dials, in most tests; and whom.
pub(super) fn dialer() -> SocketAddr {
    "127.0.0.1:40000".parse().unwrap()
}

pub(super) fn listener() -> SocketAddr {
    "127.0.0.1:30303".parse().unwrap()
}

/// A TCP segment from the dialer to the listener, or back.
#[derive(Clone, Copy)]
pub(super) struct Tcp<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) bytes: &'a [u8],
}

impl<'a> Tcp<'a> {
    pub(super) fn back(self) -> Self {
        Self { from: self.to, to: self.from, ..self }
    }

    pub(super) fn between(self, from: SocketAddr, to: SocketAddr) -> Self {
        Self { from, to, ..self }
    }

    /// As an IP packet.
    pub(super) fn ip(&self) -> Vec<u8> {
        ip(self.from.ip(), self.to.ip(), 6, &self.segment())
    }

    pub(super) fn segment(&self) -> Vec<u8> {
        let mut segment = Vec::new();
        segment.extend(self.from.port().to_be_bytes());
        segment.extend(self.to.port().to_be_bytes());
        segment.extend(self.sequence.to_be_bytes());
        segment.extend(self.acknowledged.to_be_bytes());
        // 24 bytes of header: there are options.
        segment.extend([6 << 4, self.flags, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0]);
        segment.extend(self.bytes);
        segment
    }
}

/// From the dialer to the listener; with ACK if a number is acknowledged.
pub(super) fn tcp(flags: u8, sequence: u32, acknowledged: u32, bytes: &[u8]) -> Tcp<'_> {
    let flags = if acknowledged == 0 { flags } else { flags | ACK };
    Tcp { from: dialer(), to: listener(), flags, sequence, acknowledged, bytes }
}

/// SYN, SYN and ACK, ACK: bytes begin at 101 from the dialer, at 501 from the listener.
pub(super) fn hello() -> Vec<Tcp<'static>> {
    vec![tcp(SYN, 100, 0, b""), tcp(SYN, 500, 101, b"").back(), tcp(0, 101, 501, b"")]
}

/// Three packets of hello, and those.
pub(super) fn after_hello(segments: &[Tcp<'_>]) -> Vec<u8> {
    pcap(RAW, hello().iter().chain(segments).map(Tcp::ip))
}

pub(super) fn udp(from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(from.port().to_be_bytes());
    datagram.extend(to.port().to_be_bytes());
    datagram.extend(u16::try_from(bytes.len() + 8).unwrap().to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(bytes);
    datagram
}

/// An IP packet, of the version that the addresses have.
pub(super) fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let len = u16::try_from(payload.len() + 20).unwrap().to_be_bytes();
            let mut packet = vec![0x45, 0, len[0], len[1], 0, 1, 0, 0, 64, protocol, 0, 0];
            packet.extend(from.octets().into_iter().chain(to.octets()));
            packet.extend(payload);
            packet
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
            let mut packet = vec![0x60, 0, 0, 0, len[0], len[1], protocol, 64];
            packet.extend(from.octets().into_iter().chain(to.octets()));
            packet.extend(payload);
            packet
        }
        _ => panic!("two versions of IP in one packet"),
    }
}

/// An Ethernet frame, with some VLAN tags.
pub(super) fn ethernet(tags: &[u16], ip: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for tag in tags {
        frame.extend(tag.to_be_bytes().into_iter().chain([0, 7]));
    }
    frame.extend(if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] });
    frame.extend(ip);
    frame
}

/// Numbers in one byte order.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub(super) is_big: bool,
}

pub(super) const LITTLE: Numbers = Numbers { is_big: false };
pub(super) const BIG: Numbers = Numbers { is_big: true };

impl Numbers {
    pub(super) fn n16(self, number: u16) -> [u8; 2] {
        if self.is_big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn n32(self, number: u32) -> [u8; 4] {
        if self.is_big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn len(self, bytes: &[u8]) -> [u8; 4] {
        self.n32(u32::try_from(bytes.len()).unwrap())
    }

    /// The header of a pcap file.
    pub(super) fn pcap(self, magic: u32, link_type: u16) -> Vec<u8> {
        let mut file = Vec::from(self.n32(magic));
        file.extend(self.n16(2).into_iter().chain(self.n16(4)));
        file.extend([0; 8]);
        file.extend(self.n32(0x4_0000));
        file.extend(self.n32(link_type.into()));
        file
    }

    /// A packet of a pcap file, of which the first `kept` bytes are kept.
    pub(super) fn record(self, time: [u32; 2], packet: &[u8], kept: usize) -> Vec<u8> {
        let here = &packet[..kept.min(packet.len())];
        let numbers = [self.n32(time[0]), self.n32(time[1]), self.len(here), self.len(packet)];
        numbers.concat().into_iter().chain(here.iter().copied()).collect()
    }

    /// A block of a pcapng file.
    pub(super) fn block(self, kind: u32, content: &[u8]) -> Vec<u8> {
        let mut content = content.to_vec();
        content.resize(content.len().next_multiple_of(4), 0);
        let len = self.n32(u32::try_from(content.len() + 12).unwrap());
        [&self.n32(kind)[..], &len, &content, &len].concat()
    }

    pub(super) fn section(self) -> Vec<u8> {
        let version = [self.n16(1), self.n16(0)].concat();
        let content = [&self.n32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &content)
    }

    /// An interface that keeps so many bytes of a packet, with options.
    pub(super) fn interface(self, link_type: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        let content = [&self.n16(link_type)[..], &[0, 0], &self.n32(snaplen), options].concat();
        self.block(1, &content)
    }

    pub(super) fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(value.len()).unwrap();
        let mut option = [&self.n16(code)[..], &self.n16(len), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    pub(super) fn enhanced(self, interface: u32, ticks: u64, packet: &[u8]) -> Vec<u8> {
        let high = self.n32(u32::try_from(ticks >> 32).unwrap());
        let low = self.n32(u32::try_from(ticks & 0xffff_ffff).unwrap());
        let len = self.len(packet);
        // An option behind the packet is nobody's payload.
        let mut packet = packet.to_vec();
        packet.resize(packet.len().next_multiple_of(4), 0);
        let comment = self.option(1, b"hello");
        self.block(
            6,
            &[&self.n32(interface)[..], &high, &low, &len, &len, &packet, &comment].concat(),
        )
    }

    pub(super) fn simple(self, len: u32, packet: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.n32(len)[..], packet].concat())
    }
}

/// A pcap file with a packet every millisecond.
pub(super) fn pcap(link_type: u16, packets: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    pcap_cut(link_type, packets, usize::MAX)
}

/// The same, with the first `kept` bytes of each packet.
pub(super) fn pcap_cut(
    link_type: u16,
    packets: impl IntoIterator<Item = Vec<u8>>,
    kept: usize,
) -> Vec<u8> {
    let mut file = LITTLE.pcap(0xa1b2_c3d4, link_type);
    for (packet, number) in packets.into_iter().zip(0..) {
        file.extend(LITTLE.record([1_700_000_000, number * 1000], &packet, kept));
    }
    file
}
