//! Bootnodes whose names lead elsewhere, or nowhere: on a simulated network.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::super::StartError;
use super::super::discovery::{AskError, Discovery, DiscoveryConfig};
use super::super::system::point;
use super::*;
use crate::discv4::service::BootnodeState;
use crate::enode::{Address, Enode, Host};

const PORT: u16 = 30303;

fn listen() -> Option<SocketAddr> {
    Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)))
}

/// The node with key `n`, at this name.
fn named(n: u8, name: &str) -> Enode {
    let address = Address { host: Host::Dns(name.to_owned()), tcp: PORT, udp: PORT };
    Enode { public_key: key(n).public_key(), address: Some(address) }
}

fn config(n: u8, bootnodes: Vec<Enode>) -> DiscoveryConfig {
    DiscoveryConfig { bootnodes, ..DiscoveryConfig::new(Arc::new(key(n))) }
}

fn network() -> turmoil::Sim<'static> {
    let mut network = turmoil::Builder::new();
    network.simulation_duration(LONG).rng_seed(7).build()
}

/// Waits until a bootnode has answered; where they are then.
async fn answered(discovery: &Discovery) -> Vec<(Option<SocketAddr>, BootnodeState)> {
    let answered = async {
        loop {
            let bootnodes = discovery.status().await.unwrap().bootnodes;
            if bootnodes.iter().any(|bootnode| bootnode.state == BootnodeState::Answered) {
                return bootnodes.iter().map(|bootnode| (bootnode.addr, bootnode.state)).collect();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    timeout(LONG, answered).await.unwrap()
}

#[test]
fn a_bootnode_whose_name_leads_elsewhere_after_a_while_is_found_there() {
    let mut network = network();
    network.host("old home", || async { std::future::pending().await });
    network.client("new home", async {
        let bootnode = Discovery::start(listen(), config(2, Vec::new())).await?;
        tokio::time::sleep(Duration::from_secs(60)).await;
        bootnode.stop().await;
        Ok(())
    });
    network.client("node", async {
        point("boot", Some(turmoil::lookup("old home")));
        let node = Discovery::start(listen(), config(1, vec![named(2, "boot")])).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let [silent] = &node.status().await?.bootnodes[..] else { return Err("one".into()) };
        assert_eq!(silent.state, BootnodeState::Silent, "{silent}");
        point("boot", Some(turmoil::lookup("new home")));
        let there = SocketAddr::new(turmoil::lookup("new home"), PORT);
        assert_eq!(answered(&node).await, [(Some(there), BootnodeState::Answered)]);
        node.stop().await;
        Ok(())
    });
    network.run().unwrap();
}

#[test]
fn one_name_that_leads_somewhere_is_enough_and_the_others_are_looked_up_again() {
    let mut network = network();
    network.host("silent", || async { std::future::pending().await });
    network.client("boot", async {
        let bootnode = Discovery::start(listen(), config(2, Vec::new())).await?;
        tokio::time::sleep(Duration::from_secs(60)).await;
        bootnode.stop().await;
        Ok(())
    });
    network.client("node", async {
        point("nowhere", None);
        let error = Discovery::start(listen(), config(1, vec![named(2, "nowhere")])).await;
        let error = error.unwrap_err();
        let is_lookup = matches!(&error, StartError::Bootnode { error: AskError::Lookup(_), .. });
        assert!(is_lookup, "{error}");

        let bootnodes = vec![named(2, "nowhere"), named(3, "silent")];
        let node = Discovery::start(listen(), config(1, bootnodes)).await?;
        let status = node.status().await?;
        let told: Vec<String> = status.bootnodes.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("at nowhere: its host name cannot be looked up"), "{told:?}");

        point("nowhere", Some(turmoil::lookup("boot")));
        let there = SocketAddr::new(turmoil::lookup("boot"), PORT);
        assert_eq!(answered(&node).await[0], (Some(there), BootnodeState::Answered));
        node.stop().await;
        Ok(())
    });
    network.run().unwrap();
}
