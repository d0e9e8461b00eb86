// viem as a client of a JSON-RPC server which has a namespace eth, as a node of
// Ethereum has one, and a namespace foo:
//
//   node main.mjs http://…     node main.mjs ws://…
//
// What it sees it prints, one JSON object a line, as all foreign peers do.

import { createPublicClient, http, webSocket } from 'viem'

/** The longest that all of it may take. */
const TIME = 10_000

const emit = (event, fields) => console.log(JSON.stringify({ event, ...fields }))

/** No second try: what fails once is a failure. */
const once = { retryCount: 0, timeout: TIME }

const [url] = process.argv.slice(2)
const isSocket = url.startsWith('ws')
const transport = isSocket
  ? webSocket(url, { ...once, reconnect: false })
  : http(url, { ...once, batch: true })
const client = createPublicClient({ transport, cacheTime: 0 })

async function calls() {
  // Over HTTP these are one batch.
  const [chainId, number, doubled] = await Promise.all([
    client.getChainId(),
    client.getBlockNumber(),
    client.request({ method: 'foo_double', params: [21] }),
  ])
  emit('called', { chainId, number: Number(number), doubled })
  try {
    await client.request({ method: 'foo_fail' })
  } catch (error) {
    const said = error.walk((cause) => cause.code === 444)
    emit('failed', { code: said?.code, message: said?.details, data: said?.data })
  }
}

/** Blocks as they come, by `eth_subscribe`. */
async function subscription() {
  await new Promise((resolve, reject) => {
    const unwatch = client.watchBlockNumber({
      poll: false,
      onError: reject,
      onBlockNumber(number) {
        emit('told', { number: Number(number) })
        if (number === 3n) {
          unwatch()
          resolve()
        }
      },
    })
  })
  // Answered when nobody is told anything any more.
  await client.request({ method: 'foo_quiet' })
  emit('unsubscribed')
}

setTimeout(() => {
  console.error(`not done after ${TIME} ms`)
  process.exit(1)
}, TIME)
await calls()
if (isSocket) await subscription()
// Its socket would keep it alive.
process.stdout.write('', () => process.exit(0))
