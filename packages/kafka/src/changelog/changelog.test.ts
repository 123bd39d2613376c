import { SnapstreamError, createApp } from '@snapstream/core'
import type { SinkTarget } from '@snapstream/core'
import type { Changelog, ChangelogBatch, ChangelogOptions } from '@snapstream/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openChangelog } from '../conformance/read-log.ts'
import type { Driver, DriverAdmin, GroupState, NewTopic } from '../driver/driver.ts'
import { driverWith } from '../fixtures/driver-with.ts'
import { memory } from '../memory/index.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import { partitionOf } from '../producer/partitioner.ts'
import { Topic } from '../topic/topic.ts'

afterEach(() => vi.restoreAllMocks())

const SETTINGS = { brokers: [], clientId: 'test', connectTimeoutMs: 1000, requestTimeoutMs: 1000 }

async function withAdmin<T>(driver: Driver, ask: (admin: DriverAdmin) => Promise<T>): Promise<T> {
  const admin = await driver.client(SETTINGS).admin()
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}

function ordersOf(driver: Driver, options: TopicOptions = {}) {
  return Topic('orders', { groupId: 'shop', create: { partitions: 3 }, conf: { driver }, ...options })
}

/** Opens the changelog of a store that `orders` feeds. */
const open = (driver: Driver, given: Partial<ChangelogOptions> = {}) =>
  openChangelog({ sources: [ordersOf(driver)], ...given })

const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()
const NEVER = new AbortController().signal

/** The records of a partition up to its end, as `key=value`, and the offset to go on from. */
async function restore(
  changelog: Pick<Changelog, 'read'>,
  partition: number,
  from?: number,
): Promise<{ readonly records: readonly string[]; readonly next: number | undefined }> {
  const records: string[] = []
  let next: number | undefined
  for await (const batch of changelog.read(partition, { from, follow: false, signal: NEVER })) {
    records.push(...recordsOf(batch))
    next = batch.nextOffset
  }
  return { records, next }
}

const recordsOf = (batch: ChangelogBatch) =>
  Array.from({ length: batch.length }, (_, i) => `${text(batch.key(i))}=${text(batch.value(i))}`)

describe('the topic', () => {
  test('is created with the partitions of the source, compacted', async () => {
    const inner = memory()
    const created: NewTopic[] = []
    const driver = driverWith(inner, {
      admin: (admin) => ({
        async createTopics(topics) {
          created.push(...topics)
          await admin.createTopics(topics)
        },
      }),
    })
    const changelog = await open(driver, { replicationFactor: 1 })
    expect(changelog).toMatchObject({ topic: 'shop-counts-changelog', group: 'shop', partitions: 3 })
    expect(created.at(-1)).toEqual({
      topic: 'shop-counts-changelog',
      partitions: 3,
      replicationFactor: 1,
      config: { 'cleanup.policy': 'compact' },
    })
    await changelog.close()
    const windows = await open(driver, { store: 'windows', retentionMs: 60_000 })
    expect(created.at(-1)).toEqual({
      topic: 'shop-windows-changelog',
      partitions: 3,
      config: { 'cleanup.policy': 'compact,delete', 'retention.ms': '60000' },
    })
    await windows.close()
  })

  test('has another id once it was deleted and created again', async () => {
    const driver = memory()
    const first = await open(driver)
    await first.close()
    const again = await open(driver)
    expect(again.id).toBe(first.id)
    await again.close()
    await withAdmin(driver, (admin) => admin.deleteTopics([first.topic]))
    const other = await open(driver)
    expect(other.id).not.toBe(first.id)
    await other.close()
  })

  test('is not created without a changelog, which takes and gives nothing', async () => {
    const driver = memory()
    const changelog = await open(driver, { enabled: false })
    expect(await withAdmin(driver, (admin) => admin.listTopics())).toEqual(['orders'])
    expect(changelog.partitions).toBe(3)
    expect(changelog.send(0, 'a', '1')).toBeUndefined()
    expect(await changelog.flush()).toEqual(new Map())
    expect(await restore(changelog, 0)).toEqual({ records: [], next: undefined })
    await changelog.close()
  })

  test('that has another number of partitions is refused by name', async () => {
    const driver = memory()
    await withAdmin(driver, (admin) => admin.createTopics([{ topic: 'shop-counts-changelog', partitions: 4 }]))
    await expect(open(driver)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /"shop-counts-changelog" of the store "counts" has 4 partitions and "orders" has 3: .*delete the changelog/,
      ),
    })
  })

  test('that the user must not create is named, with the rights', async () => {
    const driver = driverWith(memory(), {
      admin: (admin) => ({
        async createTopics(topics) {
          if (topics.some(({ topic }) => topic === 'shop-counts-changelog'))
            throw new SnapstreamError('AUTHENTICATION_REFUSED', 'no')
          await admin.createTopics(topics)
        },
      }),
    })
    await expect(open(driver)).rejects.toMatchObject({
      code: 'AUTHENTICATION_REFUSED',
      topic: 'shop-counts-changelog',
      message: expect.stringContaining('allow Create, Read and Write on the Topic, or create it with 3 partitions'),
    })
  })

  test('whose name Kafka does not allow is refused', async () => {
    const driver = memory()
    const source = ordersOf(driver, { groupId: 'my group' })
    await expect(openChangelog({ sources: [source] })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('would be the topic "my group-counts-changelog"'),
    })
  })
})

describe('sources', () => {
  test('that do not come together are refused by name', async () => {
    const driver = memory()
    const conf = { driver }
    const create = { partitions: 3 }
    const orders = ordersOf(driver)
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [[1, 2], /one of them is no topic \(an array/],
      [Topic(/x/, { groupId: 'shop', conf }), /the topic "\/x\/" is a pattern/],
      [Topic('alone', { groupId: null, conf }), /"alone" is read without one \(groupId: null\); give it a groupId/],
      [Topic('alone', { conf }), /"alone" is a source and has no groupId/],
      [
        Topic('returns', { groupId: 'other', create, conf }),
        /"orders" and the topic "returns", which are read with the groups "shop" and "other".*same groupId/,
      ],
      [
        Topic('returns', { groupId: 'shop', create, conf: { driver, sessionTimeoutMs: 12_345 } }),
        /"orders" and the topic "returns", which have other brokers or settings of the consumer/,
      ],
      [
        Topic('returns', { groupId: 'shop', create: { partitions: 5 }, conf }),
        /"orders" has 3 partitions and "returns" has 5, and the store "counts" goes with both: .* read that: snap\(topic, .*like: 'other'/,
      ],
    ]
    for (const [other, message] of cases)
      await expect(openChangelog({ sources: [orders, other] })).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(message),
      })
    await expect(openChangelog({ sources: [] })).rejects.toThrow('the store "counts" has no source')
  })

  test('are co-partitioned', async () => {
    const inner = memory()
    let copartitioned: unknown
    const driver = driverWith(inner, {
      consumer(_, options) {
        copartitioned = options.copartitioned
        return {}
      },
    })
    const orders = ordersOf(driver)
    const returns = Topic('returns', { groupId: 'shop', create: { partitions: 3 }, conf: { driver } })
    const app = createApp()
    const store = miniStore({ sources: [orders, returns] })
    const stops = new AbortController()
    app.snap(orders, { sink: [store.target] })(({ value }) => ['k', value])
    app.snap(returns, { sink: [store.target] })(({ value }) => ['k', value])
    const running = app.stream({}, { signal: stops.signal })
    await vi.waitFor(() => expect(copartitioned).toEqual([['orders', 'returns']]))
    stops.abort()
    await running
  })

  test('give lanes and keys their partitions', async () => {
    const driver = memory()
    const changelog = await open(driver)
    expect(['orders/0', 'orders/2'].map((lane) => changelog.partitionOfLane(lane))).toEqual([0, 2])
    expect(() => changelog.partitionOfLane('orders/3')).toThrow(
      'the store "counts" has 3 parts, and "orders/3" is a partition that was added to its topic',
    )
    for (const key of ['a', 'b', 'ü', 'long '.repeat(100)])
      expect(changelog.partitionOfKey(key)).toBe(partitionOf(key, 3))
    expect(() => changelog.partitionOfKey(5)).toThrow('could not be encoded')
    await changelog.close()
  })
})

describe('records', () => {
  test('are read in order up to the end, and behind an offset', async () => {
    const driver = memory()
    const changelog = await open(driver)
    for (let i = 0; i < 2500; i++) void changelog.send(i % 2, `k${i}`, `${i}`)
    void changelog.send(0, Buffer.from('gone'), null)
    expect(await changelog.flush()).toEqual(
      new Map([
        [0, 1251],
        [1, 1250],
      ]),
    )
    const even = Array.from({ length: 1250 }, (_, i) => `k${2 * i}=${2 * i}`)
    expect(await restore(changelog, 0)).toEqual({ records: [...even, 'gone=null'], next: 1251 })
    expect(await restore(changelog, 0, 1249)).toEqual({ records: ['k2498=2498', 'gone=null'], next: 1251 })
    expect(await restore(changelog, 0, 1251)).toEqual({ records: [], next: 1251 })
    expect(await restore(changelog, 2)).toEqual({ records: [], next: 0 })
    await changelog.close()
  })

  test('a read begins with an empty batch that tells its bounds', async () => {
    const driver = memory()
    const changelog = await open(driver)
    for (let i = 0; i < 10; i++) void changelog.send(0, 'k', `${i}`)
    await changelog.flush()
    const batches: unknown[] = []
    for await (const { length, startOffset, nextOffset, endOffset } of changelog.read(0, {
      from: 4,
      follow: false,
      signal: NEVER,
    }))
      batches.push({ length, startOffset, nextOffset, endOffset })
    expect(batches).toEqual([
      { length: 0, startOffset: 0, nextOffset: 4, endOffset: 10 },
      { length: 6, startOffset: 0, nextOffset: 10, endOffset: 10 },
    ])
    await changelog.close()
  })

  test('an offset that was deleted, or lies beyond the end, is out of range', async () => {
    const driver = memory({ retention: { records: 5 } })
    const changelog = await open(driver)
    for (let i = 0; i < 8; i++) void changelog.send(0, `k${i}`, `${i}`)
    await changelog.flush()
    for (const from of [2, 9])
      await expect(restore(changelog, 0, from)).rejects.toMatchObject({
        code: 'OFFSET_OUT_OF_RANGE',
        topic: changelog.topic,
        partition: 0,
      })
    expect((await restore(changelog, 0)).records).toHaveLength(5)
    expect((await restore(changelog, 0, 3)).records).toHaveLength(5)
    await changelog.close()
  })

  test('flush tells the offsets of the records before the call, and of each partition once', async () => {
    const inner = memory()
    let gate: Promise<void> | undefined
    const driver = driverWith(inner, {
      producer: (producer) => ({
        async send(batches) {
          await gate
          return producer.send(batches)
        },
      }),
    })
    const changelog = await open(driver)
    void changelog.send(0, 'a', '1')
    void changelog.send(1, 'b', '1')
    expect(await changelog.flush()).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    )
    expect(await changelog.flush()).toEqual(new Map())
    let release = () => {}
    gate = new Promise((resolve) => (release = resolve))
    void changelog.send(0, 'a', '2')
    const flushed = changelog.flush()
    void changelog.send(0, 'a', '3')
    void changelog.send(1, 'b', '3')
    release()
    expect(await flushed).toEqual(new Map([[0, 2]]))
    expect(await changelog.flush()).toEqual(
      new Map([
        [0, 3],
        [1, 2],
      ]),
    )
    await changelog.close()
  })

  test('an offset that the broker does not tell is left out', async () => {
    const driver = driverWith(memory(), {
      producer: (producer) => ({
        send: async (batches) =>
          (await producer.send(batches)).map(({ error }) => (error ? { error, retriable: false } : {})),
      }),
    })
    const changelog = await open(driver)
    void changelog.send(0, 'a', '1')
    expect(await changelog.flush()).toEqual(new Map())
    expect((await restore(changelog, 0)).records).toEqual(['a=1'])
    await changelog.close()
  })

  test('flush rejects with the error of a record that was not delivered, also later', async () => {
    const driver = memory()
    const changelog = await open(driver)
    await withAdmin(driver, (admin) => admin.deleteTopics([changelog.topic]))
    void changelog.send(0, 'a', '1')
    for (let i = 0; i < 2; i++)
      await expect(changelog.flush()).rejects.toMatchObject({ code: 'TOPIC_MISSING', topic: changelog.topic })
    await changelog.close()
  })

  test('flush does not wait for acknowledgements when the time to end is over', async () => {
    const driver = driverWith(memory(), { producer: () => ({ send: () => new Promise(() => {}) }) })
    const ends = new AbortController()
    const changelog = await open(driver, { signal: ends.signal })
    void changelog.send(0, 'a', '1')
    const flushed = changelog.flush()
    ends.abort()
    await expect(flushed).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT', topic: changelog.topic })
  })

  test('are followed until the signal is aborted', async () => {
    const driver = memory()
    const changelog = await open(driver)
    void changelog.send(0, 'a', '1')
    await changelog.flush()
    const stops = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const batch of changelog.read(0, { from: undefined, follow: true, signal: stops.signal }))
        seen.push(...recordsOf(batch))
    })()
    await vi.waitFor(() => expect(seen).toEqual(['a=1']))
    void changelog.send(0, 'a', '2')
    void changelog.send(1, 'other', '2')
    await vi.waitFor(() => expect(seen).toEqual(['a=1', 'a=2']))
    stops.abort()
    await following
    await changelog.close()
  })

  test('reads that begin together share a consumer, which is closed behind the last of them', async () => {
    let consumers = 0
    let closed = 0
    const driver = driverWith(memory(), {
      consumer(consumer) {
        consumers++
        return {
          async close() {
            closed++
            await consumer.close()
          },
        }
      },
    })
    const changelog = await open(driver)
    for (let i = 0; i < 3000; i++) void changelog.send(i % 3, `k${i}`, `${i}`)
    await changelog.flush()
    const all = await Promise.all([0, 1, 2].map((partition) => restore(changelog, partition)))
    expect(all.map(({ records }) => records.length)).toEqual([1000, 1000, 1000])
    await vi.waitFor(() => expect([consumers, closed]).toEqual([1, 1]))
    // Nothing is left to read.
    await restore(changelog, 0, 1000)
    expect(consumers).toBe(1)
    await changelog.close()
  })

  test('a read whose records are deleted under way does not end the others', async () => {
    const driver = memory({ retention: { records: 20 } })
    const changelog = await open(driver)
    for (const partition of [0, 1]) void changelog.send(partition, 'k', 'first')
    await changelog.flush()
    const stops = new AbortController()
    const seen: string[] = []
    const follow = (partition: number) => changelog.read(partition, { from: 0, follow: true, signal: stops.signal })
    const slow = (async () => {
      for await (const batch of follow(0)) {
        if (batch.length === 0) continue
        // Two batches wait while this one is handled, and then the records behind them are deleted.
        for (let i = 0; i < 4; i++) {
          for (let n = 0; n < 20; n++) void changelog.send(0, 'k', `${i}`)
          await changelog.flush()
        }
      }
    })()
    const live = (async () => {
      for await (const batch of follow(1)) seen.push(...recordsOf(batch))
    })()
    await expect(slow).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', partition: 0 })
    void changelog.send(1, 'k', 'later')
    await vi.waitFor(() => expect(seen).toEqual(['k=first', 'k=later']))
    stops.abort()
    await live
    await changelog.close()
  })

  test('records that cannot be read end the read', async () => {
    const broken = new Error('offset 0 cannot be read: broken; onError decides about it')
    const driver = driverWith(memory(), {
      consumer: (consumer) => ({
        async poll() {
          const batch = await consumer.poll()
          return batch && { ...batch, error: () => Object.assign(broken, { code: 'DECODE_FAILED' as const }) as never }
        },
      }),
    })
    const changelog = await open(driver)
    void changelog.send(0, 'a', '1')
    await changelog.flush()
    await expect(restore(changelog, 0)).rejects.toThrow(
      'offset 0 cannot be read: broken; state that is restored without them would be wrong',
    )
    await changelog.close()
  })

  test('close ends reads, and an aborted read asks for nothing', async () => {
    const driver = memory()
    const changelog = await open(driver)
    const following = (async () => {
      for await (const batch of changelog.read(0, { from: undefined, follow: true, signal: NEVER })) recordsOf(batch)
    })()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await changelog.close()
    await following
    expect(await restore(changelog, 0)).toEqual({ records: [], next: undefined })
  })
})

/** A store that keeps its values and the offsets of its changelog, as a sink of a run. */
function miniStore(given: Partial<ChangelogOptions>) {
  const held = new Map<unknown, (readonly [string, string, number])[]>()
  const state = { changelog: undefined as Changelog | undefined, offsets: [] as [number, number][][] }
  const target: SinkTarget<readonly [string, string]> = {
    async '~snapstream.sink'({ host, scope, signal, trouble, checkpoint }) {
      const changelog = await openChangelog({
        host,
        scope,
        signal,
        trouble,
        ...(checkpoint && { checkpoint }),
        ...given,
      })
      state.changelog = changelog
      const { transaction } = changelog
      const note = async () => void state.offsets.push([...(await changelog.flush())])
      return {
        ...transaction,
        write([key, value], origin) {
          const partition = changelog.partitionOfLane(origin?.lane ?? '')
          if (transaction === undefined) return changelog.send(partition, key, value)
          const writes = held.get(origin) ?? []
          held.set(origin, writes)
          writes.push([key, value, partition])
        },
        undo: (origin) => void held.delete(origin),
        release(origin) {
          for (const [key, value, partition] of held.get(origin) ?? []) void changelog.send(partition, key, value)
          held.delete(origin)
          return transaction?.release?.(origin)
        },
        async flush(checkpoint) {
          const flushed = await transaction?.flush(checkpoint)
          if (flushed === undefined) await note()
          return flushed
        },
        close: () => changelog.close(),
      }
    },
  }
  return { target, state }
}

describe('exactly once', () => {
  async function fill(driver: Driver, count: number) {
    const app = createApp()
    const orders = ordersOf(driver)
    app.snap(
      Array.from({ length: count }, (_, i) => `${i}`),
      { sink: [orders] },
    )((value) => [value, value])
    await app.stream()
  }

  test('records are part of the transaction, with the offset behind the last committed one', async () => {
    const driver = memory()
    await fill(driver, 300)
    const orders = ordersOf(driver, { until: 'end' })
    const app = createApp()
    const store = miniStore({ sources: [orders], exactlyOnce: true })
    app.snap(orders, { sink: [store.target] })(({ key, value }) => [key ?? '', value ?? ''])
    await app.stream()
    const changelog = await open(driver)
    const restored = await Promise.all([0, 1, 2].map((partition) => restore(changelog, partition)))
    expect(restored.flatMap(({ records }) => records).toSorted()).toEqual(
      Array.from({ length: 300 }, (_, i) => `${i}=${i}`).toSorted(),
    )
    const ends = new Map(store.state.offsets.flat())
    // Behind the last record is the marker of its transaction.
    for (const [partition, { records, next = 0 }] of restored.entries()) {
      expect(ends.get(partition)).toBeLessThan(next)
      expect(await restore(changelog, partition, ends.get(partition))).toEqual({ records: [], next })
      expect(records.length).toBeGreaterThan(0)
    }
    await changelog.close()
  })

  test('records of a transaction that was aborted are not read, and are written again', async () => {
    const inner = memory()
    await fill(inner, 50)
    let aborts = 2
    const driver = driverWith(inner, {
      transactionalProducer: (producer) => ({
        async commit() {
          if (aborts-- > 0) {
            await producer.abort()
            throw new SnapstreamError('TRANSACTION_ABORTED', 'the test aborts it')
          }
          await producer.commit()
        },
      }),
    })
    const orders = ordersOf(driver, { until: 'end' })
    const app = createApp()
    const store = miniStore({ sources: [orders], exactlyOnce: true })
    app.snap(orders, { sink: [store.target] })(({ key, value }) => [key ?? '', value ?? ''])
    await app.stream()
    const changelog = await open(inner)
    const restored = await Promise.all([0, 1, 2].map((partition) => restore(changelog, partition)))
    expect(restored.flatMap(({ records }) => records).toSorted()).toEqual(
      Array.from({ length: 50 }, (_, i) => `${i}=${i}`).toSorted(),
    )
    expect(aborts).toBeLessThan(0)
    await changelog.close()
  })

  test('a store without a changelog commits its positions in the transaction', async () => {
    const driver = memory()
    await fill(driver, 20)
    const orders = ordersOf(driver, { until: 'end' })
    const app = createApp()
    const store = miniStore({ sources: [orders], exactlyOnce: true, enabled: false })
    app.snap(orders, { sink: [store.target] })(({ key, value }) => [key ?? '', value ?? ''])
    await app.stream()
    expect((await orders.lag()).map(({ lag }) => lag)).toEqual([0, 0, 0])
    expect(await withAdmin(driver, (admin) => admin.listTopics())).toEqual(['orders'])
  })

  test('a read waits for a transaction that is being committed', async () => {
    const driver = memory()
    const changelog = await open(driver)
    const producer = await driver.client(SETTINGS).transactionalProducer({
      transactionalId: 't',
      transactionTimeoutMs: 60_000,
      deliveryTimeoutMs: 1000,
      compression: 'none',
    })
    const record = { key: 'a', value: '1', headers: [], timestamp: 0 }
    await producer.send([{ topic: changelog.topic, partition: 0, records: [record] }])
    let isRestored = false
    const restoring = restore(changelog, 0).finally(() => (isRestored = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isRestored).toBe(false)
    await producer.commit()
    expect(await restoring).toEqual({ records: ['a=1'], next: 2 })
    await changelog.close()
  })

  test('asks for a checkpoint soon after the first record', async () => {
    const driver = memory()
    await fill(driver, 3)
    const orders = ordersOf(driver, { conf: { driver, transactionMs: 5 } })
    const app = createApp()
    const store = miniStore({ sources: [orders], exactlyOnce: true })
    app.snap(orders, { sink: [store.target] })(({ key, value }) => [key ?? '', value ?? ''])
    const stops = new AbortController()
    const running = app.stream({}, { checkpointMs: 60_000, signal: stops.signal })
    await vi.waitFor(() => expect(store.state.offsets.flat().length).toBeGreaterThan(0))
    stops.abort()
    await running
  })
})

describe('the group', () => {
  test('learns what is held, and tells stores what to follow and who has what', async () => {
    const inner = memory()
    let state: GroupState | undefined
    let rejoins = 0
    const driver = driverWith(inner, {
      consumer(_, options) {
        state = options.state ?? state
        return { rejoin: () => void rejoins++ }
      },
    })
    const orders = ordersOf(driver, { conf: { driver, clientRack: 'r1' } })
    const app = createApp()
    const standby: (readonly number[])[] = []
    const counts = miniStore({
      sources: [orders],
      store: 'counts',
      endpoint: 'http://here',
      standbys: 1,
      held: () =>
        new Map([
          [0, 10],
          [2, 7],
        ]),
      standby: (partitions) => void standby.push(partitions),
    })
    const totals = miniStore({ sources: [orders], store: 'totals', held: () => new Map([[0, 5]]) })
    app.snap(orders, { sink: [counts.target, totals.target] })(({ value }) => ['k', value ?? ''])
    const stops = new AbortController()
    const running = app.stream({}, { signal: stops.signal })
    await vi.waitFor(() => expect(state).toBeDefined())
    expect(state?.describe()).toEqual({
      endpoint: 'http://here',
      rack: 'r1',
      held: new Map([
        ['orders/0', 15],
        ['orders/2', 7],
      ]),
      standbys: new Map([['orders', 1]]),
      caughtUp: new Set(),
    })
    const { changelog } = counts.state
    const there = { here: false, endpoint: 'http://there', standbys: ['http://here'] }
    state?.assigned({ owners: new Map([['orders/1', there]]), standby: [{ topic: 'orders', partition: 1 }] })
    expect(standby.at(-1)).toEqual([1])
    expect([changelog?.owner(1), changelog?.owner(0)]).toEqual([there, undefined])
    changelog?.warm(0)
    expect(rejoins).toBe(0)
    changelog?.warm(1)
    expect([rejoins, state?.describe().caughtUp]).toEqual([1, new Set()])
    totals.state.changelog?.warm(1)
    expect([rejoins, state?.describe().caughtUp]).toEqual([2, new Set(['orders/1'])])
    state?.assigned({ owners: new Map(), standby: [] })
    expect([standby.at(-1), state?.describe().caughtUp]).toEqual([[], new Set()])
    stops.abort()
    await running
  })

  test('gives parts to the members, which know each other and follow each other', async () => {
    const driver = memory()
    const stops = new AbortController()
    const members = ['http://a', 'http://b'].map((endpoint) => {
      const orders = ordersOf(driver)
      let followed: readonly number[] = []
      const store = miniStore({ sources: [orders], endpoint, standbys: 1, standby: (given) => void (followed = given) })
      const app = createApp()
      app.snap(orders, { sink: [store.target] })(({ value }) => ['k', value ?? ''])
      const running = app.stream({}, { signal: stops.signal })
      const owners = () => [0, 1, 2].map((partition) => store.state.changelog?.owner(partition))
      return { endpoint, running, owners, followed: () => followed }
    })
    const [a, b] = members
    await vi.waitFor(() => {
      const owned = a?.owners().filter((owner) => owner !== undefined) ?? []
      expect(new Set(owned.map(({ endpoint }) => endpoint))).toEqual(new Set(['http://a', 'http://b']))
      expect(owned).toHaveLength(3)
      for (const { endpoint, standbys } of owned)
        expect(standbys).toEqual([endpoint === 'http://a' ? 'http://b' : 'http://a'])
      expect(b?.owners().map((owner) => owner && { ...owner, here: !owner.here })).toEqual(a?.owners())
      const others = ({ owners }: (typeof members)[number]) =>
        [0, 1, 2].filter((partition) => !owners()[partition]?.here)
      for (const member of members) expect(member.followed()).toEqual(others(member))
    })
    stops.abort()
    await Promise.all(members.map(({ running }) => running))
  })

  test('has one endpoint for a process', async () => {
    const driver = memory()
    const source = ordersOf(driver)
    const scope = new Map()
    const one = await openChangelog({ sources: [source], scope, endpoint: 'http://a' })
    await expect(openChangelog({ sources: [source], scope, store: 'totals', endpoint: 'http://b' })).rejects.toThrow(
      'the stores "counts" and "totals" have the endpoints "http://a" and "http://b"',
    )
    await one.close()
    const other = await openChangelog({ sources: [source], scope, store: 'totals', endpoint: 'http://b' })
    await other.close()
  })
})
