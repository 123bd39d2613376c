import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf } from '../errors/kafka-error.ts'
import { retry } from '../errors/retry.ts'
import type { Connection } from '../protocol/connection.ts'

/** The coordinator of a group or of a transactional id. It is looked up again when it has moved. */
export interface Coordinator {
  /** A connection to the coordinator. */
  connection(): Promise<Connection>
  /**
   * Runs a request until it succeeds, for up to `patienceMs`. Rejects with the first error that is not retriable, or with the
   * last one. `run` throws the errors of answers.
   */
  ask<T>(run: (connection: Connection) => Promise<T>): Promise<T>
}

/** The errors after which another node may be the coordinator; undefined: no answer came. */
const MOVED = new Set<number | undefined>([undefined, KAFKA.COORDINATOR_NOT_AVAILABLE, KAFKA.NOT_COORDINATOR])

export function coordinatorOf(
  cluster: Cluster,
  key: string,
  options: {
    readonly of: 'group' | 'transaction'
    readonly patienceMs: number
    /** Ends the retries. */
    readonly signal?: AbortSignal
    /** Called with each error that is retried. */
    readonly onTrouble?: (error: unknown) => void
  },
): Coordinator {
  let node: number | undefined
  async function connection(): Promise<Connection> {
    node ??= await cluster.findCoordinator(key, options.of)
    return cluster.node(node)
  }
  return {
    connection,
    ask: (run) =>
      retry(async () => {
        try {
          return await run(await connection())
        } catch (error) {
          if (MOVED.has(errorCodeOf(error))) node = undefined
          throw error
        }
      }, options),
  }
}
