import { DELETE } from '@snapstream/cache'
import type { Entry } from '@snapstream/cache/storage'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test, vi } from 'vitest'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { startProcess } from './fixtures/store-process.ts'
import { Store, type StoreOptions } from './index.ts'
import { createRecentEntries } from './recent-entries.ts'

const batch = (...keys: readonly string[]) =>
  new Map(keys.map((key): [string, Entry] => [key, { id: key, key, stored: 'x'.repeat(99), expiresAt: 0 }]))

describe('recent entries', () => {
  test('are those of the last batches that fit the memory', () => {
    const use = { bytes: 0, maxBytes: 1000 }
    const recent = createRecentEntries(use)
    recent.add(batch('a', 'b'))
    recent.add(batch('b', 'c'))
    expect(['a', 'b', 'c'].map((key) => recent.find(key)?.key)).toEqual(['a', 'b', 'c'])
    expect(use.bytes).toBe(900)
    recent.add(batch('d', 'e'))
    expect(['a', 'c', 'd', 'e'].map((key) => recent.find(key)?.key)).toEqual([undefined, undefined, 'd', 'e'])
    expect(use.bytes).toBe(600)
  })

  test('leave a batch out that does not fit', () => {
    const use = { bytes: 500, maxBytes: 1000 }
    const recent = createRecentEntries(use)
    recent.add(batch('a', 'b'))
    expect(recent.isEmpty).toBe(true)
    expect(use.bytes).toBe(500)
  })
})

async function setUp(options: StoreOptions<number> = {}) {
  const disk = new MemoryLevel<Buffer, Buffer>({ keyEncoding: 'buffer', valueEncoding: 'buffer' })
  const source = createFakeSource({ broker: createLogBroker(), partitions: 1 })
  const counts = Store<string, number>('counts', { folder: disk, ...options })
  const process = await startProcess([counts], source)
  const fromDisk = vi.spyOn(disk, 'getSync')
  const write = async (entries: Record<string, number | typeof DELETE>) => {
    const message = { partition: 0, key: '' }
    await process.handle(message, () => {
      for (const [key, value] of Object.entries(entries)) {
        if (value === DELETE) counts.of(message).del(key)
        else counts.of(message).put(key, value)
      }
    })
    process.prepare()
    await process.commit()
  }
  const read = async (key: string) => {
    const message = { partition: 0, key: '' }
    let value: number | undefined
    await process.handle(message, () => (value = counts.of(message).getSync(key)))
    return value
  }
  await process.assign(0)
  return { process, write, read, fromDisk }
}

describe('a store', () => {
  test('reads what its last batches wrote without its database', async () => {
    const { write, read, fromDisk } = await setUp()
    await write({ a: 1, b: 1 })
    await write({ a: 2, b: DELETE, c: 1 })
    expect([await read('a'), await read('b'), await read('c')]).toEqual([2, undefined, 1])
    expect(fromDisk).not.toHaveBeenCalled()
    expect(await read('d')).toBe(undefined)
    expect(fromDisk).toHaveBeenCalledOnce()
  })

  test('reads the rest from its database, and all of it in another process', async () => {
    const { process, write, read, fromDisk } = await setUp({ bufferBytes: 600 })
    await write({ a: 1 })
    await write({ b: 2 })
    expect([await read('b'), await read('a')]).toEqual([2, 1])
    expect(fromDisk).toHaveBeenCalledOnce()
    process.revoke(0)
    await process.assign(0)
    expect([await read('b'), await read('a')]).toEqual([2, 1])
    expect(fromDisk).toHaveBeenCalledTimes(3)
  })

  test('does not have entries that its bound has evicted', async () => {
    const { write, read } = await setUp({ maxEntries: 2 })
    await write({ a: 1 })
    await write({ b: 2, c: 3 })
    expect([await read('a'), await read('b'), await read('c')]).toEqual([undefined, 2, 3])
  })

  test('does not have entries that have expired', async () => {
    const { write, read } = await setUp({ ttlMs: 20 })
    await write({ a: 1 })
    await vi.waitFor(async () => expect(await read('a')).toBe(undefined), { interval: 5 })
  })
})
