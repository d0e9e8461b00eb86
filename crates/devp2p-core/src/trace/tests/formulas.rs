//! Every formula is true: worked out here once more, from the values that it names, with nothing of
//! the code that made them but the curve.

use std::collections::BTreeMap;

use aes::cipher::{BlockCipherEncrypt, KeyIvInit, StreamCipher, StreamCipherSeek};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sha3::{Digest, Keccak256};

use super::*;
use crate::keys::{NodeKey, PublicKey};

/// What is known by id, and what each direction has absorbed.
#[derive(Default)]
struct Bench {
    known: BTreeMap<String, Vec<u8>>,
    absorbed: BTreeMap<Side, Vec<u8>>,
}

/// Works out a formula, given the bytes of each name.
struct Formula<'a> {
    rest: &'a str,
    names: BTreeMap<&'a str, Vec<u8>>,
    absorbed: &'a mut Vec<u8>,
}

impl Formula<'_> {
    /// `a ‖ b`, of `a ^ b`
    fn value(&mut self) -> Vec<u8> {
        let mut value = self.xored();
        while self.take("‖") {
            value.extend(self.xored());
        }
        value
    }

    fn xored(&mut self) -> Vec<u8> {
        let mut value = self.term();
        while self.take("^") {
            let other = self.term();
            assert_eq!(value.len(), other.len(), "before {}", self.rest);
            value.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
        }
        value
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn term(&mut self) -> Vec<u8> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        if !self.take("(") {
            return match self.names.get(word) {
                Some(value) => value.clone(),
                None => hex::decode(word).unwrap_or_else(|_| panic!("{word} is not known")),
            };
        }
        let mut arguments = vec![self.value()];
        while self.take(",") {
            arguments.push(self.value());
        }
        assert!(self.take(")"), "no end of {word}(");
        self.call(word, &arguments)
    }

    fn call(&mut self, function: &str, arguments: &[Vec<u8>]) -> Vec<u8> {
        let key = |bytes: &[u8]| NodeKey::from_bytes(bytes.try_into().unwrap()).unwrap();
        match (function, arguments) {
            ("keccak256", [bytes]) => Keccak256::digest(bytes).to_vec(),
            ("sha256", [bytes]) => Sha256::digest(bytes).to_vec(),
            ("first16", [bytes]) => bytes[..16].to_vec(),
            ("last16", [bytes]) => bytes[bytes.len() - 16..].to_vec(),
            ("hmac-sha256", [key, bytes]) => {
                let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
                mac.chain_update(bytes).finalize().into_bytes().to_vec()
            }
            ("pub", [secret]) => key(secret).public_key().to_bytes().to_vec(),
            ("ecdh", [secret, public]) => {
                let public = PublicKey::from_bytes(public[..].try_into().unwrap()).unwrap();
                key(secret).agree(&public).as_bytes().to_vec()
            }
            ("sign", [secret, digest]) => key(secret).sign(digest[..].try_into().unwrap()).to_vec(),
            ("recover", [digest, signature]) => {
                let (digest, signature) = (digest[..].try_into(), signature[..].try_into());
                let key = PublicKey::recover(digest.unwrap(), &signature.unwrap());
                key.unwrap().to_bytes().to_vec()
            }
            ("aes", [key, block]) => {
                let cipher = <aes::Aes256 as aes::cipher::KeyInit>::new_from_slice(key).unwrap();
                let mut block = <[u8; 16]>::try_from(&block[..]).unwrap().into();
                cipher.encrypt_block(&mut block);
                block.to_vec()
            }
            ("aes-128-ctr", [key, iv, bytes]) => {
                let mut cipher = ctr::Ctr128BE::<aes::Aes128>::new_from_slices(key, iv).unwrap();
                let mut bytes = bytes.clone();
                cipher.apply_keystream(&mut bytes);
                bytes
            }
            ("aes-256-ctr", [key, position, bytes]) => {
                let mut cipher =
                    ctr::Ctr128BE::<aes::Aes256>::new_from_slices(key, &[0; 16]).unwrap();
                cipher.seek(u64::from_be_bytes(position[..].try_into().unwrap()));
                let mut bytes = bytes.clone();
                cipher.apply_keystream(&mut bytes);
                bytes
            }
            ("absorb", [bytes]) => {
                self.absorbed.extend(bytes);
                Keccak256::digest(&self.absorbed)[..16].to_vec()
            }
            // It goes on from where it stood.
            ("absorb", [before, bytes]) => {
                assert_eq!(Keccak256::digest(&self.absorbed)[..16], before[..]);
                self.absorbed.extend(bytes);
                Keccak256::digest(&self.absorbed)[..16].to_vec()
            }
            (function, arguments) => panic!("{function} of {} arguments", arguments.len()),
        }
    }
}

impl Bench {
    /// Everything of a step becomes known; then its formulas are worked out. Returns how many.
    fn check(&mut self, step: &Step) -> usize {
        self.known.insert(step.id.clone(), step.wire());
        for part in &step.parts {
            self.known.insert(format!("{}/{}", step.id, part.name), part.hex.clone());
            for field in &part.fields {
                self.known.insert(field.what.id.clone(), part.bytes(field).to_vec());
            }
            for value in &part.values {
                self.known.insert(value.what.id.clone(), value.hex.clone());
            }
        }
        let mut count = 0;
        for part in &step.parts {
            let side = if part.name.ends_with(", initiator") { Side::Initiator } else { step.from };
            let fields = part.fields.iter().map(|field| (&field.what, part.bytes(field)));
            let values = part.values.iter().map(|value| (&value.what, &value.hex[..]));
            for (what, bytes) in fields.chain(values).filter(|(what, _)| !what.formula.is_empty()) {
                let names = notebook::names_in(&what.formula);
                assert_eq!(names.len(), what.inputs.len(), "{}: {:?}", what.id, what.inputs);
                let inputs = what.inputs.iter().map(|id| self.known[id].clone());
                let names = names.into_iter().zip(inputs).collect();
                let absorbed = self.absorbed.entry(side).or_default();
                let mut formula = Formula { rest: &what.formula, names, absorbed };
                let value = formula.value();
                assert_eq!(formula.rest.trim(), "", "{} was not read to its end", what.formula);
                assert_eq!(
                    hex::encode(value),
                    hex::encode(bytes),
                    "{} = {}",
                    what.id,
                    what.formula
                );
                count += 1;
            }
        }
        count
    }
}

#[test]
fn every_formula_gives_the_value_beside_it() {
    for (lesson, seed) in [(Lesson::A2, 1), (Lesson::A4, 7), (Lesson::A5, 42)] {
        let mut bench = Bench::default();
        let counts: Vec<usize> =
            exchange(lesson, seed).steps.iter().map(|step| bench.check(step)).collect();
        // auth and ack, and then frames.
        assert_eq!(counts[..2], [12, 15], "so many formulas were worked out");
        assert!(counts[2..].iter().all(|count| *count == 10), "{counts:?}");
    }
}

#[test]
fn formulas_of_discovery_are_true_as_well() {
    let key = NodeKey::from_bytes([9; 32]).unwrap();
    let packet = crate::discv4::packet::EnrRequest { expiration: 5 };
    let sealed = crate::discv4::packet::Packet::EnrRequest(packet).encode(&key).unwrap();
    let mut bench = Bench::default();
    let mut step = datagram(1, Side::Initiator, &sealed.datagram);
    // The sender's secret key is in no packet.
    let secret = key.secret.to_bytes().to_vec();
    bench.known.insert("the key".to_owned(), secret);
    let signature = step.parts[0].fields.iter_mut().find(|field| field.what.name == "signature");
    signature.unwrap().what.inputs.insert(0, "the key".to_owned());
    assert_eq!(bench.check(&step), 3);
}
