import { setTimeout } from 'node:timers/promises'
import { createVirtualHost } from '@snapstream/core/testing'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker, record, type LogBroker } from './fixtures/log-broker.ts'
import { copyOf, startProcess } from './fixtures/store-process.ts'
import { Store, type StoreOptions } from './index.ts'

const TOPIC = 'g-s-changelog'

const fill = (broker: LogBroker, partition: number, entries: Record<string, string | null>) =>
  broker.append(
    broker.topic(TOPIC, 2),
    partition,
    Object.entries(entries).map(([key, value]) => record(`0${key}`, value === null ? null : JSON.stringify(value))),
  )

async function start(broker: LogBroker, options: StoreOptions<string> = {}, disk = new MemoryLevel()) {
  const host = createVirtualHost()
  const source = createFakeSource({ broker, partitions: 2 })
  const store = Store<string, string>('s', { folder: disk, standbys: 1, ...options })
  const process = await startProcess([store], source, { host })
  const [changelog] = source.opened
  return {
    ...process,
    disk,
    host,
    source,
    store,
    /** The group assigns copies. */
    follow: (...partitions: number[]) => changelog!.standby(partitions),
    held: () => Object.fromEntries(changelog!.held()),
    copy: (key: string) => store.find(key, { standby: true }),
    async entries(partition: number) {
      const message = { partition, key: '' }
      const origin = process.begin(message)
      const entries = Object.fromEntries(await collect(store.of(message).entries()))
      await process.release(origin)
      return entries
    },
    stored: async (partition: number) => (await disk.keys().all()).filter((key) => key.includes(`P${partition}\0`)),
  }
}

// The partition of a key is its length modulo 2.

describe('a copy', () => {
  test('follows the changelog, and answers', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1', bb: '2', cc: '3', dd: '4' })
    const { source, follow, copy, progress } = await start(broker)
    source.owners.set(0, { here: false, endpoint: 'http://other', standbys: ['http://me'] })
    follow(0)
    await expect.poll(() => source.warm).toEqual([0])
    expect(await copy('aa')).toEqual({ here: true, value: '1', partition: 0, standby: true })
    expect(progress.at(-1)).toEqual({ store: 's', partition: 0, role: 'standby', done: 4, of: 4 })
    fill(broker, 0, { aa: '5', bb: null })
    await expect.poll(() => copy('aa')).toMatchObject({ value: '5' })
    expect(await copy('bb')).toMatchObject({ here: true, value: undefined })
    // It was told once that the copy has caught up.
    expect(source.warm).toEqual([0])
  })

  test('is not asked unless the caller says so', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    const { source, store, follow } = await start(broker)
    source.owners.set(0, { here: false, endpoint: 'http://other', standbys: ['http://me'] })
    follow(0)
    await expect.poll(() => source.warm).toEqual([0])
    expect(await store.find('aa')).toEqual({
      here: false,
      partition: 0,
      endpoint: 'http://other',
      standbys: ['http://me'],
    })
  })

  test('becomes the part with the tail alone', async () => {
    const broker = createLogBroker()
    fill(broker, 0, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'])))
    const { source, follow, assign, entries, progress, held } = await start(broker)
    follow(0)
    await expect.poll(() => source.warm).toEqual([0])
    expect(held()).toEqual({ 0: 50 })
    follow()
    fill(broker, 0, { last: 'y' })
    await assign(0)
    expect(Object.keys(await entries(0))).toHaveLength(51)
    const restored = progress.filter(({ role }) => role === 'active')
    for (const { of } of restored) expect(of).toBeLessThanOrEqual(1)
  })

  test('ends before its part is opened, also in the midst of its restore', async () => {
    const broker = createLogBroker()
    fill(broker, 0, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 'x'])))
    const { follow, assign, entries, progress } = await start(broker)
    follow(0)
    await expect.poll(() => progress.length).toBeGreaterThan(0)
    await assign(0)
    expect(Object.keys(await entries(0))).toHaveLength(200)
    // A copy that goes on would write what comes next.
    fill(broker, 0, { later: 'x' })
    await setTimeout(30)
    expect(Object.keys(await entries(0))).toHaveLength(200)
  })

  test('begins once the lane of its part is given up', async () => {
    const broker = createLogBroker()
    const { source, follow, assign, revoke } = await start(broker)
    await assign(0)
    follow(0)
    fill(broker, 0, { aa: '1' })
    expect(source.warm).toEqual([])
    revoke(0)
    await expect.poll(() => source.warm).toEqual([0])
  })

  test('waits while a lane waits for its part', async () => {
    const broker = createLogBroker()
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'x']))
    fill(broker, 0, many)
    fill(broker, 1, many)
    const { follow, assign, host, source, writers } = await start(broker)
    const opening = assign(0)
    follow(1)
    await opening
    await setTimeout(30)
    // It read a batch at most, and waits for its timer.
    expect(writers[0]!.state!.restoring()).toMatchObject([{ partition: 1, role: 'standby', done: 0 }])
    expect(source.warm).toEqual([])
    await host.advance(50)
    await expect.poll(() => source.warm).toEqual([1])
  })

  test('goes on from its folder after a kill', async () => {
    const broker = createLogBroker()
    fill(broker, 0, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'])))
    const first = await start(broker)
    first.follow(0)
    await expect.poll(() => first.source.warm).toEqual([0])
    fill(broker, 0, { next: 'x' })
    await expect.poll(first.held).toEqual({ 0: 51 })
    const second = await start(broker, {}, await copyOf(first.disk))
    expect(second.held()).toEqual({ 0: 51 })
    second.follow(0)
    await expect.poll(() => second.source.warm).toEqual([0])
    expect(second.progress).toEqual([])
  })

  test('is rebuilt when its changelog lost the records behind it, and says so', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1', bb: '1' })
    const { source, follow, copy, troubles, host } = await start(broker)
    source.owners.set(0, { here: false, endpoint: 'http://other', standbys: [] })
    follow(0)
    await expect.poll(() => source.warm).toEqual([0])
    const log = broker.topic(TOPIC, 2).partitions[0]!
    log.start = 4
    log.records.push(undefined, undefined, undefined)
    fill(broker, 0, { cc: '1' })
    await expect
      .poll(async () => {
        await host.advance(1000)
        return copy('cc')
      })
      .toMatchObject({ here: true, value: '1' })
    expect(await copy('aa')).toMatchObject({ value: undefined })
    expect(troubles).toMatchObject([{ code: 'OFFSET_OUT_OF_RANGE' }])
  })

  test('tries again after an error, and says so', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    const { source, follow, disk, troubles, host } = await start(broker)
    const { get } = disk
    disk.get = () => Promise.reject(new Error('the disk fails'))
    follow(0)
    await expect.poll(() => troubles).toHaveLength(1)
    expect(troubles[0]).toMatchObject({ code: 'CACHE_FAILED' })
    disk.get = get
    await host.advance(1000)
    await expect.poll(() => source.warm).toEqual([0])
  })
})

describe('a part that was left behind', () => {
  test('is removed after a while, and restored when it comes back', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    fill(broker, 1, { a: '1' })
    const { assign, revoke, host, stored, held, entries, progress } = await start(broker, { cleanupMs: 1000 })
    await assign(0)
    await assign(1)
    revoke(0)
    await host.advance(999)
    expect(await stored(0)).not.toEqual([])
    await host.advance(1)
    await expect.poll(() => stored(0)).toEqual([])
    expect(held()).toEqual({ 1: 1 })
    expect(await stored(1)).not.toEqual([])
    await assign(0)
    expect(await entries(0)).toEqual({ aa: '1' })
    expect(progress.at(-1)).toMatchObject({ partition: 0, done: 1, of: 1 })
  })

  test('is kept if it comes back meanwhile', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    const { assign, revoke, host, stored } = await start(broker, { cleanupMs: 1000 })
    await assign(0)
    revoke(0)
    await host.advance(900)
    await assign(0)
    await host.advance(50)
    revoke(0)
    await host.advance(900)
    await setTimeout(30)
    expect(await stored(0)).not.toEqual([])
    await host.advance(100)
    await expect.poll(() => stored(0)).toEqual([])
  })

  test('is removed when an earlier process left it', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    const first = await start(broker)
    await first.assign(0)
    const second = await start(broker, { cleanupMs: 1000 }, await copyOf(first.disk))
    await second.host.advance(1000)
    await expect.poll(() => second.stored(0)).toEqual([])
  })

  test('is kept while it is a copy', async () => {
    const broker = createLogBroker()
    fill(broker, 0, { aa: '1' })
    const { source, follow, host, stored } = await start(broker, { cleanupMs: 1000 })
    follow(0)
    await expect.poll(() => source.warm).toEqual([0])
    await host.advance(5000)
    await setTimeout(30)
    expect(await stored(0)).not.toEqual([])
    follow()
    await host.advance(1000)
    await expect.poll(() => stored(0)).toEqual([])
  })

  test('is kept without a changelog, as nothing could restore it', async () => {
    const broker = createLogBroker()
    const { store, assign, revoke, handle, prepare, commit, host, stored } = await start(broker, {
      cleanupMs: 1000,
      changelog: false,
      standbys: 0,
    })
    await assign(0)
    const message = { partition: 0, key: 'aa' }
    await handle(message, () => store.of(message).put('aa', '1'))
    prepare()
    await commit()
    revoke(0)
    await host.advance(5000)
    expect(await stored(0)).not.toEqual([])
  })

  test('that comes back during its removal has all its entries', async () => {
    const broker = createLogBroker()
    const keys = Array.from({ length: 5000 }, (_, i) => `k${i}`)
    fill(broker, 0, Object.fromEntries(keys.map((key) => [key, 'x'])))
    const { assign, revoke, host, disk, entries } = await start(broker, { cleanupMs: 1000 })
    await assign(0)
    const clear = disk.clear.bind(disk)
    let goOn = () => {}
    const waiting = new Promise<void>((resolve) => (goOn = resolve))
    let clears = 0
    disk.clear = (async (range: object) => {
      if (clears++ === 0) await waiting
      await clear(range)
    }) as never
    revoke(0)
    await host.advance(1000)
    await expect.poll(() => clears).toBe(1)
    const opening = assign(0)
    await setTimeout(30)
    goOn()
    await opening
    await setTimeout(30)
    expect(Object.keys(await entries(0))).toHaveLength(5000)
  })
})
