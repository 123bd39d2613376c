import { setTimeout as sleep } from 'node:timers/promises'
import { BytesCodec, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { TopicRecord } from '@snapstream/kafka'

export type RecordOfBytes = TopicRecord<Uint8Array, Uint8Array>

/**
 * Reads a topic with `read_committed` and without a group, and calls `take` with each record once, in the order of its
 * partition. Waits while the broker is away, or the topic does not exist. Returns a function that ends it.
 */
export function followTopic(brokers: string, name: string, take: (record: RecordOfBytes) => void): () => Promise<void> {
  const ended = new AbortController()
  /** The next offset, by partition: a new stream reads from the start again. */
  const next = new Map<number, number>()

  async function follow(): Promise<void> {
    const app = createApp()
    const codecs = { codec: BytesCodec(), keyCodec: BytesCodec() }
    const conf = { brokers, fetchMaxWaitMs: 20, connectTimeoutMs: 60_000 }
    app.snap(Topic<Uint8Array, Uint8Array>(name, { ...codecs, groupId: null, conf }))((record) => {
      const { partition, offset } = record
      if (offset < (next.get(partition) ?? 0)) return
      next.set(partition, offset + 1)
      take(record)
    })
    await app.stream({}, { signal: ended.signal })
  }

  const following = (async () => {
    while (!ended.signal.aborted)
      try {
        await follow()
      } catch {
        await sleep(100)
      }
  })()

  return async () => {
    ended.abort()
    await following
  }
}
