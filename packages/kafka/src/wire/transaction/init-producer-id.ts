import { call } from '../cluster/api.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { oddAnswer, throwFor } from '../errors/kafka-error.ts'
import type { ProducerIdAndEpoch } from '../protocol/connection.ts'
import { coordinatorOf } from './coordinator.ts'
import type { Coordinator } from './coordinator.ts'
import { INIT_PRODUCER_ID } from './transaction-requests.ts'

const NO_PRODUCER: ProducerIdAndEpoch = { producerId: -1, producerEpoch: -1 }

/**
 * Sends InitProducerId until the coordinator has ended the transaction that the id left open. Resolves with a new epoch: all
 * earlier producers of the id are fenced.
 *
 * @param coordinator that of the transactional id
 */
export async function initProducerId(
  coordinator: Coordinator,
  request: {
    readonly transactionalId: string
    readonly transactionTimeoutMs: number
    /** The id and epoch of the producer itself: it is refused if another one has them by now. Default: not checked. */
    readonly current?: ProducerIdAndEpoch | undefined
  },
): Promise<ProducerIdAndEpoch> {
  const { current = NO_PRODUCER, transactionalId, transactionTimeoutMs } = request
  return coordinator.ask(async (connection) => {
    const answer = await call(connection, INIT_PRODUCER_ID, { transactionalId, transactionTimeoutMs, ...current })
    throwFor(answer)
    const { producerId, producerEpoch } = answer
    if (producerId < 0 || producerEpoch < 0)
      throw oddAnswer('InitProducerId', `the id ${producerId} with the epoch ${producerEpoch}`)
    return { producerId, producerEpoch }
  })
}

/** The new time-out of an id that is fenced. Nothing is sent under it. */
const FENCED_TIMEOUT_MS = 10_000

/**
 * Fences all producers of a transactional id: its open transaction is aborted, and they cannot go on. Resolves once the abort
 * is certain; its offsets may still be pending for some milliseconds.
 */
export async function fenceProducers(
  cluster: Cluster,
  transactionalId: string,
  options: { readonly patienceMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const coordinator = coordinatorOf(cluster, transactionalId, { ...options, of: 'transaction' })
  await initProducerId(coordinator, { transactionalId, transactionTimeoutMs: FENCED_TIMEOUT_MS })
}
