//! JSON of everything that people write as one text: keys, enodes, records, capabilities. It is
//! written as it prints, and read as it parses.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::enode::Enode;
use crate::enr::Enr;
use crate::keys::{NodeId, PublicKey};
use crate::p2p::Capability;

macro_rules! is_its_text {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

is_its_text!(PublicKey, NodeId, Enode, Enr, Capability);
