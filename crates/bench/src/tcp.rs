//! TCP alone: as many bytes in as many writes, on the same runtime, and no protocol in them.

use std::time::{Duration, Instant};

use devp2p_core::frame::HEADER_LEN;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Result;
use crate::case::Case;
use crate::samples::REST;

/// Bytes of a MAC.
const MAC_LEN: usize = 16;
/// Bytes, about, of what both sides say one after the other: a handshake packet, and Hello.
const INTRODUCTION: [usize; 2] = [450, 200];

/// A frame with `body` bytes there, and one back.
pub(crate) async fn round_trips(case: Case, body: usize) -> Result<Vec<Duration>> {
    let frame = HEADER_LEN.saturating_add(body).saturating_add(MAC_LEN);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut near = connect(&listener).await?;
    let (mut far, _) = listener.accept().await?;
    far.set_nodelay(true)?;
    // Until the other end is dropped.
    tokio::spawn(async move { while answer(&mut far, frame).await.is_ok() {} });
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        for _ in 0..case.count {
            ask(&mut near, frame).await?;
        }
        took.push(begin.elapsed());
    }
    Ok(took)
}

/// Connect, introduce each other, hang up, and the other side has seen it.
pub(crate) async fn connections(case: Case) -> Result<Vec<Duration>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        for _ in 0..case.count {
            let mut near = connect(&listener).await?;
            let (mut far, _) = listener.accept().await?;
            far.set_nodelay(true)?;
            let seen: JoinHandle<Result<()>> = tokio::spawn(async move {
                for size in INTRODUCTION {
                    answer(&mut far, size).await?;
                }
                while far.read(&mut [0; 16]).await? > 0 {}
                Ok(())
            });
            for size in INTRODUCTION {
                ask(&mut near, size).await?;
            }
            drop(near);
            seen.await??;
        }
        took.push(begin.elapsed());
    }
    Ok(took)
}

async fn connect(listener: &TcpListener) -> Result<TcpStream> {
    let stream = TcpStream::connect(listener.local_addr()?).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn ask(stream: &mut TcpStream, size: usize) -> Result<()> {
    let mut bytes = vec![7; size];
    stream.write_all(&bytes).await?;
    stream.read_exact(&mut bytes).await?;
    Ok(())
}

async fn answer(stream: &mut TcpStream, size: usize) -> Result<()> {
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).await?;
    stream.write_all(&bytes).await?;
    Ok(())
}
