import type { Cluster } from './cluster.ts'
import type { Connection } from './connection.ts'
import type { Purpose } from './node-connections.ts'

/** The broker that coordinates a group. */
export interface Coordinator {
  /** A connection to where it was last. @param purpose default `'requests'` */
  connection(purpose?: Purpose): Promise<Connection>
  /** Looks for it anew. */
  find(): Promise<void>
}

export function coordinatorOf(cluster: Cluster, groupId: string): Coordinator {
  let node: number | undefined
  const find = async () => (node = await cluster.findCoordinator(groupId))
  return {
    connection: async (purpose) => cluster.node(node ?? (await find()), purpose),
    async find() {
      await find()
    },
  }
}
