// EthereumJS's half of discovery v4: Ping, Pong, FindNode and Neighbors, but no records.

import { DPT, genPrivateKey } from '@ethereumjs/devp2p'

import { bytes, emit, hex, nodeId, obey } from './lines.mjs'

/** Each node that it knows is asked for others once in this time. The library's default: 60 s. */
const REFRESH_INTERVAL_MS = 1000

function start(options) {
  const privateKey = options.key ? bytes(options.key) : genPrivateKey()
  const dpt = new DPT(privateKey, {
    endpoint: { address: '127.0.0.1', udpPort: null, tcpPort: null },
    refreshInterval: REFRESH_INTERVAL_MS,
  })
  const tell = (type) => (peer) =>
    emit('peer', { type, peer: nodeId(peer.id), publicKey: hex(peer.id) })
  dpt.events.on('peer:added', tell('add'))
  dpt.events.on('peer:removed', tell('drop'))
  dpt.events.on('error', (error) => emit('log', { msg: 'error', attrs: { error: String(error) } }))
  dpt.events.on('listening', () => {
    // The library keeps the port that the system chose to itself, and does not learn it either.
    const { port } = dpt._server._socket.address()
    dpt._server._endpoint.udpPort = port
    const publicKey = hex(dpt.id)
    emit('ready', {
      enode: `enode://${publicKey}@127.0.0.1:0?discport=${port}`,
      publicKey,
      id: nodeId(dpt.id),
    })
  })
  dpt.bind(0, '127.0.0.1')
  return dpt
}

const commands = {
  /** Answers when the node has answered or, after 4 s, has not; then a "log" line tells. */
  async add(dpt, enode) {
    const url = new URL(enode)
    const udpPort = Number(url.searchParams.get('discport') ?? url.port)
    await dpt.bootstrap({ address: url.hostname, udpPort, tcpPort: Number(url.port) })
  },

  peers(dpt) {
    const peers = dpt.getPeers().map((peer) => ({ id: nodeId(peer.id), publicKey: hex(peer.id) }))
    emit('peers', { peers })
  },
}

/** The mode "dpt". */
export async function runDpt(options) {
  const dpt = start(options)
  await obey(commands, dpt)
  dpt.destroy()
  emit('stopped')
}
