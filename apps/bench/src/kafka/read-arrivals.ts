import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'

/**
 * Reads the results in a topic with `read_committed`, from the call on, and notes when each arrives, in ms of the wall clock,
 * at the index of its record.
 */
export function readArrivals(topic: string, records: number, conf: KafkaConf) {
  const arrivals = new Float64Array(records)
  const ended = new AbortController()
  let seen = 0
  const app = createApp()
  app.snap(Topic(topic, { groupId: null, conf }))(({ key }, { stop }) => {
    arrivals[Number(key)] = Date.now()
    seen += 1
    if (seen === records) stop()
  })
  const reading = app.stream({}, { signal: ended.signal })
  // `times` and `end` reject with the error.
  reading.catch(() => {})
  return {
    flow: async () => seen > 0,
    async times() {
      await reading
      return arrivals
    },
    async end() {
      ended.abort()
      await reading
    },
  }
}
