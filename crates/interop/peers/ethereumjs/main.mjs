// EthereumJS's devp2p as the foreign end of a connection in our interoperability
// tests:
//
//   node main.mjs node [--key HEX] [--name NAME] [--max-peers N]
//                      [--cap NAME/VERSION/LENGTH]... [--echo]
//   node main.mjs dpt [--key HEX]                                     (dpt.mjs)
//
// It prints one JSON object a line, each with a key "event", and obeys commands on
// standard input, one a line, each answered by an "ok" or an "error" line; the same
// way as peers/geth, as far as the library can. The end of standard input, or the
// command "stop", ends the program.
//
// At least one --cap must be shared: EthereumJS refuses a peer without (0x03).

import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'

import { DisconnectReasonNames, Peer, RLPx, genPrivateKey } from '@ethereumjs/devp2p'
import snappy from 'snappyjs'

import { runDpt } from './dpt.mjs'
import { bytes, emit, hex, nodeId, obey } from './lines.mjs'

/** A payload longer than this is printed as its hash. */
const PAYLOAD_LIMIT = 4096

/** The first version of the base protocol that compresses messages. */
const SNAPPY_VERSION = 5

/** Who the peer is. A peer that we accepted has no identity before its Hello. */
const who = (peer) => {
  const publicKey = peer.getId()
  return publicKey ? { peer: nodeId(publicKey), publicKey: hex(publicKey) } : {}
}

const how = (peer) => ({
  local: `${peer._socket.localAddress}:${peer._socket.localPort}`,
  remote: `${peer._socket.remoteAddress}:${peer._socket.remotePort}`,
})

const whyClosed = (reason, weDid) => ({
  reason: reason ?? null,
  text: DisconnectReasonNames[reason] ?? null,
  weDid: weDid ?? null,
})

/**
 * Makes the capability that the library is given for NAME/VERSION/LENGTH. It builds
 * one object of the class for each peer and calls `_handleMessage`.
 */
function capability(text, options) {
  const [name, version, length] = text.split('/')
  return {
    name,
    version: Number(version),
    length: Number(length),
    constructor: class Session {
      constructor(version, peer, send) {
        Object.assign(this, { name, version, peer, sendBytes: send })
        this.emit('started')
      }

      /** The payload was uncompressed by the library, and its RLP left alone. */
      _handleMessage(code, payload) {
        this.emit('message', { code, size: payload.length, ...printable(payload) })
        if (options.echo) this.send(code, payload)
      }

      /** The library compresses only its own pings and pongs: a protocol sees to itself. */
      send(code, payload) {
        const compress = this.peer.getHelloMessage().protocolVersion >= SNAPPY_VERSION
        this.sendBytes(code, compress ? snappy.compress(payload) : payload)
      }

      emit(event, fields) {
        emit(event, { protocol: name, version: this.version, ...who(this.peer), ...fields })
      }
    },
  }
}

function printable(payload) {
  return payload.length > PAYLOAD_LIMIT
    ? { sha256: createHash('sha256').update(payload).digest('hex') }
    : { payload: hex(payload) }
}

/**
 * Prints the end of every connection. RLPx itself is silent about one that ends before
 * both Hellos have been exchanged: refused, too many peers, wrong identity.
 */
function logClosedConnections() {
  const closed = Peer.prototype._onSocketClose
  Peer.prototype._onSocketClose = function () {
    emit('log', {
      msg: 'connection closed',
      attrs: {
        ...who(this),
        connected: this._connected,
        ...whyClosed(this._disconnectReason, this._disconnectWe),
      },
    })
    closed.call(this)
  }
}

function start(options) {
  const privateKey = options.key ? bytes(options.key) : genPrivateKey()
  const rlpx = new RLPx(privateKey, {
    capabilities: (options.cap ?? []).map((text) => capability(text, options)),
    clientId: new TextEncoder().encode(options.name),
    maxPeers: Number(options['max-peers']),
  })
  rlpx.events.on('peer:added', (peer) => emit('peer', { type: 'add', ...who(peer), ...how(peer) }))
  rlpx.events.on('peer:removed', (peer, reason, weDid) =>
    emit('peer', { type: 'drop', ...who(peer), ...whyClosed(reason, weDid) }),
  )
  rlpx.events.on('peer:error', (peer, error) =>
    emit('log', { msg: 'peer error', attrs: { ...who(peer), error: String(error) } }),
  )
  rlpx.events.on('listening', () => {
    // The library keeps the address that the system chose to itself.
    const { address, port } = rlpx._server.address()
    const publicKey = hex(rlpx.id)
    emit('ready', {
      enode: `enode://${publicKey}@${address}:${port}`,
      publicKey,
      id: nodeId(rlpx.id),
      name: options.name,
      listenAddr: `${address}:${port}`,
    })
  })
  rlpx.listen(0, '127.0.0.1')
  return rlpx
}

const commands = {
  /** Answers when TCP is connected; "peer" add or a "log" line tells how it went on. */
  async add(rlpx, enode) {
    const url = new URL(enode)
    await rlpx.connect({
      id: bytes(url.username),
      address: url.hostname,
      tcpPort: Number(url.port),
    })
  },

  disconnect(rlpx, reason) {
    for (const peer of rlpx.getPeers()) peer.disconnect(Number(reason))
  },

  /**
   * The library refuses a code above LENGTH but lets LENGTH itself, one too many, pass:
   * a way to send a code out of range.
   */
  send(rlpx, protocol, code, payload = '') {
    const sessions = rlpx
      .getPeers()
      .flatMap((peer) => peer.getProtocols())
      .filter((session) => session.name === protocol)
    if (sessions.length === 0) throw new Error(`no peer runs the protocol "${protocol}"`)
    for (const session of sessions) session.send(Number(code), bytes(payload))
  },

  peers(rlpx) {
    const peers = rlpx.getPeers().map((peer) => ({
      id: nodeId(peer.getId()),
      publicKey: hex(peer.getId()),
      name: peer.getHelloMessage().clientId,
      caps: peer.getHelloMessage().capabilities.map(({ name, version }) => `${name}/${version}`),
      network: { localAddress: how(peer).local, remoteAddress: how(peer).remote },
    }))
    emit('peers', { peers })
  },
}

/** The mode "node". */
async function runNode(options) {
  logClosedConnections()
  const rlpx = start(options)
  await obey(commands, rlpx)
  await stop(rlpx)
}

/** Says goodbye (0x08) to everyone. The library closes TCP 2 s after a Disconnect. */
async function stop(rlpx) {
  const peers = rlpx.getPeers()
  rlpx.destroy()
  await Promise.race([
    Promise.all(peers.map((peer) => new Promise((done) => peer.events.once('close', done)))),
    new Promise((done) => setTimeout(done, 3000)),
  ])
  emit('stopped')
}

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: 'string' },
    name: { type: 'string', default: 'ethereumjs-peer' },
    'max-peers': { type: 'string', default: '10' },
    cap: { type: 'string', multiple: true },
    echo: { type: 'boolean', default: false },
  },
})
const modes = { node: runNode, dpt: runDpt }
if (positionals.length !== 1 || !Object.hasOwn(modes, positionals[0])) {
  console.error('usage: node main.mjs node [--key HEX] [--name NAME] [--max-peers N] [--cap NAME/VERSION/LENGTH]... [--echo]')
  console.error('       node main.mjs dpt [--key HEX]')
  process.exit(2)
}

await modes[positionals[0]](options)
// The library leaves timers behind.
process.stdout.write('', () => process.exit(0))
