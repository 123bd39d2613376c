import type { Codec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import type { TopicPartitionOffset, TransactionalProducer } from '../driver/driver.ts'
import { batch, opened, quiet, values } from '../fixtures/scripted-consumer.ts'

const producer = {} as TransactionalProducer

/** A transactional reader with two partitions, from the offset 0, whose first two records the engine has. */
async function reading(options: Parameters<typeof opened>[0][string] = {}) {
  const all = await opened({ a: options }, ['a'])
  // The reader of `b` does not exist, so the object cannot be spread.
  const { a, at, state, log, hooks, topic, inTransaction } = all
  const first = a.read()
  await quiet()
  await state.settings?.assigned([at('a', 0), at('a', 1)])
  state.give(batch('a', 0, 0, ['p', 'q']))
  expect(values(await first)).toEqual(['p', 'q'])
  const rewind = async (...lanes: string[]) => a.rewind?.(lanes)
  return { a, at, state, log, hooks, topic, inTransaction, rewind }
}

/** A promise and the function that resolves it. */
function gate<T>() {
  let open: (value: T) => void = () => {}
  const opened = new Promise<T>((resolve) => (open = resolve))
  return { opened, open }
}

describe('rewind', () => {
  test('a lane that is rewound goes on from its committed offset, and others go on', async () => {
    const { state, a, at, log, rewind } = await reading()
    state.give(batch('a', 0, 2, ['dropped']), batch('a', 1, 0, ['kept']))
    await quiet()
    state.committed = async () => [at('a', 0, 1)]
    await rewind('a/0')
    expect(state.seeks).toEqual([at('a', 0, 1)])
    expect(state.released.map((one) => one.offset(0))).toEqual([0, 2])
    expect(values(await a.read())).toEqual(['kept'])
    // The poll may have been pending: the first batch may be from before.
    state.give(batch('a', 0, 3, ['from before']), batch('a', 0, 1, ['q']))
    const again = await a.read()
    expect([again?.lane, values(again)]).toEqual(['a/0', ['q']])
    // The engine has rewound its part already, and nothing is committed.
    expect([log.slice(1), state.commits]).toEqual([[], []])
  })

  test('a lane without a committed offset goes on from where it started', async () => {
    const { state, at, rewind } = await reading()
    await state.settings?.assigned([at('a', 2, 7)])
    await rewind('a/0', 'a/2', 'a/9')
    expect(state.seeks).toEqual([at('a', 0, 0), at('a', 2, 7)])
  })

  test('no batch of a lane is read while its offset is looked up, and late ones of the engine are ignored', async () => {
    const { state, a, at, rewind } = await reading()
    const { opened: looked, open: answer } = gate<readonly TopicPartitionOffset[]>()
    state.committed = () => looked
    const rewound = rewind('a/0')
    state.give(batch('a', 0, 2, ['r']))
    let next: unknown
    const read = Promise.resolve(a.read()).then((one) => (next = values(one)))
    await quiet()
    expect([next, state.released]).toEqual([undefined, []])
    answer([at('a', 0, 1)])
    await rewound
    state.give(batch('a', 0, 1, ['q']), batch('a', 0, 1, ['q']))
    await read
    expect(next).toEqual(['q'])
  })

  test('a batch that is being decoded when its lane is rewound is dropped', async () => {
    const gates: (() => void)[] = []
    const codec: Codec<string> = {
      encode: (value) => Buffer.from(value),
      decode: (bytes) => new Promise<string>((resolve) => gates.push(() => resolve(Buffer.from(bytes).toString()))),
    }
    const { state, a, at } = await opened({ a: { codec } }, ['a'])
    const read = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0)])
    state.give(batch('a', 0, 0, ['old']))
    await quiet()
    await a.rewind?.(['a/0'])
    gates.shift()?.()
    await quiet()
    state.give(batch('a', 0, 0, ['too early']), batch('a', 0, 0, ['new']))
    await quiet()
    gates.shift()?.()
    expect(values(await read)).toEqual(['new'])
  })

  test('a bounded reader that has ended reads on, and can be controlled again', async () => {
    const { state, a, at, topic } = await opened({ a: { until: 'end' } }, ['a'])
    const first = a.read()
    await quiet()
    await state.settings?.assigned([at('a', 0, 8), at('a', 1, 10)])
    state.give(batch('a', 0, 8, ['x', 'y']))
    const last = await first
    last?.done(2)
    expect(await a.read()).toBeUndefined()
    state.committed = async () => [at('a', 0, 9)]
    await a.rewind?.(['a/0'])
    const again = a.read()
    await expect(topic.seek(8, { partition: 0 })).resolves.toBeUndefined()
    await quiet()
    // The first batch may be from before the seek: the partition is sought again.
    state.give(batch('a', 0, 9, ['y']), batch('a', 0, 8, ['x', 'y']))
    const got = await again
    expect(values(got)).toEqual(['x', 'y'])
    got?.done(2)
    expect(await a.read()).toBeUndefined()
  })

  test('a partition that is lost meanwhile is not read again', async () => {
    const { state, at, rewind } = await reading()
    const { opened: looked, open: answer } = gate<readonly TopicPartitionOffset[]>()
    state.committed = () => looked
    const rewound = rewind('a/0')
    await state.settings?.revoked([at('a', 0)], 'lost')
    answer([at('a', 0, 1)])
    await rewound
    expect(state.seeks).toEqual([])
    // Assigned again, it is another lane.
    await state.settings?.assigned([at('a', 0, 1)])
    state.committed = async () => [at('a', 0, 2)]
    await rewind('a/0')
    expect(state.seeks).toEqual([at('a', 0, 2)])
  })

  test('a lane that is sought while it is rewound goes on where it was sought to', async () => {
    const { state, at, log, topic, rewind } = await reading()
    const { opened: looked, open: answer } = gate<readonly TopicPartitionOffset[]>()
    state.committed = () => looked
    const rewound = rewind('a/0')
    await topic.seek(6, { partition: 0 })
    answer([at('a', 0, 1)])
    await rewound
    await quiet()
    expect(state.seeks).toEqual([at('a', 0, 1), at('a', 0, 6)])
    expect(state.commits).toEqual([[at('a', 0, 6)]])
    expect(log.slice(1)).toEqual(['a paused a/0', 'a gave up a/0', 'a assigned a/0'])
  })

  test('a lane that is rewound while its topic is paused stays stopped, and goes on from its committed offset', async () => {
    const { state, a, at, log, topic, rewind } = await reading()
    const { opened: looked, open: answer } = gate<readonly TopicPartitionOffset[]>()
    state.committed = () => looked
    const rewound = rewind('a/0')
    topic.pause()
    answer([at('a', 0, 1)])
    await rewound
    await quiet()
    expect(log.slice(1)).toEqual(['a paused a/1', 'a gave up a/1', 'a paused a/0', 'a gave up a/0'])
    const read = a.read()
    topic.resume()
    await quiet()
    expect(log.slice(5)).toEqual(['a assigned a/1', 'a assigned a/0'].toSorted())
    expect(state.seeks).toContainEqual(at('a', 0, 1))
    state.give(batch('a', 0, 1, ['q']), batch('a', 0, 1, ['q']))
    expect(values(await read)).toEqual(['q'])
  })

  test('a paused lane is not rewound: it goes on from its committed offset when it is resumed', async () => {
    const { state, at, topic, rewind } = await reading()
    topic.pause()
    await rewind('a/0', 'a/1')
    expect(state.seeks).toEqual([])
    state.committed = async ([of]) => [at('a', of?.partition ?? -1, 1)]
    topic.resume()
    await quiet()
    expect(state.seeks).toEqual([at('a', 0, 1), at('a', 1, 1)])
  })

  test('a lane that goes on behind a transaction starts where that was committed, from the moment it is assigned', async () => {
    const { state, at, a, hooks, topic } = await reading()
    const starts: unknown[] = []
    hooks.assigned = () => {
      starts.push(a.startOf?.('a/0'))
      return undefined
    }
    topic.pause()
    state.committed = async ([of]) => [at('a', of?.partition ?? -1, 1)]
    topic.resume()
    await quiet()
    expect([...starts, a.startOf?.('a/0')]).toEqual([1, 1, 1])
  })

  test('an error of the look-up ends the reading; after close it is ignored', async () => {
    const { state, a, rewind } = await reading()
    state.committed = () => Promise.reject(new Error('gone'))
    await rewind('a/0')
    await expect(a.read()).rejects.toThrow('gone')
    await a.close()
    await rewind('a/0')
  })
})

describe('positions in a transaction', () => {
  test('positions are committed in the transaction, and the consumer knows its id', async () => {
    const { state, inTransaction, at, a } = await reading()
    expect(state.settings?.transactionalId).toBe('tx')
    expect(
      await inTransaction('a').hold(
        new Map([
          ['a/0', 2],
          ['a/1', 4],
        ]),
      )(producer),
    ).toBe(true)
    expect(state.commitsIn).toEqual([[at('a', 0, 2), at('a', 1, 4)]])
    state.isOwner = false
    expect(await inTransaction('a').hold(new Map([['a/0', 3]]))(producer)).toBe(false)
    await a.close()
    expect(() => inTransaction('a')).toThrow('not transactional')
  })

  test('positions of a lane that was lost are refused, also if it was assigned again', async () => {
    const { state, inTransaction, at } = await reading()
    const commit = inTransaction('a').hold(new Map([['a/0', 2]]))
    await state.settings?.revoked([at('a', 0)], 'lost')
    expect(await inTransaction('a').hold(new Map([['a/0', 2]]))(producer)).toBe(false)
    await state.settings?.assigned([at('a', 0)])
    expect(await commit(producer)).toBe(false)
    expect(state.commitsIn).toEqual([])
  })

  test('a lane that is being revoked is committed', async () => {
    const { state, inTransaction, at, hooks } = await reading()
    hooks.revoked = async () => expect(await inTransaction('a').hold(new Map([['a/0', 2]]))(producer)).toBe(true)
    await state.settings?.revoked([at('a', 0)], 'revoked')
    expect(state.commitsIn).toEqual([[at('a', 0, 2)]])
  })

  test('a topic that shares the consumer of a transactional one has its id, and plain commits', async () => {
    const { state, a, b, at, inTransaction } = await opened({ a: {}, b: {} }, ['b'])
    void a.read()
    await quiet()
    expect([state.consumers, state.settings?.transactionalId]).toEqual([1, 'tx'])
    await state.settings?.assigned([at('a', 0), at('b', 0)])
    await a.commit(new Map([['a/0', 3]]))
    expect(state.commits).toEqual([[at('a', 0, 3)]])
    expect(() => inTransaction('a')).toThrow('not transactional')
    await Promise.all([a.close(), b.close()])
  })

  test('without a transaction a consumer has no transactional id', async () => {
    const { state, a } = await opened({ a: {} })
    void a.read()
    await quiet()
    expect(state.settings).not.toHaveProperty('transactionalId')
  })
})
