import { createApp } from '@snapstream/core'
import type { Batch, BatchSource } from '@snapstream/core'
import type { Case } from '../../suite.ts'
import { coreContestant, coreTrial } from './contestant.ts'
import type { CoreInput } from './contestant.ts'
import type { Runner } from './works.ts'

const SIZE = 1000

/** Batches that arrive asynchronously, as from a Kafka client. */
async function* batches(count: number): AsyncGenerator<readonly number[]> {
  for (let from = 0; from < count; from += SIZE)
    yield Array.from({ length: Math.min(SIZE, count - from) }, (_, i) => from + i)
}

export function batchedSource(count: number): BatchSource<number> {
  return {
    '~snapstream.source'() {
      const all = batches(count)
      let position = 0
      let handled = 0
      let wake = () => {}
      return {
        async read(): Promise<Batch<number> | undefined> {
          // At most two batches are unacknowledged.
          while (position - handled >= 2 * SIZE) await new Promise<void>((resolve) => (wake = resolve))
          const { value: messages } = await all.next()
          if (messages === undefined) return undefined
          const from = position
          position += messages.length
          const done = (n: number) => {
            handled = from + n
            wake()
          }
          return { lane: 0, messages, bytes: 8 * messages.length, position: (n) => from + n, done }
        },
        commit() {},
        close: () => wake(),
      }
    },
  }
}

const loop: Runner = async (count, { handler, sink }) => {
  for await (const batch of batches(count)) for (const n of batch) sink(handler(n))
}

const snapstream: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(batchedSource(count), { sink: [sink] })(handler)
  await app.stream()
}

export const batched: Case = {
  name: 'batched',
  about: `A source that yields batches of ${SIZE} numbers, compared with a loop over the same batches`,
  contestants: [
    coreContestant({ name: 'loop over batches', prepare: () => loop }, false),
    coreContestant({ name: 'snapstream', prepare: () => snapstream }, false),
  ],
  ratios: [
    {
      of: 'snapstream',
      to: 'loop over batches',
      atLeast: 0.9,
      bound: '[a profile](../../docs/decisions/what-bounds-a-message.md)',
    },
  ],
  input: (arena): CoreInput => ({ messages: arena.count(10_000_000, 40_000_000) }),
  begin: (input: CoreInput) => coreTrial(input, false),
}
