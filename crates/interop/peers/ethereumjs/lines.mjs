// How both modes talk to a test: one JSON object a line out, one command a line in.

import { createInterface } from 'node:readline'

import { keccak256 } from 'ethereum-cryptography/keccak.js'

export const emit = (event, fields) =>
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n')

export const hex = (bytes) => Buffer.from(bytes).toString('hex')

export const bytes = (text) => {
  // Buffer.from would silently stop at the first character that is not hex.
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error(`not hex: ${text}`)
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** The node id as go-ethereum prints it: the hash of the 64-byte public key. */
export const nodeId = (publicKey) => hex(keccak256(publicKey))

/** Obeys standard input to its end or to "stop". */
export async function obey(commands, node) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, ...words] = line.trim().split(/\s+/)
    if (command === '') continue
    try {
      if (command === 'stop') return emit('ok', { command })
      if (!Object.hasOwn(commands, command)) {
        throw new Error(`not one of: ${Object.keys(commands).join(', ')}, stop`)
      }
      await commands[command](node, ...words)
      emit('ok', { command })
    } catch (error) {
      emit('error', { command, error: error.message })
    }
  }
}
