import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runStorePlan, storePlan, type PlanHandler } from './fixtures/store-plans.ts'

/** Counts the messages of each key. */
const counting: PlanHandler = {
  handle(store, message) {
    const part = store.of(message)
    part.put(message.key, (part.getSync(message.key) ?? 0) + 1)
  },
  read: (store, message) => ['a', 'b', 'c'].map((key) => store.of(message).getSync(key)),
}

/** The counts of all partitions, by partition and key. */
const countsOf = (read: readonly unknown[]) =>
  Object.fromEntries(
    read.flatMap((counts, partition) =>
      ['a', 'b', 'c'].flatMap((key, i) => {
        const count = (counts as (number | undefined)[])[i]
        return count === undefined ? [] : [[`${partition}/${key}`, count] as const]
      }),
    ),
  )

const runs = { numRuns: 150 }

test('exactly once: whatever dies, moves and is aborted, each message counts once', async () => {
  await fc.assert(
    fc.asyncProperty(storePlan, async (given) => {
      const { read, input } = await runStorePlan(given, true, counting)
      expect(countsOf(read)).toEqual(input)
    }),
    runs,
  )
}, 60_000)

test('at least once: whatever dies and moves, no message is missing, and none counts more often than it was handled', async () => {
  await fc.assert(
    fc.asyncProperty(storePlan, async (given) => {
      const { read, handled, input } = await runStorePlan(given, false, counting)
      const counts = countsOf(read)
      const wrong = Object.entries(input).filter(
        ([id, least]) => !(counts[id]! >= least && counts[id]! <= handled[id]!),
      )
      expect(wrong).toEqual([])
    }),
    runs,
  )
}, 60_000)
