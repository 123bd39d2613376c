import type { Origin } from '@snapstream/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PreparedRecord } from '../writing/topic-sender.ts'
import { heldOutputs } from './held-outputs.ts'
import type { HeldOutputs } from './held-outputs.ts'

/** Outputs as a list for each message. */
function simplest(): HeldOutputs {
  const lists = new Map<Origin, PreparedRecord[]>()
  return {
    hold: (origin, output) => void lists.set(origin, [...(lists.get(origin) ?? []), output]),
    drop: (origin) => void lists.delete(origin),
    take(origin) {
      const taken = lists.get(origin) ?? []
      lists.delete(origin)
      return taken
    },
    clear: () => lists.clear(),
  }
}

const origins = Array.from({ length: 3 }, () => ({}) as Origin)
const steps = fc.array(
  fc.record({
    does: fc.constantFrom('hold', 'hold', 'hold', 'take', 'drop', 'clear'),
    origin: fc.constantFrom(...origins),
  }),
  { maxLength: 40 },
)

/** What is taken in these steps, and at the end. */
function taken(held: HeldOutputs, run: readonly { readonly does: string; readonly origin: Origin }[]) {
  const all = run.map(({ does, origin }, partition) => {
    if (does === 'take') return held.take(origin)
    if (does === 'hold') held.hold(origin, { partition } as PreparedRecord)
    else if (does === 'drop') held.drop(origin)
    else held.clear()
    return undefined
  })
  return [...all, ...origins.map((origin) => held.take(origin))]
}

test('gives each message its own outputs in order, however messages overlap', () => {
  fc.assert(
    fc.property(steps, (run) => {
      expect(taken(heldOutputs(), run)).toEqual(taken(simplest(), run))
    }),
    { numRuns: 2000 },
  )
})
