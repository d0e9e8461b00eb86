//! How a protocol ends, as go-ethereum sees it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::future::pending;

use common::{Ours, config, connect, event, geth, geth_speaking, peer_event, raw, said, soon};
use devp2p_core::net::EndReason;
use devp2p_core::net::TransportError;
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::p2p::MessageError;
use devp2p_core::protocol::{Msg, MsgPipe, Protocol, ProtocolError};
use interop::InteropError;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

/// A way to end.
struct End {
    /// Code and payload of the message that makes our handler end so.
    message: &'static str,
    /// What the peer is told.
    reason: u8,
    /// What go-ethereum makes of that.
    geth_says: &'static str,
    /// What our drop event says after "protocol foo/42".
    we_say: &'static str,
}

const ENDS: [End; 9] = [
    End { message: "0", reason: 0x08, geth_says: "client quitting", we_say: " returned" },
    End { message: "1", reason: 0x10, geth_says: "subprotocol error", we_say: ": out of soup" },
    End { message: "2", reason: 0x10, geth_says: "subprotocol error", we_say: " panicked" },
    End {
        message: "3 86666f6f",
        reason: 0x02,
        geth_says: "breach of protocol",
        we_say: ": the payload of message code 3 is not what it must be: input too short",
    },
    End {
        message: "3 83666f6f00",
        reason: 0x02,
        geth_says: "breach of protocol",
        we_say: ": the payload of message code 3 has 1 bytes too many at its end",
    },
    End {
        message: "4",
        reason: 0x02,
        geth_says: "breach of protocol",
        we_say: ": foo/42 has no message code 6",
    },
    End {
        message: "5 00",
        reason: 0x00,
        geth_says: "disconnect requested",
        we_say: ": disconnect requested",
    },
    End { message: "5 03", reason: 0x03, geth_says: "useless peer", we_say: ": useless peer" },
    End { message: "5 0b", reason: 0x0b, geth_says: "read timeout", we_say: ": read timeout" },
];

/// foo/42, which ends as the code of the first message says.
fn ending() -> Protocol {
    Protocol::new("foo", 42, 6, |_, mut pipe| async move {
        let msg = pipe.read().await?;
        end(&msg, pipe).await
    })
}

async fn end(msg: &Msg, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    match msg.code {
        0 => Ok(()),
        1 => Err(ProtocolError::other("out of soup")),
        2 => panic!("on purpose, in a test"),
        3 => msg.decode::<String>().map(|text| assert!(text.is_empty())).map_err(Into::into),
        4 => pipe.write(6, b"one code too many").await,
        _ => Err(ProtocolError::Disconnect(DisconnectReason::from_code(msg.payload[0]))),
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_is_told_how_our_handler_ended_and_the_server_lives() {
    let mut ours = Ours::start(config(vec![ending()])).await;
    for End { message, geth_says, we_say, .. } in ENDS {
        let (mut them, _) = geth_speaking(&["foo/42/6"], &[]).await;
        connect(&mut them, &mut ours).await;
        said(&mut them, event("started")).await;
        them.send_line(&format!("send foo {message}")).await.unwrap();
        let drop = said(&mut them, peer_event("drop", &ours)).await;
        assert_eq!(drop["error"], geth_says, "{message}");
        assert_eq!(ours.dropped().await.to_string(), format!("protocol foo/42{we_say}"));
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn the_goodbye_of_a_protocol_is_a_list_and_compressed() {
    let mut ours = Ours::start(config(vec![ending()])).await;
    for End { message, reason, we_say, .. } in ENDS {
        let (code, payload) = message.split_once(' ').unwrap_or((message, ""));
        let message = format!("{}:{payload}", 16 + code.parse::<u64>().unwrap());
        let mut raw = raw(&ours, &["--cap", "foo/42", "--send", &message]);
        let goodbye = said(&mut raw, event("disconnect")).await;
        assert_eq!((&goodbye["reason"], &goodbye["compressed"]), (&reason.into(), &true.into()));
        // Code 0 is the empty string in RLP.
        let rlp = if reason == 0 { 0x80 } else { reason };
        assert_eq!(goodbye["wire"], format!("0204c1{rlp:02x}"));
        said(&mut raw, event("closed")).await;
        ours.added().await;
        assert_eq!(ours.dropped().await.to_string(), format!("protocol foo/42{we_say}"));
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_code_beyond_every_protocol_ends_the_connection_without_a_goodbye() {
    for id in ["17", "0xffffffffffffffff"] {
        let mut ours = Ours::listening().await;
        let message = format!("{id}:c0");
        let mut raw = raw(&ours, &["--cap", "foo/42", "--send", &message]);
        ours.added().await;
        let reason = ours.dropped().await;
        let unknown = matches!(
            reason,
            EndReason::Transport(TransportError::Message(MessageError::UnknownMsgId(_)))
        );
        assert!(unknown, "{reason:?}");
        said(&mut raw, event("closed")).await;
        let error = raw.expect(event("disconnect"), common::SOON).await.unwrap_err();
        assert!(matches!(error, InteropError::Ended { .. }), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn the_first_protocol_to_end_takes_the_peer_with_it() {
    let leaving = Protocol::new("bar", 1, 1, |_, mut pipe| async move {
        pipe.read().await?;
        Ok(())
    });
    let (report, mut closed) = mpsc::unbounded_channel();
    let stuck = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let report = report.clone();
        async move {
            while pipe.read().await.is_ok() {}
            report.send(Instant::now()).unwrap();
            pending().await
        }
    });
    let mut ours = Ours::start(config(vec![leaving, stuck])).await;
    let (mut them, _) = geth_speaking(&["bar/1/1", "foo/42/1"], &[]).await;
    connect(&mut them, &mut ours).await;
    for _ in 0..2 {
        said(&mut them, event("started")).await;
    }
    them.send_line("send bar 0").await.unwrap();
    let drop = said(&mut them, peer_event("drop", &ours)).await;
    assert_eq!(drop["error"], "client quitting");
    for protocol in ["bar", "foo"] {
        said(&mut them, |line| line["event"] == "ended" && line["protocol"] == protocol).await;
    }
    let pipe_closed = soon(closed.recv()).await.unwrap();
    assert_eq!(ours.dropped().await.to_string(), "protocol bar/1 returned");
    let grace = pipe_closed.elapsed();
    // One second; some less if it was slow to see the end, and more on a busy machine.
    let a_second = Duration::from_millis(500)..Duration::from_secs(10);
    assert!(a_second.contains(&grace), "aborted {grace:?} after its pipe had closed");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_reads_all_that_our_handler_wrote_before_it_returned() {
    let talkative = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        pipe.read().await?;
        for n in 0..200u64 {
            pipe.write(0, &[&n.to_be_bytes()[..], &[0; 1000]].concat()).await?;
        }
        Ok(())
    });
    let mut ours = Ours::start(config(vec![talkative])).await;
    let (mut them, _) = geth(&[]).await;
    connect(&mut them, &mut ours).await;
    said(&mut them, event("started")).await;
    them.send_line("send foo 0").await.unwrap();
    for n in 0..200u64 {
        let message = said(&mut them, event("message")).await;
        let payload = message["payload"].as_str().unwrap();
        assert!(payload.len() == 2016 && payload.starts_with(&format!("{n:016x}")), "{message}");
    }
    let drop = said(&mut them, peer_event("drop", &ours)).await;
    assert_eq!(drop["error"], "client quitting");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_handler_that_never_returns_does_not_keep_a_server_from_stopping() {
    let stuck = Protocol::new("foo", 42, 1, |_, _pipe| pending());
    let mut ours = Ours::start(config(vec![stuck])).await;
    let (mut them, _) = geth(&[]).await;
    connect(&mut them, &mut ours).await;
    let dropped = peer_event("drop", &ours);
    let begin = Instant::now();
    soon(ours.server.stop()).await;
    // A second for the goodbye while the handler has its own, and one to see the stream end.
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!(said(&mut them, dropped).await["error"], "client quitting");
}
