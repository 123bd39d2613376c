import * as fc from 'fast-check'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { checkpoint, collect, openSink } from '../fixtures/protocol.ts'
import { Cache, DELETE } from '../index.ts'

const key = fc.nat({ max: 40 })
const write = fc.tuple(key, fc.option<number, typeof DELETE>(fc.nat(), { nil: DELETE }))
const bound = fc.option(key, { nil: undefined })
const range = fc.record({
  gt: bound,
  gte: bound,
  lt: bound,
  lte: bound,
  reverse: fc.boolean(),
  limit: fc.option(fc.integer({ min: -1, max: 10 }), { nil: undefined }),
})

test('any range over stored and buffered entries equals that of a sorted map', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write), fc.array(write), range, async (stored, buffered, range) => {
      const cache = Cache<number, number>(new MemoryLevel())
      await cache.open()
      const sink = await openSink(cache)
      const model = new Map<number, number>()
      const apply = async (writes: [number, number | typeof DELETE][]) => {
        for (const [key, value] of writes) {
          await sink.write([key, value])
          if (value === DELETE) model.delete(key)
          else model.set(key, value)
        }
      }
      await apply(stored)
      await sink.flush(checkpoint)
      await apply(buffered)

      const { gt, gte, lt, lte, reverse, limit = -1 } = range
      const expected = [...model]
        .filter(([key]) => (gte === undefined ? gt === undefined || key > gt : key >= gte))
        .filter(([key]) => (lte === undefined ? lt === undefined || key < lt : key <= lte))
        .sort(([a], [b]) => (reverse ? b - a : a - b))
      expect(await collect(cache.entries(range))).toEqual(limit < 0 ? expected : expected.slice(0, limit))
      await cache.close()
    }),
    { numRuns: 300 },
  )
})
