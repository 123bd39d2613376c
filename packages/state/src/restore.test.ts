import { setTimeout } from 'node:timers/promises'
import { platformHost, type RestoreProgress, type SinkOptions } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeSource, type FakeSource } from './fixtures/fake-source.ts'
import { createLogBroker, record, type LogBroker } from './fixtures/log-broker.ts'
import { copyOf, startProcess, type StoreProcess } from './fixtures/store-process.ts'
import { Store, type StoreOptions } from './index.ts'

const TOPIC = 'g-s-changelog'

interface Started {
  readonly process: StoreProcess
  readonly source: FakeSource
  readonly disk: MemoryLevel
  /** All entries of a part. */
  entries(partition: number): Promise<Record<string, string>>
  put(partition: number, key: string, value: string, ttlMs?: number): Promise<void>
  checkpoint(): Promise<void>
}

async function start(
  broker: LogBroker,
  options: StoreOptions<string> = {},
  disk = new MemoryLevel(),
  sink: Partial<SinkOptions> = {},
): Promise<Started> {
  const store = Store<string, string>('s', { folder: disk, ...options })
  const source = createFakeSource({ broker, partitions: 2 })
  const process = await startProcess([store], source, sink)
  return {
    process,
    source,
    disk,
    async entries(partition) {
      const message = { partition, key: '' }
      const origin = process.begin(message)
      const entries = Object.fromEntries(await collect(store.of(message).entries()))
      await process.release(origin)
      return entries
    },
    async put(partition, key, value, ttlMs) {
      const message = { partition, key }
      await process.handle(message, () =>
        store.of(message).put(key, value, ttlMs === undefined ? undefined : { ttlMs }),
      )
    },
    async checkpoint() {
      process.prepare()
      await process.commit()
    },
  }
}

const fill = (broker: LogBroker, partition: number, entries: Record<string, string | null>) =>
  broker.append(
    broker.topic(TOPIC, 2),
    partition,
    Object.entries(entries).map(([key, value]) => record(`0${key}`, value === null ? null : JSON.stringify(value))),
  )

describe('a part', () => {
  test('is restored from its changelog in an empty folder, and tells how far it is', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { a: '1', b: '2', c: '3', d: '4' })
    fill(broker, 0, { a: '5', b: null })
    fill(broker, 1, { a: 'other' })
    const { process, entries } = await start(broker)
    await process.assign(0)
    expect(await entries(0)).toEqual({ a: '5', c: '3', d: '4' })
    expect(process.progress[0]).toEqual({ store: 's', partition: 0, role: 'active', done: 0, of: 6 })
    expect(process.progress.at(-1)).toEqual({ store: 's', partition: 0, role: 'active', done: 6, of: 6 })
    expect(process.writers[0]!.state!.restoring()).toEqual([])
  })

  test('moves with its partition: the next process has what the last one committed', async () => {
    const broker = createLogBroker()
    const [one, other] = [await start(broker), await start(broker)]
    await one.process.assign(0)
    await one.put(0, 'a', '1')
    await one.checkpoint()
    one.process.revoke(0)
    await other.process.assign(0)
    expect(await other.entries(0)).toEqual({ a: '1' })
    await other.put(0, 'a', '2')
    await other.put(0, 'b', '2')
    await other.checkpoint()
    other.process.revoke(0)
    await one.process.assign(0)
    expect(await one.entries(0)).toEqual({ a: '2', b: '2' })
    // Only what was written meanwhile.
    expect(one.process.progress.at(-1)).toMatchObject({ done: 2, of: 2 })
  })

  test('goes on from its folder after a kill', async () => {
    const broker = createLogBroker()
    const first = await start(broker)
    await first.process.assign(0)
    await first.put(0, 'a', '1')
    await first.checkpoint()
    await first.put(0, 'b', '1')
    const second = await start(broker, {}, await copyOf(first.disk))
    await second.process.assign(0)
    expect(await second.entries(0)).toEqual({ a: '1' })
    expect(second.process.progress).toEqual([])
  })

  test('that is given up during its restore goes on from there', async () => {
    const broker = createLogBroker()
    fill(broker, 0, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'])))
    const reports: RestoreProgress[] = []
    let now = 0
    const { process, entries } = await start(broker, {}, new MemoryLevel(), {
      // A second passes between two batches, so that each is reported.
      host: { ...platformHost(), monotonic: () => (now += 1000) },
      restore(progress) {
        reports.push(progress)
        if (reports.length !== 2) return
        expect(process.writers[0]!.state!.restoring()).toEqual([progress])
        process.revoke(0)
      },
    })
    await process.assign(0)
    await process.assign(0)
    expect(Object.keys(await entries(0))).toHaveLength(50)
    expect(reports[1]).toMatchObject({ done: 3, of: 50 })
    expect(reports.at(-1)).toMatchObject({ done: 47, of: 47 })
  })

  test('is rebuilt when its changelog lost the offset, and says so', async () => {
    const broker = createLogBroker()
    const first = await start(broker)
    await first.process.assign(0)
    for (const key of ['a', 'b']) await first.put(0, key, '1')
    await first.checkpoint()
    await first.process.close()
    const log = broker.topic(TOPIC, 2).partitions[0]!
    fill(broker, 0, { c: '1', d: '1' })
    log.start = 3
    const second = await start(broker, {}, await copyOf(first.disk))
    await second.process.assign(0)
    expect(await second.entries(0)).toEqual({ d: '1' })
    expect(second.process.troubles).toEqual([
      expect.objectContaining({
        code: 'OFFSET_OUT_OF_RANGE',
        message: expect.stringContaining(
          'part 0 of the store "s" is rebuilt from the first record of its changelog g-s-changelog',
        ) as string,
      }),
    ])
  })

  test('is rebuilt when its changelog was deleted and created again, and says so', async () => {
    const broker = createLogBroker()
    const first = await start(broker)
    await first.process.assign(0)
    await first.put(0, 'a', '1')
    await first.checkpoint()
    await first.process.close()
    broker.drop(TOPIC)
    fill(broker, 0, { b: '1', c: '1' })
    const second = await start(broker, {}, await copyOf(first.disk))
    await second.process.assign(0)
    expect(await second.entries(0)).toEqual({ b: '1', c: '1' })
    expect(second.process.troubles[0]!.message).toContain('the topic was deleted and created again')
  })

  test('is rebuilt if it was away for longer than its changelog keeps deletions, unless nothing was written meanwhile', async () => {
    const broker = createLogBroker()
    const first = await start(broker)
    await first.process.assign(0)
    for (const key of ['a', 'b']) await first.put(0, key, '1')
    await first.checkpoint()
    await first.process.close()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 })
    onTestFinished(() => void vi.useRealTimers())
    const second = await start(broker, {}, await copyOf(first.disk))
    await second.process.assign(0)
    expect(await second.entries(0)).toEqual({ a: '1', b: '1' })
    expect(second.process.troubles).toEqual([])
    fill(broker, 0, { a: null, c: '1' })
    broker.compact(broker.topic(TOPIC, 2))
    const third = await start(broker, {}, await copyOf(first.disk))
    await third.process.assign(0)
    expect(await third.entries(0)).toEqual({ b: '1', c: '1' })
    expect(third.process.troubles[0]!.message).toContain('it was last written more than 23 hours ago')
  })

  test('keeps the expiry of its entries', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const pass = (ms: number) => vi.advanceTimersByTime(ms)
    const broker = createLogBroker()
    const first = await start(broker)
    await first.process.assign(0)
    await first.put(0, 'short', '1', 20)
    await first.put(0, 'long', '1', 60_000)
    await first.put(0, 'ever', '1')
    await first.checkpoint()
    const second = await start(broker)
    await second.process.assign(0)
    expect(await second.entries(0)).toEqual({ short: '1', long: '1', ever: '1' })
    pass(30)
    expect(await second.entries(0)).toEqual({ long: '1', ever: '1' })
    const third = await start(broker)
    await third.process.assign(0)
    expect(await third.entries(0)).toEqual({ long: '1', ever: '1' })
    // The next batch frees the expired one.
    pass(100)
    await second.put(0, 'next', '1')
    await second.checkpoint()
    expect((await second.disk.keys().all()).filter((key) => key.endsWith('short'))).toEqual([])
  })

  test('keeps its bound, and evicts the entries that were written longest ago', async () => {
    const broker = createLogBroker()
    fill(broker, 0, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'x'])))
    const { process, entries, put, checkpoint } = await start(broker, { maxEntries: 5 })
    await process.assign(0)
    expect(Object.keys(await entries(0))).toEqual(['k15', 'k16', 'k17', 'k18', 'k19'])
    await put(0, 'k15', 'y')
    await put(0, 'k20', 'y')
    await checkpoint()
    expect(Object.keys(await entries(0))).toEqual(['k15', 'k17', 'k18', 'k19', 'k20'])
  })

  test('is the same whether or not its changelog was compacted', async () => {
    const broker = createLogBroker()
    for (const value of ['1', '2', '3']) fill(broker, 0, { a: value, b: value, c: value })
    fill(broker, 0, { c: null })
    const before = await start(broker)
    await before.process.assign(0)
    broker.compact(broker.topic(TOPIC, 2))
    const after = await start(broker)
    await after.process.assign(0)
    expect(await after.entries(0)).toEqual({ a: '3', b: '3' })
    expect(await before.entries(0)).toEqual({ a: '3', b: '3' })
  })

  test('without a position has only what its changelog has', async () => {
    const broker = createLogBroker()
    const before = await start(broker, { changelog: false })
    await before.process.assign(0)
    await before.put(0, 'a', '1')
    await before.checkpoint()
    fill(broker, 0, { b: '1' })
    const { process, entries } = await start(broker, {}, await copyOf(before.disk))
    await process.assign(0)
    expect(await entries(0)).toEqual({ b: '1' })
  })

  test('without a changelog stays in its folder', async () => {
    const broker = createLogBroker()
    const first = await start(broker, { changelog: false })
    await first.process.assign(0)
    await first.put(0, 'a', '1')
    await first.checkpoint()
    expect(broker.topic(TOPIC, 2).partitions[0]!.records).toEqual([])
    first.process.revoke(0)
    await first.process.assign(0)
    expect(await first.entries(0)).toEqual({ a: '1' })
  })

  test('tells its changelog of the entries that a batch has removed for their age or their number', async () => {
    const broker = createLogBroker()
    const { process, source, put, checkpoint } = await start(broker, { maxEntries: 3 })
    const tombstones = () => {
      source.deliver()
      return broker
        .topic(TOPIC, 2)
        .partitions[0]!.records.flatMap((one) => (one?.value === null ? [one.key!.toString()] : []))
    }
    await process.assign(0)
    for (const key of ['a', 'b', 'c']) await put(0, key, '1')
    await checkpoint()
    await put(0, 'd', '1')
    await checkpoint()
    await put(0, 'short', '1', 20)
    await checkpoint()
    expect(tombstones()).toEqual(['0a', '0b'])
    await setTimeout(150)
    await put(0, 'e', '1')
    await checkpoint()
    await put(0, 'e', '2')
    await checkpoint()
    expect(tombstones()).toEqual(['0a', '0b', '0short'])
  })
})
