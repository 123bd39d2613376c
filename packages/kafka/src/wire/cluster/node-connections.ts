import { closed } from '../../driver/driver-error.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import type { BrokerAddress, Connect, Connection } from '../protocol/connection.ts'

/**
 * The purpose of a connection. A broker answers the requests of a connection in order, so requests that it may hold back
 * (fetching, joining a group) have separate connections.
 */
export type Purpose = 'requests' | 'fetch' | 'join'

/** The connections to the nodes of a cluster, one for each node and purpose. */
interface NodeConnections {
  /** The open connection, or a new one. Concurrent calls get the same. */
  to(address: BrokerAddress, purpose: Purpose): Promise<Connection>
  /** Adds a connection that is already open. */
  keep(address: BrokerAddress, connection: Connection): void
  /** An open connection for requests that are answered at once. */
  anyOpen(): Connection | undefined
  /** Closes all open connections; requests in flight reject. The next calls of `to` open new ones. */
  hangUp(): Promise<void>
  /** Closes all connections for good; requests in flight reject. */
  destroy(): Promise<void>
}

export function nodeConnections(connect: Connect, limitMs: number): NodeConnections {
  const connections = new Map<string, Connection>()
  const opening = new Map<string, Promise<Connection>>()
  /** Aborted by `destroy`. */
  const ended = new AbortController()

  const keyOf = ({ nodeId }: BrokerAddress, purpose: Purpose) => `${nodeId}:${purpose}`

  async function open(key: string, address: BrokerAddress): Promise<Connection> {
    // A connection that the broker closed may still hold a socket.
    await connections.get(key)?.close()
    connections.delete(key)
    const connection = await connectWithin(connect, address, limitMs, ended.signal)
    connections.set(key, connection)
    return connection
  }

  async function hangUp(): Promise<void> {
    const open = [...connections.values()]
    connections.clear()
    await Promise.all(open.map((connection) => connection.close()))
  }

  return {
    async to(address, purpose) {
      if (ended.signal.aborted) throw closed('connection')
      const key = keyOf(address, purpose)
      const known = connections.get(key)
      if (known?.isOpen()) return known
      let one = opening.get(key)
      if (!one) {
        one = open(key, address).finally(() => opening.delete(key))
        opening.set(key, one)
      }
      return one
    },
    keep(address, connection) {
      const key = keyOf(address, 'requests')
      void connections.get(key)?.close()
      if (ended.signal.aborted) void connection.close()
      else connections.set(key, connection)
    },
    anyOpen() {
      for (const [key, connection] of connections)
        if (connection.isOpen() && key.endsWith(':requests')) return connection
      return undefined
    },
    hangUp,
    async destroy() {
      ended.abort(closed('connection'))
      await hangUp()
    },
  }
}

/**
 * Connects within some time. Rejects with `BROKER_UNREACHABLE` after it, or with the reason of `ended`. A connection that
 * opens too late is closed.
 */
export async function connectWithin(
  connect: Connect,
  address: BrokerAddress,
  ms: number,
  ended?: AbortSignal,
): Promise<Connection> {
  const late = new AbortController()
  const end = () => late.abort(ended?.reason)
  const timer = setTimeout(() => {
    late.abort(brokerUnreachable(address, `accepted no connection within ${ms} ms`))
  }, ms)
  ended?.addEventListener('abort', end)
  if (ended?.aborted) end()
  const { signal } = late
  const time = new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason as Error)
    signal.addEventListener('abort', fail)
    if (signal.aborted) fail()
  })
  const connecting = connect(address, signal).then(async (connection) => {
    if (signal.aborted) await connection.close()
    return connection
  })
  try {
    return await Promise.race([connecting, time])
  } finally {
    clearTimeout(timer)
    ended?.removeEventListener('abort', end)
    // No caller waits for these any more.
    connecting.catch(() => {})
    time.catch(() => {})
  }
}
