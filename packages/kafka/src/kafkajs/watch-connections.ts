import type { KafkaCluster, KafkaConnection } from './internals.ts'

/** Keeps every connection that the cluster makes, each with what KafkaJS gets wrong about it put right. */
export function watchConnections(cluster: KafkaCluster): readonly KafkaConnection[] {
  const connections: KafkaConnection[] = []
  const builder = cluster.connectionPoolBuilder
  const build = builder.build.bind(builder)
  builder.build = async (at) => {
    const pool = await build(at)
    for (const connection of pool.pool) {
      restTheTimer(connection)
      openOnce(connection)
      forgetTheDead(connection)
      connections.push(connection)
    }
    return pool
  }
  return connections
}

/** KafkaJS looks each millisecond for requests that wait, also when there are none. */
function restTheTimer({ requestQueue: queue }: KafkaConnection): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
}

/** Two requests that find a connection closed open it twice, and one of the sockets is never closed. */
function openOnce(connection: KafkaConnection): void {
  const open = connection.connect.bind(connection)
  let opening: Promise<unknown> | undefined
  connection.connect = () => {
    opening ??= open().finally(() => {
      opening = undefined
    })
    return opening
  }
}

/** Each attempt to connect disconnects the socket of the last again, and hangs one more listener on it. */
function forgetTheDead(connection: KafkaConnection): void {
  const disconnect = connection.disconnect.bind(connection)
  connection.disconnect = async () => {
    const result = await disconnect()
    if (connection.socket?.destroyed) connection.socket = undefined
    return result
  }
}
