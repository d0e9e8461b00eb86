//! Whoever knows a node's public key can claim to be it. That must not keep the node itself out, and
//! not end what it has.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod support;

use alloy_rlp::Header;
use devp2p_core::ecies;
use devp2p_core::handshake::{initiate, packet_len};
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::{Config, Server};
use support::{added, config, server, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An auth packet that says it is from `claimed`: any signature will do.
fn forged_auth(claimed: PublicKey, recipient: PublicKey) -> Vec<u8> {
    let signature = NodeKey::generate(&mut rand::rng()).sign([7; 32]);
    let (id, nonce) = (claimed.to_bytes(), [9; 32]);
    let mut items = Vec::new();
    for item in [&signature[..], &id[..], &nonce[..]] {
        alloy_rlp::Encodable::encode(item, &mut items);
    }
    items.push(4);
    let mut body = Vec::new();
    Header { list: true, payload_length: items.len() }.encode(&mut body);
    body.extend(items);
    let size = u16::try_from(body.len() + ecies::OVERHEAD).unwrap().to_be_bytes();
    let ciphertext = ecies::encrypt(&recipient, &body, &size, &mut rand::rng());
    [&size[..], &ciphertext].concat()
}

/// Sends an auth packet and stays, when it was answered with an ack: then the server knows whom it
/// claims to be from.
async fn claim(server: &Server, auth: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.node_info().listen_addr.unwrap()).await.unwrap();
    stream.write_all(auth).await.unwrap();
    let mut prefix = [0; 2];
    soon(stream.read_exact(&mut prefix)).await.unwrap();
    let mut ack = vec![0; packet_len(prefix).unwrap()];
    soon(stream.read_exact(&mut ack)).await.unwrap();
    stream
}

/// Both orders of a server's key and a node's: a rule looks at which one is smaller.
fn keys_in_both_orders() -> [(NodeKey, NodeKey); 2] {
    let mut keys = [[1; 32], [2; 32]];
    keys.sort_by_key(|key| NodeKey::from_bytes(*key).unwrap().public_key());
    let pair = |a: [u8; 32], b| (NodeKey::from_bytes(a).unwrap(), NodeKey::from_bytes(b).unwrap());
    [pair(keys[0], keys[1]), pair(keys[1], keys[0])]
}

#[tokio::test]
async fn who_only_knows_a_nodes_public_key_neither_keeps_it_out_nor_ends_its_connection() {
    for replays in [false, true] {
        for (own, other) in keys_in_both_orders() {
            let hub = Server::start(Config { key: own.into(), ..config("hub", 5) }).await.unwrap();
            let (hub_key, other_key) = (hub.node_info().id, other.public_key());
            // Seen on the wire once, and sent again; or made from what everybody knows.
            let auth = match replays {
                true => initiate(&other, hub_key, &mut rand::rng()).1,
                false => forged_auth(other_key, hub_key),
            };
            let before = claim(&hub, &auth).await;

            let mut events = hub.subscribe();
            let node = Server::start(Config { key: other.into(), ..config("node", 5) }).await;
            let node = node.unwrap();
            node.add_peer(hub.enode()).await.unwrap();
            assert_eq!(added(&mut events).await, other_key);

            let after = claim(&hub, &auth).await;
            // Another node that comes now shows that the hub is done with the claim.
            let third = server("third", 5).await;
            third.add_peer(hub.enode()).await.unwrap();
            assert_eq!(added(&mut events).await, third.node_info().id, "the node is still there");
            drop((before, after));
            assert_eq!(hub.peers().await.len(), 2);
            tokio::join!(soon(node.stop()), soon(third.stop()), soon(hub.stop()));
        }
    }
}
