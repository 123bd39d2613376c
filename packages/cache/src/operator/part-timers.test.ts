import { compareKeys, type NotLoaded, type OperatorTimer } from '@snapstream/core/adapter'
import fc from 'fast-check'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { putOptions } from '../backend/backend.ts'
import { AreaKey } from '../entry/area-key.ts'
import type { Entry, EntryId } from '../entry/entry.ts'
import { createKeySpace } from '../entry/key-space.ts'
import { createPartTimers, type PartTimers } from './part-timers.ts'

const LIMIT = 3

const step = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('set' as const) },
    { weight: 3, arbitrary: fc.constant('delete' as const) },
    { weight: 4, arbitrary: fc.constant('take' as const) },
    { weight: 3, arbitrary: fc.constantFrom('write' as const, 'trim' as const, 'wait' as const) },
    { weight: 1, arbitrary: fc.constantFrom('undo' as const, 'abort' as const) },
  ),
  time: fc.nat(12),
  key: fc.constantFrom('a', 'b', '🏆', 1, true),
  /** Whether a step that finds timers missing waits for them at once, or lets others go first. */
  waits: fc.boolean(),
})

const compare = (one: OperatorTimer, other: OperatorTimer) => one.time - other.time || compareKeys(one.key, other.key)

const before = (list: readonly OperatorTimer[], timer: OperatorTimer) => list.filter((one) => compare(one, timer) !== 0)

/** Timers over a database in memory, beside a sorted list of all of them. */
async function setUp() {
  const db = new MemoryLevel<Buffer, Buffer>({ keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open()
  const space = createKeySpace('')
  const above = new Map<EntryId, Entry>()
  const timers = createPartTimers({
    kind: 'event',
    title: 'a part',
    areaPrefix: '',
    limit: LIMIT,
    place: {
      prefix: '',
      database: { maxKeyBytes: Infinity, now: () => 0 },
      above: {
        get isEmpty() {
          return above.size === 0
        },
        find: (id) => above.get(id),
        entries: () => above.values(),
      },
      opened: () => db,
    },
    write: (entry) => void above.set(entry.id, entry),
  })
  await timers.load()
  /** Writes what is above into the database. */
  const write = async () => {
    const batch = db.batch()
    const written = [...above]
    for (const [, { key, stored }] of written) {
      const encoded = space.encode(key)
      if (stored === undefined) batch.del(encoded, { keyEncoding: 'buffer' })
      else batch.put(encoded, stored as never, putOptions(encoded, true) as never)
    }
    await batch.write()
    for (const [id, entry] of written) if (above.get(id) === entry) above.delete(id)
  }
  return { db, above, timers, write }
}

const loadingOf = (thrown: unknown) => {
  const loading = (thrown as Partial<NotLoaded>)['~snapstream.loading']
  if (loading === undefined) throw thrown
  return loading
}

const expectTaken = (taken: OperatorTimer | undefined, due: OperatorTimer | undefined) => expect(taken).toEqual(due)

/** Takes a timer, or tells what has to be waited for. */
function tryTake(timers: Pick<PartTimers, 'take'>, until: number) {
  try {
    return { taken: timers.take(until), loading: undefined }
  } catch (thrown) {
    return { taken: undefined, loading: loadingOf(thrown) }
  }
}

test('the timers of a part are those of a sorted list, however few are in memory', async () => {
  let missing = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const { above, timers, write } = await setUp()
      let list: readonly OperatorTimer[] = []
      let committed = list
      /** The writes of the last message, which may be undone. */
      let undoable: { readonly list: readonly OperatorTimer[]; readonly above: readonly [EntryId, Entry][] } | undefined
      for (const { kind, time, key, waits } of steps) {
        const timer = { time, key }
        const last = { list, above: [...above] }
        if (kind === 'set') {
          timers.set(time, key)
          list = [...before(list, timer), timer].toSorted(compare)
          undoable = last
        } else if (kind === 'delete') {
          timers.delete(time, key)
          list = before(list, timer)
          undoable = last
        } else if (kind === 'take') {
          const { taken, loading } = tryTake(timers, time)
          const [first] = list
          const due = first !== undefined && first.time <= time ? first : undefined
          expectTaken(taken, loading ? undefined : due)
          if (taken !== undefined) {
            list = list.slice(1)
            undoable = last
          }
          if (loading !== undefined) missing++
          if (waits) await loading
        } else if (kind === 'write') {
          await write()
          committed = list
          undoable = undefined
        } else if (kind === 'trim') timers.trim()
        else if (kind === 'wait') await Promise.resolve()
        else if (kind === 'abort') {
          above.clear()
          list = committed
          undoable = undefined
          timers.forget()
        } else if (undoable !== undefined) {
          const changed = [...above].filter(([id, entry]) => new Map(undoable!.above).get(id) !== entry)
          above.clear()
          for (const [id, entry] of undoable.above) above.set(id, entry)
          for (const [, entry] of changed) timers.undone(entry.key as AreaKey)
          list = undoable.list
          undoable = undefined
        }
        expect(timers.next()).toBeLessThanOrEqual(list[0]?.time ?? Infinity)
      }
      const rest: OperatorTimer[] = []
      for (;;)
        try {
          const taken = timers.take(Infinity)
          if (taken === undefined) break
          rest.push(taken)
        } catch (thrown) {
          await loadingOf(thrown)
        }
      expect(rest).toEqual(list)
      expect(timers.next()).toBe(Infinity)
    }),
    { numRuns: 300 },
  )
  // The property has met the case that it is about.
  expect(missing).toBeGreaterThan(100)
})

test('timers that are due are read in one go, and the next ones before they are due', async () => {
  const { timers, write, db } = await setUp()
  for (let time = 0; time < 40; time++) timers.set(time, 'a')
  await write()
  timers.forget()
  await timers.load()
  // Those of 0, 1 and 2 are in memory.
  for (const time of [0, 1, 2]) expect(timers.take(time)).toEqual({ time, key: 'a' })
  await expect.poll(() => timers.next()).toBe(3)
  let reads = 0
  const keys = db.iterator.bind(db)
  db.iterator = ((...given: Parameters<typeof keys>) => {
    reads++
    return keys(...given)
  }) as typeof keys
  const taken: number[] = []
  let waits = 0
  while (taken.length < 30)
    try {
      taken.push(timers.take(33)!.time)
    } catch (thrown) {
      waits++
      await loadingOf(thrown)
    }
  expect(taken).toEqual(Array.from({ length: 30 }, (_, i) => i + 3))
  expect(waits).toBeLessThanOrEqual(2)
  expect(reads).toBeLessThanOrEqual(3)
})

test('an error of the backend is told to those who wait, and the next call reads again', async () => {
  const { timers, db } = await setUp()
  const iterator = db.iterator.bind(db)
  db.iterator = () => {
    throw new Error('the disk fails')
  }
  timers.forget()
  const loading = (() => {
    try {
      timers.take(1)
    } catch (thrown) {
      return loadingOf(thrown)
    }
    return undefined
  })()
  await expect(loading).rejects.toMatchObject({ code: 'CACHE_FAILED' })
  expect(timers.next()).toBe(-Infinity)
  db.iterator = iterator
  await timers.load()
  expect(timers.take(1)).toBe(undefined)
})
