import { BytesCodec } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import { readRecords } from '../read-records.ts'
import type { ReadRecord } from '../read-records.ts'
import type { TrialOptions } from '../trial.ts'
import { waitUntil } from '../wait-until.ts'
import { orderCodec, ordersOf } from './order.ts'
import type { Order } from './order.ts'
import { startWorkers } from './workers.ts'
import type { Workers, WorkersOptions } from './workers.ts'

const KEYS_A_PARTITION = 20

/** The topics of a trial and the operations on them. */
export interface PoisonedTopics {
  readonly input: string
  readonly dead: Topic<Uint8Array>
  readonly orders: readonly Order[]
  readonly poisoned: readonly Order[]
  /** The place of an order in the input. */
  placeOf(id: number): readonly [partition: number, offset: number]
  /** Starts workers of one group. Resolves when each of them has partitions. */
  start(count: number, options: Pick<WorkersOptions, 'policy' | 'concurrency' | 'repaired'>): Promise<Workers>
  /** Writes all orders. */
  feed(): Promise<void>
  /** Resolves when the group has committed the whole input, or a worker has failed. */
  drained(workers: Workers): Promise<void>
  /** The number of dead letters that wait for a replay. */
  waiting(): Promise<number>
  /** The committed offsets by partition. */
  committed(): Promise<readonly number[]>
  outputs(): Promise<readonly ReadRecord[]>
}

export async function poisonedTopics(options: TrialOptions): Promise<PoisonedTopics> {
  const { addresses: brokers, id, partitions, records, signal } = options
  const conf = { brokers, driver: driverOf(options.driver) }
  const names = { input: `in-${id}`, output: `out-${id}`, dead: `dead-${id}` }
  const groupId = `group-${id}`
  await using admin = Admin({ brokers })
  for (const topic of Object.values(names)) await admin.createTopic(topic, { partitions })
  const orders = ordersOf(records, options.random)
  const lags = (topic: string, group: string) => Topic(topic, { groupId: group, conf: { brokers } }).lag()
  const behind = async (topic: string, group: string) =>
    (await lags(topic, group)).reduce((sum, { lag }) => sum + lag, 0)

  return {
    input: names.input,
    dead: Topic(names.dead, { codec: BytesCodec(), conf }),
    orders,
    poisoned: orders.filter(({ poison }) => poison !== undefined),
    placeOf: (number) => [number % partitions, Math.floor(number / partitions)],
    async start(count, workers) {
      const running = startWorkers(count, { ...workers, ...names, conf, groupId })
      // A rebalance restarts the attempts of a record, which would make their number inexact.
      const together = async () => {
        await using asked = Admin({ brokers })
        if (!(await asked.listGroups()).some((group) => group.groupId === groupId)) return false
        const { members, state } = await asked.describeGroup(groupId)
        return state === 'Stable' && members.length === count && members.every((member) => member.partitions.length > 0)
      }
      try {
        await waitUntil(`each of ${count} workers has partitions`, together, { signal })
        return running
      } catch (error) {
        await running.stop()
        throw error
      }
    },
    async feed() {
      const topic = Topic(names.input, { codec: orderCodec(false), conf: { brokers } })
      await topic.open()
      const keys = partitions * KEYS_A_PARTITION
      const write = (order: Order) => topic(order, { key: `k${order.id % keys}`, partition: order.id % partitions })
      await Promise.all(orders.map(write))
      await topic.close()
    },
    drained: (workers) =>
      waitUntil(
        'everything is committed',
        async () => workers.failure !== undefined || (await behind(names.input, groupId)) === 0,
        { signal },
      ),
    waiting: () => behind(names.dead, `${names.dead}.replay`),
    committed: async () => (await lags(names.input, groupId)).map(({ committed = 0 }) => committed),
    outputs: () => readRecords(brokers, names.output),
  }
}
