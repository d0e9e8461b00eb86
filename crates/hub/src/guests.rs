//! How many come from where, so that one computer cannot take all places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections at the same time: two or three for each learner.
const ALL: usize = 1000;

/// The connections that there are, by address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them, as long as it lives.
#[derive(Debug)]
pub(crate) struct Guest(Guests, IpAddr);

impl Guests {
    /// One more connection, if there is room for it: `from_one` for each address but our own.
    pub(crate) fn come(&self, ip: IpAddr, from_one: usize) -> Option<Guest> {
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = guests.values().sum();
        let mine = guests.entry(ip).or_default();
        if !ip.is_loopback() && (all >= ALL || *mine >= from_one) {
            return None;
        }
        *mine = mine.saturating_add(1);
        Some(Guest(self.clone(), ip))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Self(guests, ip) = self;
        let mut guests = guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = guests.get_mut(ip) {
            *mine = mine.saturating_sub(1);
        }
        guests.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_places_and_no_others_and_gives_them_back() {
        let guests = Guests::default();
        let [one, two, own] = ["192.0.2.1", "192.0.2.2", "127.0.0.1"].map(|ip| ip.parse().unwrap());
        let mut here: Vec<Guest> = (0..3).map(|_| guests.come(one, 3).unwrap()).collect();
        assert!(guests.come(one, 3).is_none());
        assert!(guests.come(two, 3).is_some());
        here.pop();
        here.push(guests.come(one, 3).unwrap());
        assert!(guests.come(one, 3).is_none());
        here.extend((0..ALL).map(|_| guests.come(own, 3).unwrap()));
        assert!(guests.come(two, 3).is_none());
        drop(here);
        assert!(guests.0.lock().unwrap().is_empty());
    }
}
