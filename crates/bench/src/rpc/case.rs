//! What is measured of JSON-RPC.

use std::fmt;

/// One line of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Over what.
    pub transport: Transport,
    /// What is done.
    pub load: Load,
}

/// How values come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A socket in the file system.
    Ipc,
    /// HTTP; the connection stays.
    Http,
    /// WebSocket.
    Ws,
}

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Calls on so many connections, each with so many under way.
    Calls {
        /// Connections.
        connections: u32,
        /// Calls that are under way on each of them.
        under_way: u32,
    },
    /// Events to so many subscribers, each with a connection of its own.
    Events {
        /// Subscribers.
        subscribers: u32,
    },
}

const ONE: Load = Load::Calls { connections: 1, under_way: 1 };
const CONNECTIONS: Load = Load::Calls { connections: 16, under_way: 1 };
const UNDER_WAY: Load = Load::Calls { connections: 1, under_way: 16 };
const SUBSCRIBER: Load = Load::Events { subscribers: 1 };
const SUBSCRIBERS: Load = Load::Events { subscribers: 100 };

impl Case {
    /// In HTTP, calls wait for each other, and nobody can subscribe.
    pub const ALL: [Self; 12] = [
        Self { transport: Transport::Ipc, load: ONE },
        Self { transport: Transport::Ipc, load: CONNECTIONS },
        Self { transport: Transport::Ipc, load: UNDER_WAY },
        Self { transport: Transport::Http, load: ONE },
        Self { transport: Transport::Http, load: CONNECTIONS },
        Self { transport: Transport::Ws, load: ONE },
        Self { transport: Transport::Ws, load: CONNECTIONS },
        Self { transport: Transport::Ws, load: UNDER_WAY },
        Self { transport: Transport::Ipc, load: SUBSCRIBER },
        Self { transport: Transport::Ipc, load: SUBSCRIBERS },
        Self { transport: Transport::Ws, load: SUBSCRIBER },
        Self { transport: Transport::Ws, load: SUBSCRIBERS },
    ];

    /// Connections that it needs.
    pub(super) fn connections(self) -> u32 {
        match self.load {
            Load::Calls { connections, .. } => connections,
            Load::Events { subscribers } => subscribers,
        }
    }

    /// Calls or events on each connection in one sample: a sample takes some hundredths of a second.
    pub(super) fn count(self) -> u32 {
        match self.load {
            Load::Calls { connections: 1, under_way: 1 } => 200,
            Load::Calls { connections, .. } => 3200_u32.checked_div(connections).unwrap_or(1),
            Load::Events { subscribers } => 10_000_u32.checked_div(subscribers).unwrap_or(1),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipc => "IPC",
            Self::Http => "HTTP",
            Self::Ws => "WebSocket",
        })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", self.transport)?;
        match self.load {
            Load::Calls { connections: 1, under_way: 1 } => f.write_str("one call at a time"),
            Load::Calls { connections: 1, under_way } => {
                write!(f, "{under_way} calls under way on one connection")
            }
            Load::Calls { connections, .. } => write!(f, "{connections} connections"),
            Load::Events { subscribers: 1 } => f.write_str("events to one subscriber"),
            Load::Events { subscribers } => write!(f, "events to {subscribers} subscribers"),
        }
    }
}
