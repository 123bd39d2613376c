import { setTimeout as sleep } from 'node:timers/promises'
import { Topic } from '@snapstream/kafka'
import { clock } from './clock.ts'

export interface FeederOptions {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
  /** Records a second. */
  readonly rate: number
  /** The number of keys, a multiple of `partitions`. @default 20 a partition */
  readonly keys?: number
}

export interface Feeder {
  readonly startedAt: number
  /** The number of records written, acknowledged or not. */
  readonly sent: number
  /** The number of records that the broker has acknowledged. */
  readonly fed: number
  /** Resolves when every record is acknowledged. Rejects if a record was refused. */
  stop(): Promise<void>
}

const TICK_MS = 10
const KEYS_A_PARTITION = 20

/**
 * Writes records at a fixed rate, independent of the readers. The number that is due follows from the clock and not from the
 * last write, so a late tick catches up.
 */
export async function startFeeder({
  brokers,
  topic: name,
  partitions,
  rate,
  keys: all,
}: FeederOptions): Promise<Feeder> {
  const topic = Topic(name, { conf: { brokers, deliveryTimeoutMs: 300_000, bufferBytes: 268_435_456 } })
  await topic.open()
  const few = partitions * KEYS_A_PARTITION
  // Every other record is of a few keys, so that keys come again soon also where there are many.
  const keyOf = (n: number) => (all === undefined ? n % few : (n >> 1) % (n % 2 === 0 ? all : few))
  const startedAt = clock()
  const pending = new Set<Promise<void>>()
  const refused: unknown[] = []
  let [sent, fed] = [0, 0]
  let ended = false

  const feeding = (async () => {
    while (!ended) {
      const due = Math.floor(((clock() - startedAt) / 1000) * rate)
      const batch: Promise<void>[] = []
      for (; sent < due; sent++) {
        const key = keyOf(sent)
        batch.push(topic(`${sent}`, { key: `k${key}`, partition: key % partitions }))
      }
      const count = batch.length
      const written = Promise.all(batch)
        .then(() => void (fed += count))
        .catch((error: unknown) => void refused.push(error))
        .finally(() => pending.delete(written))
      pending.add(written)
      await sleep(TICK_MS)
    }
  })()

  return {
    startedAt,
    get sent() {
      return sent
    },
    get fed() {
      return fed
    },
    async stop() {
      ended = true
      await feeding
      await Promise.all(pending)
      await topic.close()
      if (refused.length > 0) throw new Error(`the load could not be written: ${String(refused[0])}`)
    },
  }
}
