import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addVersion, latestOf, valueAt } from './history.ts'

const EMPTY: Buffer = Buffer.alloc(0)
const version = (at: number, text: string | null) => ({ at, value: text === null ? null : Buffer.from(text) })
const textAt = (history: Buffer, time: number) => valueAt(history, time)?.toString()

test('a history tells the value of each time, a deletion included', () => {
  let history = EMPTY
  for (const [at, text] of [
    [10, 'a'],
    [30, 'c'],
    [20, null],
    [40, ''],
  ] as const)
    history = addVersion(history, version(at, text), -Infinity)
  expect([9, 10, 19, 20, 29.5, 30, 39, 40, 1e15].map((time) => textAt(history, time))).toEqual([
    undefined,
    'a',
    'a',
    undefined,
    undefined,
    'c',
    'c',
    '',
    '',
  ])
  expect(latestOf(history)).toEqual({ at: 40, value: Buffer.from(''), from: 0 })
})

test('of two versions with the same time the later one counts', () => {
  const history = addVersion(addVersion(EMPTY, version(10, 'a'), 0), version(10, 'b'), 0)
  expect(textAt(history, 10)).toBe('b')
  expect(history).toEqual(addVersion(EMPTY, version(10, 'b'), 0))
})

test('versions that ended before the bound are left out, and the latest one stays', () => {
  let history = EMPTY
  for (const at of [10, 20, 30]) history = addVersion(history, version(at, `v${at}`), at - 10)
  // That of 10 ended at 20.
  expect([15, 25, 30].map((time) => textAt(history, time))).toEqual([undefined, 'v20', 'v30'])
  history = addVersion(history, version(5, 'too old'), 100)
  expect([7, 25, 30].map((time) => textAt(history, time))).toEqual([undefined, undefined, 'v30'])
})

test('whatever the order of records, each time within the bound has the value of its last record', () => {
  const records = fc.array(
    fc.record({ at: fc.integer({ min: -20, max: 20 }), text: fc.option(fc.string({ maxLength: 3 }), { nil: null }) }),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(records, fc.integer({ min: 0, max: 30 }), (records, keptMs) => {
      let history = EMPTY
      let newest = -Infinity
      const byTime = new Map<number, string | null>()
      for (const { at, text } of records) {
        newest = Math.max(newest, at)
        byTime.set(at, text)
        history = addVersion(history, version(at, text), newest - keptMs)
      }
      for (let time = newest - keptMs; time <= 25; time++) {
        const last = Math.max(...[...byTime.keys()].filter((at) => at <= time))
        expect(textAt(history, time)).toBe(byTime.get(last) ?? undefined)
      }
    }),
  )
})
