import { JsonCodec } from '@snapstream/codecs'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'

/** The output of the workers, of committed transactions only. */
export interface Totals {
  /** The latest count of each customer. */
  readonly latest: ReadonlyMap<string, number>
  /** The number of counts that were written: one for each order, if none is written twice. */
  readonly written: number
  /** Counts that are not one above the one before of the same customer. */
  readonly wrong: readonly string[]
  /** Whether each customer has at least this count. */
  reach(counts: ReadonlyMap<string, number>): boolean
  stop(): Promise<void>
}

/** Follows the topic that the workers write their counts to. */
export function readTotals(name: string, conf: KafkaConf): Totals {
  const latest = new Map<string, number>()
  const wrong: string[] = []
  let written = 0
  const ending = new AbortController()
  const app = createApp({ signals: false })
  app.snap(Topic(name, { codec: JsonCodec<number>(), groupId: null, conf }))(({ key, value }) => {
    const customer = key ?? ''
    const before = latest.get(customer) ?? 0
    if (value !== before + 1) wrong.push(`${customer} went from ${before} to ${value}`)
    latest.set(customer, value)
    written += 1
  })
  const ended = app.stream({}, { signal: ending.signal })
  // `stop` reports a failure.
  ended.catch(() => {})
  return {
    latest,
    get written() {
      return written
    },
    wrong,
    reach: (counts) => [...counts].every(([customer, count]) => (latest.get(customer) ?? 0) >= count),
    async stop() {
      ending.abort()
      await ended
    },
  }
}
