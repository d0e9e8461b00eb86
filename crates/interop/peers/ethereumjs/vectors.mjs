// Checks our vectors with other people's cryptography: reads what `devp2p trace --vectors` prints on
// stdin, works everything out once more from the keys and the packets, and compares.

import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { keccak256 } from "ethereum-cryptography/keccak.js";
import { secp256k1 } from "ethereum-cryptography/secp256k1.js";

const { handshake: all, frames } = JSON.parse(readFileSync(0, "utf8"));
const bytes = (hex) => Buffer.from(hex, "hex");
const of = (name) => bytes(all[name]);
let checks = 0;
function same(what, ours, theirs) {
  checks += 1;
  if (!Buffer.from(theirs).equals(ours)) {
    console.error(`${what} is ${ours.toString("hex")}, and must be ${Buffer.from(theirs).toString("hex")}`);
    process.exit(1);
  }
}

const keccak = (...parts) => Buffer.from(keccak256(Buffer.concat(parts)));
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));
const publicKey = (secret) => Buffer.from(secp256k1.getPublicKey(secret, false)).subarray(1);
const point = (key) => Buffer.concat([Buffer.of(4), key]);
const agree = (secret, key) => Buffer.from(secp256k1.getSharedSecret(secret, point(key), true)).subarray(1);

// The keys.
for (const side of ["initiator", "recipient"]) {
  same(`${side}Pubk`, of(`${side}Pubk`), publicKey(of(`${side}Privkey`)));
}

// ECIES, both packets: size, 04, R, iv, c, tag.
function open(name, key, r, secretName) {
  const packet = of(name);
  const size = packet.subarray(0, 2);
  if (size.readUInt16BE() !== packet.length - 2 || packet[2] !== 4) throw new Error(`${name}: size`);
  const [R, iv, c, tag] = [packet.subarray(3, 67), packet.subarray(67, 83), packet.subarray(83, -32), packet.subarray(-32)];
  same(`R of ${name}`, R, publicKey(of(r)));
  const S = agree(of(key), R);
  same(secretName, of(secretName), S);
  const K = sha256(Buffer.of(0, 0, 0, 1), S);
  const mac = createHmac("sha256", sha256(K.subarray(16))).update(iv).update(c).update(size).digest();
  same(`tag of ${name}`, tag, mac);
  return createDecipheriv("aes-128-ctr", K.subarray(0, 16), iv).update(c);
}
const authBody = open("auth", "recipientPrivkey", "authR", "authSecret");
const ackBody = open("ack", "initiatorPrivkey", "ackR", "ackSecret");
same("authBody", of("authBody"), authBody);
same("ackBody", of("ackBody"), ackBody);

// [sig (65), initiator-pubk (64), initiator-nonce (32), 4]: after the headers of RLP.
same("signature", of("signature"), authBody.subarray(4, 69));
same("initiator-pubk in auth", of("initiatorPubk"), authBody.subarray(71, 135));
same("initiatorNonce", of("initiatorNonce"), authBody.subarray(136, 168));
const recipientEphemeral = ackBody.subarray(4, 68);
same("recipient-ephemeral-pubk", publicKey(of("recipientEphemeralPrivkey")), recipientEphemeral);
same("recipientNonce", of("recipientNonce"), ackBody.subarray(69, 101));

// Who signed auth, and the secrets.
const staticShared = agree(of("recipientPrivkey"), of("initiatorPubk"));
same("staticSharedSecret", of("staticSharedSecret"), staticShared);
const signature = secp256k1.Signature.fromCompact(of("signature").subarray(0, 64)).addRecoveryBit(of("signature")[64]);
const signer = signature.recoverPublicKey(xor(staticShared, of("initiatorNonce"))).toRawBytes(false).subarray(1);
same("the signer of auth", publicKey(of("initiatorEphemeralPrivkey")), signer);
const ephemeralKey = agree(of("initiatorEphemeralPrivkey"), recipientEphemeral);
same("ephemeralKey", of("ephemeralKey"), ephemeralKey);
const shared = keccak(ephemeralKey, keccak(of("recipientNonce"), of("initiatorNonce")));
const aes = keccak(ephemeralKey, shared);
const mac = keccak(ephemeralKey, aes);
same("sharedSecret", of("sharedSecret"), shared);
same("aesSecret", of("aesSecret"), aes);
same("macSecret", of("macSecret"), mac);

// Frames: one key stream and one running MAC for each direction.
const block = (input) => createCipheriv("aes-256-ecb", mac, null).setAutoPadding(false).update(input);
function direction(nonce, packet) {
  const absorbed = [xor(mac, of(nonce)), of(packet)];
  const digest = () => keccak(...absorbed).subarray(0, 16);
  const stream = createDecipheriv("aes-256-ctr", aes, Buffer.alloc(16));
  return { absorbed, digest, stream };
}
const sides = {
  initiator: direction("recipientNonce", "auth"),
  recipient: direction("initiatorNonce", "ack"),
};
for (const [number, frame] of frames.entries()) {
  const { absorbed, digest, stream } = sides[frame.from];
  const wire = bytes(frame.frame);
  const value = (name) => bytes(frame[name]);
  const name = (what) => `frame ${number}: ${what}`;
  same(name("digestBefore"), value("digestBefore"), digest());
  const headerSeed = xor(block(digest()), wire.subarray(0, 16));
  same(name("headerMacSeed"), value("headerMacSeed"), headerSeed);
  absorbed.push(headerSeed);
  same(name("headerMac"), value("headerMac"), digest());
  same(name("header-mac on the wire"), wire.subarray(16, 32), digest());
  const size = stream.update(wire.subarray(0, 16)).readUIntBE(0, 3);
  absorbed.push(wire.subarray(32, -16));
  same(name("bodyDigest"), value("bodyDigest"), digest());
  const frameSeed = xor(block(digest()), digest());
  same(name("frameMacSeed"), value("frameMacSeed"), frameSeed);
  absorbed.push(frameSeed);
  same(name("frameMac"), value("frameMac"), digest());
  same(name("frame-mac on the wire"), wire.subarray(-16), digest());
  same(name("frameData"), value("frameData"), stream.update(wire.subarray(32, -16)).subarray(0, size));
}
console.log(`${checks} values are right`);
