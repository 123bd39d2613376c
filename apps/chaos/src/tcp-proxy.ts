import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TcpProxy {
  readonly port: number
  /** Sets the port that new connections are forwarded to. */
  forwardTo(port: number): void
  /** The delay of each direction, in ms. @default 0 */
  latencyMs: number
  /** True: no byte gets through, and no side notices. Bytes under way arrive once it is false. @default false */
  blackHole: boolean
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
    const close = () => {
      pairs.delete(pair)
      client.destroy()
      broker.destroy()
    }
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      from.setNoDelay(true)
      from.on('error', () => {})
      from.once('close', () => void (pairs.has(pair) && close()))
      void pass(from, to)
    }
  })

  /** Forwards chunks in order, each after the current delay. The bytes under way are bounded, which slows senders down. */
  async function pass(from: Socket, to: Socket): Promise<void> {
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
      for await (const chunk of from) {
        onItsWay += (chunk as Buffer).length
        last = deliver(last, chunk as Buffer, Date.now() + proxy.latencyMs)
        if (onItsWay > MOST_BYTES) await last
      }
    } catch {
      // One side has closed; the close handler closes the other.
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    forwardTo: (port) => void (target = port),
    latencyMs: 0,
    blackHole: false,
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

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', () => resolve())
  })
