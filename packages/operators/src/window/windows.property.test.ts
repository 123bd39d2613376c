import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchWindows } from '../fixtures/batch-windows.ts'
import type { Event } from '../fixtures/batch-windows.ts'
import { eventLists, RUNS } from '../fixtures/event-lists.ts'
import { runThrough } from '../fixtures/run-app.ts'
import { window } from '../index.ts'

const GRACE_MS = 12
/** Behind all windows. */
const END: Event = { key: 'z', timestamp: 10_000, value: 'end' }

const merge = (a: readonly string[], b: readonly string[]) => [...a, ...b]
const SPECS = [
  ['tumbling', { sizeMs: 10 }],
  ['hopping', { sizeMs: 10, everyMs: 4 }],
  ['hopping that fits', { sizeMs: 12, everyMs: 3 }],
  ['sliding', { slideMs: 9 }],
  ['sliding over one ms', { slideMs: 0 }],
  ['session', { gapMs: 7, merge }],
] as const

describe.each(SPECS)('%s windows', (_, spec) => {
  const options = { ...spec, graceMs: GRACE_MS }
  const fold = (names: readonly string[] = [], { value }: Event) => [...names, value]

  test('have what a batch finds, in the order of ends and keys, for any order of arrival within grace', async () => {
    await fc.assert(
      fc.asyncProperty(eventLists(GRACE_MS), async (events) => {
        const results = await runThrough(window([...events, END], options, fold), ({ value, ...rest }) => ({
          ...rest,
          names: value.toSorted(),
        }))
        expect(results).toEqual(batchWindows(events, options))
      }),
      { numRuns: RUNS },
    )
  }, 600_000)

  test('have the same as the last update of each', async () => {
    await fc.assert(
      fc.asyncProperty(eventLists(GRACE_MS), async (events) => {
        const last = new Map<string, unknown>()
        const updates = window([...events, END], { ...options, emit: 'updates' }, fold)
        await runThrough(updates, ({ key, start, end, value, replaces = [] }) => {
          for (const other of replaces) last.delete(`${key} ${other}`)
          last.set(`${key} ${start}`, { key, start, end, names: value.toSorted() })
        })
        const found = batchWindows([...events, END], options)
        const expected = found.map((content) => [`${content.key} ${content.start}`, content] as const)
        expect(last).toEqual(new Map(expected))
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
})
