import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { correlationIdOf, framesOf, parseRequest } from './kafka-requests.ts'
import type { KafkaRequest, RequestWatcher } from './kafka-requests.ts'

export interface TcpProxy {
  readonly port: number
  /** Sets the port that new connections are forwarded to. */
  forwardTo(port: number): void
  /** The delay of each direction, in ms. @default 0 */
  latencyMs: number
  /** True: no byte gets through, and no side notices. Bytes under way arrive once it is false. @default false */
  blackHole: boolean
  /** Sees the requests of connections that are opened while it is set. @default undefined */
  watcher: RequestWatcher | undefined
  /** Resets all connections. */
  cut(): void
  /**
   * Closes the broker's side of all connections without telling the clients: the connections are half-open. Bytes that a
   * client writes are dropped, and no answer arrives.
   */
  halfOpen(): void
  close(): Promise<void>
}

const POLL_MS = 20
const MOST_BYTES = 8 * 2 ** 20

/** Starts a TCP proxy on a free port that simulates failures of a network. */
export async function startTcpProxy(): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, broker: Socket]>()
  /** The clients of half-open connections. */
  const held = new Set<Socket>()
  let target = 0
  let ended = false
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1')
    const pair = [client, broker] as const
    pairs.add(pair)
    /** A request that still has to reach the broker, although its client is gone. */
    let abandoned = false
    const close = () => {
      pairs.delete(pair)
      client.destroy()
      if (!abandoned) broker.destroy()
    }
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => void (pairs.has(pair) && close()))
    }
    const { watcher } = proxy
    if (watcher === undefined) {
      void pass(client, broker)
      void pass(broker, client)
      return
    }
    const watched = watch(watcher, pair, () => {
      abandoned = true
      client.resetAndDestroy()
    })
    void pass(watched.requests, broker).finally(() => abandoned && broker.end())
    void pass(watched.answers, client)
  })

  /** Forwards chunks in order, each after the current delay. The bytes under way are bounded, which slows senders down. */
  async function pass(chunks: AsyncIterable<Buffer>, to: Socket): Promise<void> {
    let onItsWay = 0
    let last = Promise.resolve()
    const deliver = async (before: Promise<void>, chunk: Buffer, at: number) => {
      await before
      if (at > Date.now()) await sleep(at - Date.now())
      while (proxy.blackHole && !ended) await sleep(POLL_MS)
      // Bytes for a half-open connection are read and dropped, so that the sender does not notice.
      if (!to.destroyed && !to.write(chunk)) await drained(to)
      onItsWay -= chunk.length
    }
    try {
      for await (const chunk of chunks) {
        onItsWay += chunk.length
        last = deliver(last, chunk, Date.now() + proxy.latencyMs)
        if (onItsWay > MOST_BYTES) await last
      }
    } catch {
      // One side has closed; the close handler closes the other.
    }
    await last
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    forwardTo: (port) => void (target = port),
    latencyMs: 0,
    blackHole: false,
    watcher: undefined,
    cut() {
      for (const [client, broker] of pairs) {
        client.resetAndDestroy()
        broker.resetAndDestroy()
      }
    },
    halfOpen() {
      for (const pair of pairs) {
        pairs.delete(pair)
        const [client, broker] = pair
        held.add(client)
        client.once('close', () => held.delete(client))
        broker.destroy()
      }
    },
    async close() {
      ended = true
      for (const [client, broker] of pairs) {
        client.destroy()
        broker.destroy()
      }
      for (const client of held) client.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return proxy
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', () => resolve())
  })

/** The requests and answers of a connection, each once the watcher lets it pass. */
function watch(watcher: RequestWatcher, [client, broker]: readonly [Socket, Socket], abandon: () => void) {
  const unanswered = new Map<number, KafkaRequest>()
  async function* requests(): AsyncGenerator<Buffer, void> {
    for await (const frame of framesOf(client)) {
      const request = { ...parseRequest(frame), abandon }
      unanswered.set(request.correlationId, request)
      if (!(await watcher.request(request))) return closed(client)
      yield frame
    }
  }
  async function* answers(): AsyncGenerator<Buffer, void> {
    for await (const frame of framesOf(broker)) {
      const request = unanswered.get(correlationIdOf(frame))
      unanswered.delete(correlationIdOf(frame))
      if (request !== undefined && !(await watcher.answer(request))) return closed(client)
      yield frame
    }
  }
  return { requests: requests(), answers: answers() }
}
