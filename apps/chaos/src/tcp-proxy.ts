import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TcpProxy {
  readonly port: number
  /** Where new connections go to; it can be set once what listens there is known. */
  forwardTo(port: number): void
  /** How long everything takes, each way, in ms. */
  latencyMs: number
  /** True: nothing gets through, and nobody is told. What was on its way arrives when it is over. */
  blackHole: boolean
  /** Closes all connections, as a reset. */
  cut(): void
  /**
   * The broker's side of all connections is closed, and the clients are not told: they are half-open. What a client writes
   * into one goes nowhere, and it is never answered.
   */
  halfOpen(): void
  close(): Promise<void>
}

const POLL_MS = 20
const MOST_BYTES = 8 * 2 ** 20

/** A TCP proxy on a free port that can do to connections what networks do. */
export async function startTcpProxy(): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, broker: Socket]>()
  /** Clients whose connections are half-open. */
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

  /** In order, each chunk as late as the network says. What is on its way is bounded: senders are slowed down. */
  async function pass(from: Socket, to: Socket): Promise<void> {
    let onItsWay = 0
    let last = Promise.resolve()
    const deliver = async (before: Promise<void>, chunk: Buffer, at: number) => {
      await before
      if (at > Date.now()) await sleep(at - Date.now())
      while (proxy.blackHole && !ended) await sleep(POLL_MS)
      // Behind a half-open connection there is nobody; what comes is read on, so that its sender does not notice.
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
      // One end went away; both are closed.
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
