import { describe, expect, test } from 'vitest'
import { readReference, SEEDS } from './fixtures/kafka-streams/reference.ts'
import { runThrough } from './fixtures/run-app.ts'
import { aggregate, map, window } from './index.ts'
import type { WindowOptions } from './index.ts'

const left = (seed: (typeof SEEDS)[number]) => {
  const { inputs, outputsOf } = readReference(seed)
  const own = inputs.flatMap((input, index) =>
    input.topic === 'left' && input.value !== null ? { ...input, index } : [],
  )
  return { own, outputsOf }
}
type Left = ReturnType<typeof left>['own'][number]

/** Runs a window over the records, and notes which of them caused each result. */
async function windowed(records: readonly Left[], options: WindowOptions<Left, string[]>, isSorted: boolean) {
  let cause = -1
  const noted = map(records, (record) => {
    cause = record.index
    return record
  })
  const results = window(noted, options, (values: string[] = [], { value }) => [...values, value as string])
  return runThrough(results, ({ key, start, end, value }) => ({
    input: cause,
    window: `${key}@${start}`,
    end,
    value: (isSorted ? value.toSorted() : value).join(),
  }))
}

/** The window of an output of Kafka Streams. `past`: 1 where its end belongs to the window. */
function outputsAs(outputs: readonly { input: number; key: string; value: string | null }[], past: number) {
  return outputs.map(({ input, key, value }) => {
    const [, window, end] = /^(.*@\d+)-(\d+)$/.exec(key)!
    return { input, window, end: Number(end) + past, value }
  })
}

describe.each(SEEDS)('Kafka Streams, run %i', (seed) => {
  const { own, outputsOf } = left(seed)
  const merge = (a: string[], b: string[]) => [...a, ...b]

  test.each([
    ['tumbling 10000 grace 3000 final', { sizeMs: 10_000 }, 0, false],
    ['hopping 10000 every 4000 grace 3000 final', { sizeMs: 10_000, everyMs: 4000 }, 0, false],
    ['sliding 6000 grace 3000 final', { slideMs: 6000 }, 1, true],
    ['session gap 4000 grace 3000 final', { gapMs: 4000, merge }, 1, true],
  ] as const)('%s', async (operator, spec, past, isSorted) => {
    const found = await windowed(own, { ...spec, graceMs: 3000 }, isSorted)
    expect(found).toEqual(outputsAs(outputsOf(operator), past))
  })

  test('tumbling updates', async () => {
    const found = await windowed(own, { sizeMs: 10_000, graceMs: 3000, emit: 'updates' }, false)
    expect(found).toEqual(outputsAs(outputsOf('tumbling 10000 grace 3000 updates'), 0))
  })

  test('running aggregate', async () => {
    const counts = aggregate(own, (count: number = 0) => count + 1)
    const found = await runThrough(counts, ({ key, value, message }) => ({
      input: message.index,
      key,
      value: String(value),
    }))
    // Kafka Streams gives a result the largest time of the records of its key.
    expect(found).toEqual(outputsOf('running aggregate').map(({ input, key, value }) => ({ input, key, value })))
  })
})
