import { randomUUID } from 'node:crypto'
import { Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../harness/arena.ts'
import type { Trial } from '../suite.ts'
import { content } from './content.ts'
import { expectedLines } from './expected-lines.ts'
import { countAppended, trialOf } from './output-trial.ts'
import { timeOf, type TimedLoad, type TimedShape } from './timed-load.ts'

/** A topic, and the windows in which its records are counted. */
export interface WindowLoad extends TimedLoad {
  readonly sizeMs: number
}

/** The result of a window. */
export interface WindowCount {
  readonly start: number
  readonly count: number
}

const HALF_A_DAY_MS = 43_200_000
const TAIL_EVERY_MS = 200

/**
 * A topic for the counts of windows. The topic that is read gets a record a partition now and then, half a day ahead of the
 * others, which ends the last windows: Kafka Streams tells what is over only as records come, and at most once a second.
 */
export async function windowTrial(load: WindowLoad, arena: Arena): Promise<Trial> {
  const { brokers, topic, partitions, startMs } = load
  const expected = await arena.once(`counts of ${topic}`, async () => expectedLines(expectedCounts(load)))
  const tail = Topic(topic, { conf: { brokers, driver: kafkats() } })
  await tail.open()
  let toldAt = -Infinity
  const trial = await trialOf(load, {
    ...expected,
    countWritten: countAppended,
    create: () =>
      content((value) => {
        const { start, count } = value as WindowCount
        return `${start}|${count}`
      }),
    async waiting() {
      if (performance.now() - toldAt < TAIL_EVERY_MS) return
      toldAt = performance.now()
      const timestamp = startMs + HALF_A_DAY_MS
      const value = JSON.stringify({ id: 0, text: randomUUID() })
      await Promise.all(
        Array.from({ length: partitions }, async (_, partition) => tail(value, { key: 'tail', timestamp, partition })),
      )
    },
  })
  return {
    ...trial,
    async end() {
      await tail.close()
      await trial.end?.()
    },
  }
}

/** The results of all windows that are over once the last record was read: a line each. */
export function* expectedCounts(shape: TimedShape & Pick<WindowLoad, 'sizeMs'>): Generator<string> {
  const { records, keys, sizeMs } = shape
  let start = timeOf(0, shape)
  let counts = new Map<string, number>()
  for (let i = 0; i < records; i++) {
    const time = timeOf(i, shape)
    if (time >= start + sizeMs) {
      for (const [key, count] of counts) yield `${key}|${start}|${count}`
      counts = new Map()
      start = time - (time % sizeMs)
    }
    const key = `k${i % keys}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  for (const [key, count] of counts) yield `${key}|${start}|${count}`
}
