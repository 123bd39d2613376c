import { setTimeout as sleep } from 'node:timers/promises'
import { BytesCodec, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { clock } from './clock.ts'
import type { Arrivals } from './judge/reader-stalls.ts'

export interface Reader {
  readonly arrivals: Arrivals
  close(): Promise<void>
}

/** Reads a topic as its users do, with `read_committed`, and notes when records arrive. Waits while the broker is away. */
export function startReader(brokers: string, name: string): Reader {
  const arrivals = new Map<number, number[]>()
  const ended = new AbortController()
  /** The next offset to read, by partition. */
  const next = new Map<number, number>()

  async function read(): Promise<void> {
    const app = createApp()
    const topic = Topic<Uint8Array, Uint8Array>(name, {
      codec: BytesCodec(),
      keyCodec: BytesCodec(),
      groupId: null,
      conf: { brokers, fetchMaxWaitMs: 20, connectTimeoutMs: 60_000 },
    })
    app.snap(topic)(({ partition, offset }) => {
      if (offset < (next.get(partition) ?? 0)) return
      next.set(partition, offset + 1)
      const now = clock()
      const times = arrivals.get(partition)
      if (times === undefined) arrivals.set(partition, [now])
      // Records of one batch arrive at one time.
      else if (now - (times.at(-1) ?? 0) > 1) times.push(now)
    })
    await app.stream({}, { signal: ended.signal })
  }

  const reading = (async () => {
    while (!ended.signal.aborted)
      try {
        await read()
      } catch {
        // The broker may be down. Retry.
        await sleep(100)
      }
  })()

  return {
    arrivals,
    async close() {
      ended.abort()
      await reading
    },
  }
}
