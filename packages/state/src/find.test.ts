import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { startProcess } from './fixtures/store-process.ts'
import { Store } from './index.ts'

async function start(exactlyOnce = false) {
  const source = createFakeSource({ broker: createLogBroker(), partitions: 2, exactlyOnce })
  const store = Store<string, number>('s', { folder: new MemoryLevel() })
  const process = await startProcess([store], source)
  const put = (partition: number, key: string, value: number) => {
    const message = { partition, key }
    return process.handle(message, () => store.of(message).put(key, value))
  }
  const checkpoint = async () => {
    process.prepare()
    source.prepare()
    source.commit()
    await process.commit()
  }
  return { ...process, source, store, put, checkpoint }
}

const HERE = { here: true, endpoint: '', standbys: [] }

// The partition of a key is its length modulo 2.

describe('find', () => {
  test('answers if this process has the part of the key', async () => {
    const { source, store, assign, put, checkpoint } = await start()
    await assign(0)
    source.owners.set(0, HERE)
    await put(0, 'aa', 1)
    await checkpoint()
    expect(await store.find('aa')).toEqual({ here: true, value: 1, partition: 0, standby: false })
    expect(await store.find('aa', { standby: true })).toEqual({ here: true, value: 1, partition: 0, standby: false })
    expect(await store.find('bb')).toEqual({ here: true, value: undefined, partition: 0, standby: false })
  })

  test.each([true, false])('sees what is committed: exactly once %s', async (exactlyOnce) => {
    const { source, store, assign, put, checkpoint } = await start(exactlyOnce)
    await assign(0)
    source.owners.set(0, HERE)
    await put(0, 'aa', 1)
    expect(await store.find('aa')).toMatchObject({ value: undefined })
    expect(await collect(store.entries())).toEqual([])
    await checkpoint()
    await put(0, 'aa', 2)
    expect(await store.find('aa')).toMatchObject({ value: 1 })
    await checkpoint()
    expect(await store.find('aa')).toMatchObject({ value: 2 })
    expect(await collect(store.entries())).toEqual([['aa', 2]])
  })

  test('says which process has the part', async () => {
    const { source, store } = await start()
    source.owners.set(1, { here: false, endpoint: 'http://other', standbys: ['http://third'] })
    expect(await store.find('a')).toEqual({
      here: false,
      partition: 1,
      endpoint: 'http://other',
      standbys: ['http://third'],
    })
  })

  test('goes by the key of the records, if it is another', async () => {
    const { source, store } = await start()
    source.owners.set(0, { here: false, endpoint: 'http://even', standbys: [] })
    source.owners.set(1, { here: false, endpoint: 'http://odd', standbys: [] })
    expect(await store.find('aa')).toMatchObject({ endpoint: 'http://even' })
    expect(await store.find('aa', { recordKey: 'a' })).toMatchObject({ endpoint: 'http://odd' })
  })

  test('rejects while nobody has the part, or it is being restored', async () => {
    const { source, store } = await start()
    await expect(store.find('aa')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      partition: 0,
      message: 'no process has part 0 of the store "s" at the moment, or this one does not know it yet; try again',
    })
    source.owners.set(0, HERE)
    await expect(store.find('aa')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'part 0 of the store "s" is being restored in this process; try again',
    })
  })

  test('does not answer from a part that the group gave to another process', async () => {
    const { source, store, assign, put, checkpoint } = await start()
    await assign(0)
    source.owners.set(0, HERE)
    await put(0, 'aa', 1)
    await checkpoint()
    source.owners.delete(0)
    await expect(store.find('aa')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    source.owners.set(0, { here: false, endpoint: 'http://other', standbys: [] })
    expect(await store.find('aa')).toMatchObject({ here: false })
  })

  test('refuses an owner without an address, and unknown options', async () => {
    const { source, store } = await start()
    source.owners.set(0, { here: false, endpoint: '', standbys: [] })
    await expect(store.find('aa')).rejects.toMatchObject({
      code: 'USAGE',
      message:
        'part 0 of the store "s" is in another process, which has told no address; give the store "s" an endpoint in each process: Store("s", { endpoint })',
    })
    await expect(store.find('aa', { stale: true } as never)).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('rejects without a stream', async () => {
    const { store, close } = await start()
    await close()
    await expect(store.find('aa')).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })
})

test('entries has those of all parts of the process, in the order of their keys', async () => {
  const { store, assign, put, checkpoint } = await start()
  await assign(0)
  await assign(1)
  for (const [n, key] of ['d', 'b', 'a', 'e', 'c'].entries()) await put(n % 2, key, n)
  await checkpoint()
  const keys = async (range?: object) => (await collect(store.entries(range))).map(([key]) => key).join('')
  expect(await keys()).toBe('abcde')
  expect(await keys({ gt: 'a', lte: 'd' })).toBe('bcd')
  expect(await keys({ reverse: true, limit: 3 })).toBe('edc')
  expect(await keys({ prefix: 'c' })).toBe('c')
})
