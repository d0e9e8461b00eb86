//! Nothing that is printed is without an explanation, and text and type lead to the same one.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::Parser;
use devp2p_core::discv4::packet::{MAX_PACKET, PacketError};
use devp2p_core::discv4::service::RequestError;
use devp2p_core::ecies::EciesError;
use devp2p_core::enode::EnodeError;
use devp2p_core::enr::{Enr, EnrError};
use devp2p_core::frame::FrameError;
use devp2p_core::handshake::HandshakeError;
use devp2p_core::keys::file::KeyFileError;
use devp2p_core::keys::{KeyError, NodeKey};
use devp2p_core::net::discovery::AskError;
use devp2p_core::net::{
    AddPeerError, EndReason, SetupStep, SocketKind, StartError, TransportError, Undialable,
};
use devp2p_core::p2p::{Capability, CapabilityError, DisconnectReason, MessageError};
use devp2p_core::protocol::{Msg, PipeClosed, ProtocolError};
use devp2p_core::trace::LessonError;
use devp2p_core::trace::file::FileError;
use devp2p_core::trace::keylog::KeyLogError;

use super::find::{find, of_text};
use super::topic::Topic;
use super::{Explained, topics};

/// A valid public key.
const KEY: &str = "1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace24351\
                   232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn core(file: &str) -> String {
    let path = sources().join("../../devp2p-core/src").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of an enum's variants, as its source has them.
fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let source = core(file);
    let (_, rest) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let names = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    names.map(ident).collect()
}

fn ident(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The text with other numbers.
fn renumbered(text: &str) -> String {
    let word = |word: &str| {
        let digits = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        match !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
            true => word.replace(digits, "77"),
            false => word.to_owned(),
        }
    };
    text.split_inclusive(|c: char| !c.is_alphanumeric()).map(word).collect()
}

/// What was printed is recognised, whole and as people paste it.
#[track_caller]
fn check(text: &str, topic: &'static Topic) {
    assert_ne!(topic.slug, "unexplained", "{text}");
    let pasted = [
        text.to_owned(),
        format!("devp2p: {text}\n"),
        format!("\"{text}\""),
        text.to_uppercase(),
        format!("12:34:56  WARN dial failed; trying again in 1s peer=1dd9d65c reason={text}"),
        renumbered(text),
    ];
    for pasted in pasted {
        let found = of_text(&pasted).unwrap_or_else(|| panic!("nothing explains {pasted:?}"));
        assert_eq!(found.slug, topic.slug, "{pasted}");
        assert_eq!(find(&pasted).unwrap().topic.slug, topic.slug, "{pasted}");
    }
}

/// There is a value of every variant, and each is explained.
#[track_caller]
fn check_enum<E: Debug + Display + Explained>(file: &str, name: &str, values: &[E]) {
    let here: BTreeSet<String> = values.iter().map(|value| ident(&format!("{value:?}"))).collect();
    assert_eq!(here, variants(file, name), "{name} has other variants");
    values.iter().for_each(|value| check(&value.to_string(), value.topic()));
}

fn foo() -> Capability {
    Capability::new("foo", 42)
}

fn handshake_errors() -> Vec<HandshakeError> {
    use HandshakeError::{Body, PacketLength, PacketSize, PublicKey, Signature, Undecipherable};
    vec![PacketSize(18516), PacketLength, Undecipherable, Body, PublicKey, Signature]
}

fn frame_errors() -> Vec<FrameError> {
    use FrameError::{BodyLength, Empty, FrameMac, HeaderMac, TooBig};
    vec![HeaderMac, FrameMac, BodyLength, Empty, TooBig { size: 3, limit: 2 }]
}

fn message_errors() -> Vec<MessageError> {
    vec![
        MessageError::MsgId,
        MessageError::Snappy,
        MessageError::TooBig { size: 3, limit: 2 },
        MessageError::NotHello(16),
        MessageError::Hello,
        MessageError::HelloKey,
        MessageError::UnknownMsgId(99),
        MessageError::CodeOutOfRange { capability: foo(), code: 7 },
        // A list where a number must be.
        Msg { code: 1, payload: vec![0xc0].into() }.decode::<u64>().unwrap_err(),
        MessageError::TrailingBytes { code: 1, bytes: 2 },
    ]
}

fn transport_errors() -> Vec<TransportError> {
    let kinds = [
        ErrorKind::UnexpectedEof,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::ConnectionRefused,
        ErrorKind::BrokenPipe,
        ErrorKind::TimedOut,
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::NetworkDown,
        ErrorKind::Other,
    ];
    let mut all =
        vec![TransportError::Closed, TransportError::ClosedInHandshake, TransportError::Stalled];
    all.extend(kinds.map(TransportError::Io));
    all.extend(handshake_errors().into_iter().map(TransportError::Handshake));
    all.extend(frame_errors().into_iter().map(TransportError::Frame));
    all.extend(message_errors().into_iter().map(TransportError::Message));
    all
}

/// All that are known, and some that are not; every number is asked about in a test of its own.
fn reasons() -> impl Iterator<Item = DisconnectReason> {
    (0..=0x11).chain([0x20, 0x80, 0xfe, 0xff]).map(DisconnectReason::from_code)
}

fn protocol_errors() -> Vec<ProtocolError> {
    let mut all = vec![ProtocolError::Closed(PipeClosed), ProtocolError::other("disk full")];
    all.extend(message_errors().into_iter().map(ProtocolError::Message));
    all.extend(reasons().map(ProtocolError::Disconnect));
    all
}

fn end_reasons() -> Vec<EndReason> {
    let kinds = [
        ErrorKind::ConnectionRefused,
        ErrorKind::NotFound,
        ErrorKind::TimedOut,
        ErrorKind::AddrNotAvailable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::HostUnreachable,
        ErrorKind::PermissionDenied,
        ErrorKind::ConnectionReset,
        ErrorKind::InvalidInput,
        ErrorKind::Other,
    ];
    let steps = [SetupStep::Connect, SetupStep::Handshake, SetupStep::Hello];
    let mut all = vec![
        EndReason::HungUp,
        EndReason::NoAddress,
        EndReason::Silent,
        EndReason::Superseded,
        EndReason::MadeRoom,
        EndReason::ProtocolReturned(foo()),
        EndReason::ProtocolPanicked(foo()),
        EndReason::Panicked,
    ];
    all.extend(kinds.map(EndReason::Connect));
    all.extend(steps.map(EndReason::SetupTimeout));
    all.extend(reasons().flat_map(|reason| [EndReason::Local(reason), EndReason::Remote(reason)]));
    all.extend(transport_errors().into_iter().map(EndReason::Transport));
    let failed = |error| EndReason::ProtocolFailed(foo(), error);
    all.extend(protocol_errors().into_iter().map(failed));
    all
}

fn key_errors() -> Vec<KeyError> {
    vec![
        KeyError::SecretKeyOutOfRange,
        KeyError::PublicKeyLength { found: 3 },
        KeyError::PublicKeyNotHex,
        KeyError::NotOnCurve,
        KeyError::NodeId,
        KeyError::InvalidSignature,
    ]
}

fn request_errors() -> Vec<RequestError> {
    use RequestError::{Busy, Closed, Expired, OwnNode, Timeout, WrongRecord};
    vec![Timeout, Expired(80), WrongRecord, OwnNode, Busy, Closed]
}

fn ask_errors() -> Vec<AskError> {
    let lookups = [ErrorKind::NotFound, ErrorKind::TimedOut].map(AskError::Lookup);
    let mut all = vec![AskError::NoAddress, AskError::NoUdpPort];
    all.extend(lookups);
    all.extend(request_errors().into_iter().map(AskError::Request));
    all
}

#[test]
fn every_end_of_a_connection_is_explained() {
    check_enum("handshake/mod.rs", "HandshakeError", &handshake_errors());
    check_enum("frame/mod.rs", "FrameError", &frame_errors());
    check_enum("p2p/error.rs", "MessageError", &message_errors());
    check_enum("end.rs", "TransportError", &transport_errors());
    check_enum("end.rs", "EndReason", &end_reasons());
    check(&PipeClosed.to_string(), PipeClosed.topic());
    check(&CapabilityError.to_string(), CapabilityError.topic());
    check(&EciesError.to_string(), EciesError.topic());
    for reason in end_reasons() {
        check(&reason.in_words(), reason.topic());
        check(&format!("peer dropped  Bob (1dd9d65c): {}", reason.in_words()), reason.topic());
    }
    let steps = [SetupStep::Connect, SetupStep::Handshake, SetupStep::Hello];
    let here: BTreeSet<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    assert_eq!(here, variants("end.rs", "SetupStep"));
    for step in steps {
        assert_eq!(step.topic().slug, EndReason::SetupTimeout(step).topic().slug);
    }
}

#[test]
fn every_error_of_a_handler_is_explained() {
    let here: BTreeSet<String> =
        protocol_errors().iter().map(|error| ident(&format!("{error:?}"))).collect();
    assert_eq!(here, variants("end.rs", "ProtocolError"));
    for error in protocol_errors() {
        let text = format!("protocol foo/42: {error}");
        check(&text, error.topic());
    }
}

#[test]
fn every_error_before_a_connection_is_explained() {
    use EnodeError as Enode;
    let enode = [
        Enode::TooLong,
        Enode::Whitespace,
        Enode::MissingPrefix,
        Enode::WrongScheme,
        Enode::MissingHost,
        Enode::BadHost,
        Enode::BadIpv4,
        Enode::BadIpv6,
        Enode::MissingPort,
        Enode::BadPort,
        Enode::BadDiscport,
        Enode::Path,
        Enode::Fragment,
    ];
    let enode = enode.into_iter().chain(key_errors().into_iter().map(Enode::Key));
    check_enum("enode.rs", "EnodeError", &enode.collect::<Vec<_>>());
    check_enum("keys/mod.rs", "KeyError", &key_errors());
    let records = enr_errors();
    check_enum("enr/error.rs", "EnrError", &records);
    let undialable = [Undialable::OwnNode, Undialable::NoAddress, Undialable::NoTcpPort];
    check_enum("policy/dial.rs", "Undialable", &undialable);
    let add_peer = undialable.into_iter().map(AddPeerError::Undialable);
    let add_peer: Vec<_> = add_peer.chain([AddPeerError::Stopped]).collect();
    check_enum("net/handle.rs", "AddPeerError", &add_peer);
    check_enum("discv4/service/output.rs", "RequestError", &request_errors());
    check_enum("net/addresses.rs", "AskError", &ask_errors());
    let mut packets = vec![
        PacketError::Size(MAX_PACKET + 1),
        PacketError::Hash,
        PacketError::Signature,
        PacketError::UnknownType(7),
        PacketError::Malformed,
        PacketError::TooManyNodes(13),
    ];
    packets.extend(records.into_iter().map(PacketError::Record));
    check_enum("discv4/packet/envelope.rs", "PacketError", &packets);
}

fn enr_errors() -> Vec<EnrError> {
    vec![
        EnrError::MissingPrefix,
        EnrError::Base64,
        EnrError::TooLong,
        EnrError::Malformed,
        EnrError::Unsorted,
        EnrError::UnknownScheme,
        EnrError::PublicKey,
        EnrError::Signature,
    ]
}

#[test]
fn every_reason_not_to_start_is_explained() {
    let mut start = vec![StartError::DuplicateProtocol(foo()), StartError::HelloTooLong(2049)];
    for kind in [SocketKind::Tcp, SocketKind::Udp] {
        for addr in ["127.0.0.1:30303", "[::1]:80"] {
            let addr = addr.parse().unwrap();
            start.push(StartError::PortTaken { kind, addr });
            let kinds =
                [ErrorKind::PermissionDenied, ErrorKind::AddrNotAvailable, ErrorKind::Other];
            for error in kinds.map(io::Error::from) {
                start.push(StartError::Listen { kind, addr, error });
            }
            let error = io::Error::from_raw_os_error(24);
            start.push(StartError::Listen { kind, addr, error });
        }
    }
    for error in ask_errors() {
        let bootnode = format!("enode://{KEY}@boot.invalid:30303").parse().unwrap();
        start.push(StartError::Bootnode { bootnode, error });
    }
    check_enum("net/config.rs", "StartError", &start);
    for error in start {
        let topic = error.topic();
        let failure = crate::failure::Failure::not_started(error);
        assert_eq!(failure.topic(), Some(topic));
        check(&failure.to_string(), topic);
        check(&format!("it does not start: {failure}"), topic);
    }
}

#[test]
fn every_trouble_with_a_key_file_is_explained() {
    let mut errors = vec![
        KeyFileError::NotFound,
        KeyFileError::IsDirectory,
        KeyFileError::PermissionDenied,
        KeyFileError::AlreadyExists,
        KeyFileError::RawBytes,
        KeyFileError::TooShort { found: 3 },
        KeyFileError::TooLong,
        KeyFileError::NotHex { position: 5 },
        KeyFileError::Io(ErrorKind::StorageFull),
        KeyFileError::Io(ErrorKind::Other),
    ];
    errors.extend(key_errors().into_iter().map(KeyFileError::Key));
    check_enum("keys/file.rs", "KeyFileError", &errors);
    for error in errors {
        check(&format!("cannot read the key file /tmp/my.key: {error}"), error.topic());
        check(&format!("cannot write the key file my.key: {error}"), error.topic());
    }
}

#[test]
fn every_trouble_with_traces_is_explained() {
    let schema = "devp2p-trace".to_owned();
    let files = [
        FileError::NoTrace,
        FileError::UnknownSchema { schema, version: 2 },
        FileError::Step { line: 4 },
    ];
    check_enum("trace/file.rs", "FileError", &files);
    check(&KeyLogError { line: 4 }.to_string(), KeyLogError { line: 4 }.topic());
    check(&LessonError.to_string(), LessonError.topic());
}

/// All errors of the core are asked about above: there is none that this test does not know.
#[test]
fn there_are_no_other_errors() {
    let mut found = BTreeSet::new();
    let mut folders = vec![sources().join("../../devp2p-core/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let source = fs::read_to_string(&path).unwrap();
                let mut lines = source.lines();
                while let Some(line) = lines.next() {
                    if line.starts_with("#[derive(") && line.contains("Error)]") {
                        let item =
                            lines.find(|line| line.contains("enum ") || line.contains("struct "));
                        found.extend(
                            item.and_then(|item| item.strip_prefix("pub ")).map(str::to_owned),
                        );
                    }
                }
            }
        }
    }
    let names: BTreeSet<String> =
        found.iter().map(|item| ident(item.split(' ').nth(1).unwrap())).collect();
    let known = "AddPeerError AskError CapabilityError EciesError EndReason EnodeError EnrError FrameError \
                 FileError HandshakeError KeyError KeyFileError KeyLogError LessonError MessageError PacketError PipeClosed \
                 ProtocolError RequestError StartError TransportError Undialable";
    assert_eq!(names, known.split_whitespace().map(str::to_owned).collect());
}

#[test]
fn every_reason_is_found_by_its_number_its_name_and_its_bytes() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for code in 0..=255 {
        let reason = DisconnectReason::from_code(code);
        let slug = reason.topic().slug;
        let found = |thing: &str| find(thing).unwrap().topic.slug;
        let is_known = !matches!(reason, DisconnectReason::Unknown(_));
        if code < 0x80 {
            assert_eq!(found(&format!("0x{code:02x}")), slug, "{code}");
            assert_eq!(found(&format!("0x{code:X}")), slug, "{code}");
        }
        // Two digits are a byte in hex if that makes sense, and the number does not.
        if is_known || !(10..100).contains(&code) {
            assert_eq!(found(&code.to_string()), slug, "{code}");
        }
        let list = reason.encode();
        let bare = match code {
            0..0x80 => vec![code],
            _ => vec![0x81, code],
        };
        for payload in [&list[..], &bare[..], if code == 0 { &[0x80] } else { &list }] {
            let length = u8::try_from(payload.len()).unwrap();
            let compressed = [&[length, (length - 1) << 2], payload].concat();
            for payload in [payload, &compressed] {
                assert_eq!(found(&hex(&[&[1], payload].concat())), slug, "01, {payload:x?}");
                // One digit pair is a number first.
                if payload.len() > 1 {
                    assert_eq!(found(&hex(payload)), slug, "{payload:x?}");
                    assert_eq!(found(&format!("0x{}", hex(payload))), slug, "{payload:x?}");
                }
            }
        }
        let text = reason.to_string();
        let mut names = vec![text.clone(), text.to_uppercase(), format!("it said \"{text}\"")];
        if is_known {
            names.extend([text.replace(' ', "-"), text.replace(' ', ""), text.replace(' ', "_")]);
            assert_eq!(slug, text.replace(' ', "-"), "a slug is what is printed");
        }
        for name in names {
            assert_eq!(found(&name), slug, "{name}");
        }
        assert_eq!(found(&format!("After Hello it said \"{text}\" (0x{code:02x}).")), slug);
        assert_eq!(found(&format!("the node refuses us: {text} (0x{code:02x})")), slug);
    }
}

#[test]
fn other_clients_names_and_odd_bytes_are_understood() {
    for (thing, slug) in [
        ("incompatible p2p protocol version", "incompatible-p2p-version"),
        ("DiscProtocolError", "breach-of-protocol"),
        ("DiscSelf", "connected-to-self"),
        ("SAME_IDENTITY", "connected-to-self"),
        ("TcpSubsystemError", "network-error"),
        ("UnexpectedHandshakeIdentity", "unexpected-identity"),
        ("NullNodeIdentity", "invalid-node-identity"),
        ("PingTimeout", "read-timeout"),
        ("unknown disconnect reason 77", "unknown-reason"),
        ("invalid disconnect reason", "unreadable-reason"),
        ("msg code out of range: 17", "unknown-message-id"),
        ("", "unreadable-reason"),
        ("  ", "unreadable-reason"),
        ("00", "disconnect-requested"),
        ("80", "disconnect-requested"),
        ("c0", "unreadable-reason"),
        ("c180", "disconnect-requested"),
        ("c1c104", "unreadable-reason"),
        ("01", "network-error"),
        ("0100", "disconnect-requested"),
        ("10", "connected-to-self"),
        ("0x10", "subprotocol-error"),
        ("16", "subprotocol-error"),
        ("01 C1 04", "too-many-peers"),
        ("\t01  c1\n04 ", "too-many-peers"),
        ("0x01:0x02:0x04:0xc1:0x04", "too-many-peers"),
        ("256", "unreadable-reason"),
        ("0x104", "unreadable-reason"),
        ("99999999999999999999999", "unreadable-reason"),
        ("ff", "unreadable-reason"),
        ("255", "unreadable-reason"),
        ("devp2p explain wrong-mac", "wrong-mac"),
        ("More: target/debug/devp2p explain wrong-mac", "wrong-mac"),
    ] {
        assert_eq!(find(thing).unwrap().topic.slug, slug, "{thing}");
    }
    let read = |thing: &str| find(thing).unwrap().read.unwrap();
    assert_eq!(read("c0"), "c0: an empty list: no number can be read");
    assert_eq!(read("81ff"), "81ff: a bare number: 0xff, \"unknown reason 0xff\"");
    assert_eq!(read("c1c104"), "c1c104: not what any client sends: no number can be read");
    let both =
        "10 is the reason 0x0a, \"connected to self\"; the byte 0x10 is \"subprotocol error\"";
    assert_eq!(read("10"), both);
}

#[test]
fn every_phase_is_found_in_the_words_of_who_asks() {
    for (thing, slug) in [
        ("it closed after auth", "closed-after-auth"),
        ("closed-after-auth", "closed-after-auth"),
        ("closed after ack", "closed-after-ack"),
        ("The node closed the connection after ack!", "closed-after-ack"),
        ("closed before Hello", "closed-after-ack"),
        ("closed-after-hello", "closed-after-hello"),
        ("it just closed after Hello", "closed-after-hello"),
        ("no answer to auth", "handshake-timeout"),
        ("handshake-timeout", "handshake-timeout"),
        ("connect timeout", "connect-timeout"),
        ("no answer to Hello", "hello-timeout"),
        ("hello_timeout", "hello-timeout"),
        ("silence", "silence"),
        ("no pong", "no-pong"),
    ] {
        assert_eq!(find(thing).unwrap().topic.slug, slug, "{thing}");
    }
}

#[test]
fn a_part_that_is_enough_is_enough_and_another_is_not() {
    for (part, slug) in [
        ("cannot connect: connection refu", "cannot-connect"),
        ("the mac of the frame", "wrong-mac"),
        ("peer dropped Bob: nothing was heard from", "silence"),
        ("keys in a node record are sorted", "bad-record"),
    ] {
        let found = find(part).map(|answer| answer.topic.slug);
        assert_eq!(found.unwrap(), slug, "{part}");
    }
    let proposed = |thing: &str| {
        let topics = find(thing).map(|answer| answer.topic.slug).unwrap_err();
        topics.iter().map(|topic| topic.slug).collect::<Vec<_>>()
    };
    assert!(proposed("the handshake packet").len() > 1);
    assert_eq!(proposed("tomany-peers")[0], "too-many-peers");
    assert_eq!(proposed("wrongmac2")[0], "wrong-mac");
    assert_eq!(proposed("frobnicate"), [""; 0]);
    assert_eq!(proposed(&"x".repeat(1 << 20)), [""; 0]);
    assert_eq!(proposed(&"the ".repeat(1 << 18)), [""; 0]);
}

/// Every topic, printed as the binary prints it.
fn printed(topic: &Topic) -> String {
    topic.to_string().replace(&crate::output::program(), "devp2p")
}

#[test]
fn every_explanation_is_short_and_of_one_shape() {
    let mut slugs = BTreeSet::new();
    for topic in topics::all() {
        let text = printed(topic);
        assert!(slugs.insert(topic.slug), "twice: {}", topic.slug);
        assert!(
            topic.slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        );
        assert!(text.lines().count() <= 17, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80 && !line.ends_with(' '), "{line}");
        }
        let labels = ["\nwhat it is   ", "\nit means     ", "\nwho says it  ", "\ntry next     "];
        let places = labels.map(|label| text.find(label).unwrap_or_else(|| panic!("{text}")));
        assert!(places.is_sorted(), "{text}");
        for part in [topic.what, topic.means, topic.who] {
            assert!(part.ends_with('.') || part.ends_with(['?', '`']), "{part}");
        }
        assert_eq!(find(topic.slug).unwrap().topic.slug, topic.slug);
        let title = find(topic.title).map(|answer| answer.topic.slug);
        assert_eq!(title.ok(), Some(topic.slug), "{}", topic.title);
        for text in topic.texts {
            let found = find(&text.replace('*', "7")).unwrap().topic.slug;
            assert_eq!(found, topic.slug, "{text}");
        }
    }
}

#[test]
fn no_topic_is_left_out() {
    let mut count = 0;
    for entry in fs::read_dir(sources().join("explain/topics")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        count += source.matches(": Topic = Topic {").count();
    }
    assert_eq!(count, topics::all().count());
}

#[test]
fn every_command_in_an_explanation_can_be_typed() {
    let record = Enr::builder(1).sign(&NodeKey::from_bytes([1; 32]).unwrap()).unwrap();
    let whole = format!("\"enode://{KEY}@203.0.113.7:30303\"");
    let mut count = 0;
    for topic in topics::all() {
        for command in topic.next.iter().filter(|next| next.starts_with("devp2p ")) {
            let typed = command
                .replace("\"enode://…\"", &whole)
                .replace('…', KEY)
                .replace("enr:1dd9", "enr:…1dd9")
                .replace(&format!("enr:…{KEY}"), &record.to_string())
                .replace('"', "");
            let parsed = crate::Cli::try_parse_from(typed.split(' '));
            let is_version = *command == "devp2p --version";
            assert!(parsed.is_ok() || is_version, "{typed}: {}", parsed.unwrap_err());
            if let Some(slug) = command.strip_prefix("devp2p explain ") {
                assert!(find(slug).is_ok(), "{command}");
            }
            count += 1;
        }
    }
    assert!(count > 60, "only {count} commands");
}

/// What the tool says in its own words: where it says it, what that looks like, and what explains it.
const TOLD: &[(&str, &str, &str, &str)] = &[
    ("diagnose.rs", "ALONE", "no peers, see above", "no-peers"),
    ("diagnose.rs", "ALONE", "no peers, see above", "no-peers"),
    ("diagnose.rs", "\"the node has ended by itself\"", "the node has ended by itself", "stopped"),
    (
        "discv4.rs",
        "\"{host}: no name server answered",
        "a.b: no name server answered within 10 seconds: is there a network?",
        "name-not-found",
    ),
    (
        "discv4.rs",
        "\"{host}: {error}\"",
        "a.b: its host name cannot be looked up: is",
        "name-not-found",
    ),
    (
        "discv4.rs",
        "words",
        "the node sent the record of another node: it is broken, or plays tricks",
        "wrong-record",
    ),
    (
        "discv4.rs",
        "\"no answer from UDP {}, asked {TRIES} times",
        "no answer from UDP 127.0.0.1:1, asked 3 times: does the node run, with discovery v4 on? \
         Are the key and the UDP port in the enode right? Does a firewall drop UDP?",
        "no-udp-answer",
    ),
    (
        "discv4.rs",
        "\"no bootnode answers: do they run",
        "no bootnode answers: do they run, with discovery v4 on? `x discv4 ping` tells more",
        "no-bootnode",
    ),
    (
        "discv4/crawl.rs",
        "\"nobody has answered within {limit} s",
        "nobody has answered within 60 s: take more time with `--for SECONDS`",
        "no-bootnode",
    ),
    (
        "discv4/resolve.rs",
        "words",
        "nothing says where to begin: add `--bootnode ENODE`, a node that may know others",
        "knows-nobody",
    ),
    (
        "discv4/resolve.rs",
        "\"nobody knows the node {}",
        "nobody knows the node 1dd9d65c: the 16 nodes closest to it answered, and it is not among \
         them. It may be gone, or hide behind a firewall.",
        "node-not-found",
    ),
    (
        "decode.rs",
        "\"{broken} of {all} broken",
        "3 of 9 broken: the lines with an exclamation mark say how",
        "nothing-known",
    ),
    ("decode.rs", "\"cannot read {}: {error}\"", "", ""),
    (
        "decode.rs",
        "\"--keylog is for captures",
        "--keylog is for captures, and this is none",
        "key-log",
    ),
    (
        "decode.rs",
        "words",
        "these 5 bytes are nothing that is known here: say with --as what they are",
        "nothing-known",
    ),
    (
        "decode/captured.rs",
        "nothing",
        "no RLPx connection and no discovery packet is in this capture, only 3 connections of other \
         TCP and 1 datagram of other UDP",
        "nothing-known",
    ),
    (
        "decode/captured.rs",
        "words",
        "the key log knows none of the 3 RLPx connections in this capture: is it of another run?",
        "key-log",
    ),
    ("trace.rs", "\"cannot write the page", "", ""),
    ("trace/live.rs", "\"cannot write the {what}", "", ""),
    // What was typed, not what went wrong.
    ("trace/live.rs", "\"--json and --trace", "", ""),
    // Not an explanation, but the lack of one.
    ("explain.rs", "\"nothing is known about", "", ""),
    ("failure.rs", "error", "", ""),
    (
        "failure.rs",
        "\"{error}, for example with",
        "TCP port 1 on ::1 is in use: stop the other program, or choose another port (0 lets the \
         system choose), for example with `--listen [::1]:0`",
        "port-taken",
    ),
    (
        "failure.rs",
        "\"the operating system refuses",
        "the operating system refuses what every program needs: Too many open files",
        "operating-system",
    ),
    ("key.rs", "\"cannot write the key file", "", ""),
    (
        "key.rs",
        "\"there is no key file {path}",
        "there is no key file /tmp/my.key: make one with `devp2p key new \"/tmp/my.key\"`",
        "key-file-missing",
    ),
    ("key.rs", "\"cannot read the key file", "", ""),
    ("node/serving.rs", "\"--ipc: {error}\"", "", ""),
    ("node/serving.rs", "words", "", ""),
    (
        "rpc.rs",
        "\"{told}{advice}\"",
        "the node answers: the method foo_bar does not exist/is not available (-32601). A name has \
         its module, a _ and the method, and capital letters count; rpc_modules tells the modules",
        "rpc-refused",
    ),
    (
        "rpc.rs",
        "end)",
        "the connection is lost (the node has closed it): subscribe again",
        "rpc-lost",
    ),
    ("node.rs", "\"--connect: {error}\"", "", ""),
    ("node.rs", "\"--connect: {error}\"", "", ""),
    (
        "values.rs",
        "\"--ip: a node has one address",
        "--ip: a node has one address for IPv4 and one for IPv6 at most",
        "external-address",
    ),
];

#[test]
fn every_text_of_our_own_is_explained() {
    let mut folders = vec![sources()];
    let mut told = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("explain/tests.rs") {
                continue;
            }
            let name = path.strip_prefix(sources()).unwrap().display().to_string();
            let source = fs::read_to_string(&path).unwrap();
            assert!(!source.contains("(Failure::told)"), "{name}: has an error no topic?");
            for call in source.split("::told(").skip(1) {
                let call = call.trim_start().trim_start_matches("format_args!(").trim_start();
                told.push((name.clone(), call.to_owned()));
            }
        }
    }
    for (file, begin, text, slug) in TOLD {
        let place = told.iter().position(|(name, call)| name == file && call.starts_with(begin));
        told.remove(place.unwrap_or_else(|| panic!("{file} says no more {begin}")));
        if !text.is_empty() {
            check(text, find(slug).unwrap().topic);
        }
    }
    let rest: Vec<_> = told.iter().map(|(name, call)| format!("{name}: {call:.60}")).collect();
    assert!(rest.is_empty(), "what explains these? {rest:#?}");
}

#[test]
fn what_a_diagnosis_finds_is_explained() {
    for (text, slug) in [
        ("it may have no peers: the limit is 0 (`max_peers`, `--max-peers`)", "no-peers"),
        (
            "none of 3 dials has made a peer: 3 × cannot connect: connection refused: is the node \
             running, and is the port right?",
            "connection-refused",
        ),
        ("it knows nobody to connect to: it was given no node and no bootnode", "knows-nobody"),
        ("no bootnode has answered: 1dd9d65c at 127.0.0.1:1: no answer", "no-bootnode"),
        (
            "no bootnode has answered: 1dd9d65c at 10.0.0.1:1: answers 100 s late by the clock of \
             this machine: one of the two clocks is wrong",
            "wrong-clock",
        ),
        (
            "discovery knows 3 nodes, and nobody there takes connections and is free to be dialed",
            "no-peers",
        ),
        ("nobody can connect to it: it does not listen", "nobody-connects"),
        (
            "nobody has connected to 127.0.0.1:1: it listens on a loopback address, where only \
             this machine reaches it",
            "nobody-connects",
        ),
        (
            "of 4 that have connected some were no peers: 4 × we said \"useless peer\" (0x03): we \
             share no protocol",
            "useless-peer",
        ),
        ("no peers after 60 s: it knows nobody", "no-peers"),
        ("4 × this address connected less than 30 s ago", "turned-away"),
        ("cannot write to stdout: No space left on device", "operating-system"),
    ] {
        check(text, find(slug).unwrap().topic);
    }
}
