//! Where a node is, and how to get there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Options;
use super::codec::Form;
use super::error::ClientError;
use super::link::Link;
use crate::connection::Limits;
use crate::module::Modules;
use crate::stream;

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that wait in a pipe within the process.
const PIPE: usize = 64 * 1024;

/// Where a node is.
#[derive(Debug, Clone)]
pub(super) enum Endpoint {
    Ipc(PathBuf),
    InProcess(Arc<Modules>, Arc<Limits>),
    /// A stream that was there already.
    Given,
    #[cfg(feature = "http")]
    Http(super::http::Place),
    #[cfg(feature = "ws")]
    Ws(super::http::Place),
}

impl Endpoint {
    /// Reads `http://…`, `ws://…`, or a path.
    ///
    /// # Errors
    /// [`ClientError::Place`].
    pub(super) fn read(place: &str) -> Result<Self, ClientError> {
        let wrong = |why| ClientError::Place { place: place.to_owned(), why };
        match place.split_once("://") {
            None if place.is_empty() => Err(wrong("it is empty")),
            None => Ok(Self::Ipc(place.into())),
            #[cfg(feature = "http")]
            Some(("http", _)) => super::http::Place::read(place).map(Self::Http).map_err(wrong),
            #[cfg(feature = "ws")]
            Some(("ws", _)) => super::http::Place::read(place).map(Self::Ws).map_err(wrong),
            Some(("https" | "wss", _)) => Err(wrong("there is no TLS here: use http:// or ws://")),
            Some(_) => {
                Err(wrong("write http://ADDRESS, ws://ADDRESS, or the path of an IPC socket"))
            }
        }
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ipc(path) => path.display().to_string(),
            Self::InProcess(..) => "this process".to_owned(),
            Self::Given => "the stream that was given".to_owned(),
            #[cfg(feature = "http")]
            Self::Http(place) => place.url().to_owned(),
            #[cfg(feature = "ws")]
            Self::Ws(place) => place.url().to_owned(),
        }
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::Connect`].
    pub(super) async fn dial(&self, options: &Options) -> Result<Link, ClientError> {
        let dialed = timeout(PATIENCE, self.dial_for_ever(options)).await;
        let dialed = dialed
            .unwrap_or_else(|_| Err(format!("nobody answers within {} s", PATIENCE.as_secs())));
        dialed.map_err(|why| ClientError::Connect { place: self.name(), why: why.into() })
    }

    async fn dial_for_ever(&self, options: &Options) -> Result<Link, String> {
        match self {
            Self::Ipc(path) => {
                let stream = crate::ipc::connect(path).await.map_err(|error| error.to_string())?;
                let (reader, writer) = tokio::io::split(stream);
                Ok(Link::start(reader, writer, Form::Values, options))
            }
            Self::InProcess(modules, limits) => {
                let (ours, theirs) = tokio::io::duplex(PIPE);
                let (reader, writer) = tokio::io::split(theirs);
                // It ends when our end is dropped.
                tokio::spawn(stream::serve(reader, writer, modules.clone(), limits.clone()));
                let (reader, writer) = tokio::io::split(ours);
                Ok(Link::start(reader, writer, Form::Values, options))
            }
            Self::Given => Err("it has ended".to_owned()),
            #[cfg(feature = "ws")]
            Self::Ws(place) => {
                let stream = place.websocket().await?;
                let (reader, writer) = tokio::io::split(stream);
                Ok(Link::start(reader, writer, Form::Frames, options))
            }
            #[cfg(feature = "http")]
            Self::Http(_) => Err("HTTP has no connection that stays".to_owned()),
        }
    }
}
