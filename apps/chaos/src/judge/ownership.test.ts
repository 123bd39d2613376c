import { describe, expect, test } from 'vitest'
import type { Handling } from '../handling.ts'
import { judgeOwnership } from './ownership.ts'

const handled = (worker: string, offset: number, start: number, end?: number, partition = 0): Handling => ({
  worker,
  partition,
  offset,
  start,
  end,
})
const none = { overlapping: 0, unexplained: 0, staleMs: 0 }

test('handlings of a partition by several workers that follow each other are explained', () => {
  const handlings = [
    handled('a', 0, 0, 10),
    handled('a', 1, 10, 20),
    handled('b', 2, 20, 30),
    handled('a', 3, 40, 50),
    handled('b', 0, 5, 45, 1),
  ]
  expect(judgeOwnership(handlings, [], new Map())).toEqual(none)
})

test('concurrent handlings of a partition by one worker are allowed, by two workers they overlap', () => {
  const own = [handled('a', 0, 0, 10), handled('a', 1, 5, 15)]
  expect(judgeOwnership(own, [], new Map())).toEqual(none)
  expect(judgeOwnership([...own, handled('b', 2, 14, 20)], [], new Map())).toMatchObject({ overlapping: 1 })
  // An earlier, longer handling may still be running.
  const long = [handled('a', 0, 0, 100), handled('a', 1, 5, 6), handled('a', 2, 7, 8), handled('b', 3, 50, 60)]
  expect(judgeOwnership(long, [], new Map())).toMatchObject({ overlapping: 1 })
})

test('a handling without an end lasts until its worker ends', () => {
  const handlings = [handled('a', 0, 0), handled('b', 0, 50, 60)]
  const lapses = [{ worker: 'a', from: 40, to: undefined }]
  expect(judgeOwnership(handlings, lapses, new Map([['a', 40]]))).toEqual(none)
  expect(judgeOwnership(handlings, lapses, new Map([['a', 55]]))).toMatchObject({ overlapping: 1 })
})

describe('a record that a second worker handles', () => {
  const handlings = [handled('a', 7, 10, 11), handled('b', 7, 30, 31)]

  test('is unexplained if the first worker had no lapse', () => {
    expect(judgeOwnership(handlings, [], new Map())).toMatchObject({ unexplained: 1 })
    const others = [
      { worker: 'b', from: 20, to: 25 },
      { worker: 'a', from: 1, to: 9 },
      { worker: 'a', from: 31, to: undefined },
    ]
    expect(judgeOwnership(handlings, others, new Map())).toMatchObject({ unexplained: 1 })
  })

  test('is explained by a lapse of the first worker, or of all workers', () => {
    for (const worker of ['a', undefined])
      expect(judgeOwnership(handlings, [{ worker, from: 20, to: 25 }], new Map())).toEqual(none)
    expect(judgeOwnership(handlings, [{ worker: 'a', from: 9, to: 12 }], new Map())).toEqual(none)
  })

  test('does not count if it is the same worker', () => {
    expect(judgeOwnership([handled('a', 7, 10, 11), handled('a', 7, 30, 31)], [], new Map())).toEqual(none)
  })
})

describe('a record that its worker handles again, after a rewind', () => {
  test('is explained if the first handling has ended', () => {
    expect(judgeOwnership([handled('a', 7, 10, 20), handled('a', 7, 20, 30)], [], new Map())).toEqual(none)
  })

  test('overlaps if the first handling goes on', () => {
    expect(judgeOwnership([handled('a', 7, 10, 21), handled('a', 7, 20, 30)], [], new Map())).toMatchObject({
      overlapping: 1,
    })
  })
})

test('staleMs is the time for which a resumed worker handles records of partitions that it lost', () => {
  const handlings = [
    handled('a', 0, 0, 1),
    handled('b', 1, 50, 51),
    handled('b', 2, 52, 53),
    handled('a', 1, 101, 102),
    handled('a', 2, 130, 131),
  ]
  const paused = [{ worker: 'a', from: 10, to: 100 }]
  const stale = { overlapping: 0, unexplained: 2, staleMs: 30 }
  expect(judgeOwnership(handlings, paused, new Map())).toEqual(stale)
  // The stale worker may be ahead of the owner.
  const ahead = [handled('a', 3, 160, 161), handled('b', 3, 900, 901)]
  const longAgo = [...paused, { worker: 'b', from: 0, to: 5 }]
  const both = { overlapping: 0, unexplained: 3, staleMs: 60 }
  expect(judgeOwnership([...handlings, ...ahead], longAgo, new Map())).toEqual(both)
})

test('staleMs is infinite for an unexplained record without a lapse', () => {
  const handlings = [handled('a', 7, 10, 11), handled('b', 7, 30, 31)]
  expect(judgeOwnership(handlings, [], new Map()).staleMs).toBe(Number.POSITIVE_INFINITY)
})
