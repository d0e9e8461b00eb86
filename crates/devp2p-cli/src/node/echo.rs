//! `--echo`: a subprotocol that sends every message back.

use devp2p_core::net::PeerInfo;
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use thiserror::Error;

/// Why a value is not a subprotocol.
#[derive(Debug, Error)]
#[error(
    "a subprotocol is NAME/VERSION/LENGTH, as in foo/42/1: \
     its name, its version, and how many message codes it has, at least 1"
)]
pub(crate) struct EchoError;

/// The echo of the subprotocol that `text` names, as `NAME/VERSION/LENGTH`.
pub(crate) fn protocol(text: &str) -> Result<Protocol, EchoError> {
    let parts: Vec<&str> = text.split('/').collect();
    let [name, version, length] = parts.as_slice() else {
        return Err(EchoError);
    };
    match (version.parse(), length.parse()) {
        (Ok(version), Ok(length @ 1..)) if !name.is_empty() => {
            Ok(Protocol::new(name, version, length, echo))
        }
        _ => Err(EchoError),
    }
}

/// Sends back what comes, as it came, until the peer goes.
async fn echo(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    loop {
        let msg = pipe.read().await?;
        pipe.write(msg.code, &msg.payload).await?;
    }
}
