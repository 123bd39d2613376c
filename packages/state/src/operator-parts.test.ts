import { StringCodec } from '@snapstream/core'
import type { OperatorPart } from '@snapstream/core/adapter'
import { createVirtualHost } from '@snapstream/core/testing'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { collect } from './fixtures/collect.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { copyOf, startProcess } from './fixtures/store-process.ts'
import { Store, type StoreOptions } from './index.ts'
import { createStateFolder, openStateFolder, resetFolder } from './inspect/index.ts'

const PARTITIONS = 2
const TOPIC = 'g-windows-changelog'

/** Processes with a store of an operator, over one broker. */
function setUp(options: StoreOptions<number> = {}) {
  const broker = createLogBroker()
  const start = async (disk: MemoryLevel, given: object = {}) => {
    const source = createFakeSource({ broker, partitions: PARTITIONS })
    const store = Store<string, number>('windows', { folder: disk, ...options })
    const process = await startProcess([store], source, given)
    const step = async <T>(partition: number, run: (part: OperatorPart<string, number>) => T | Promise<T>) => {
      const message = { partition, key: '' }
      const origin = process.begin(message)
      const result = await run(store['~snapstream.operator'].of(message))
      await process.release(origin)
      return result
    }
    const checkpoint = async () => {
      process.prepare()
      await process.commit()
    }
    return { store, process, source, step, checkpoint }
  }
  return { broker, start }
}

/** Writes everything that a part can have. */
function fill(part: OperatorPart<string, number>): void {
  part.entries.put('a', 1)
  part.area<string, string>('buffer', StringCodec()).put('b', 'two')
  part.setTimer('event', 10, 'a')
  part.setTimer('clock', 20, 'a')
  part.advance(5)
}

const stateOf = (part: OperatorPart<string, number>) => [
  part.entries.getSync('a'),
  part.area<string, string>('buffer', StringCodec()).getSync('b'),
  part.nextTimer('event'),
  part.nextTimer('clock'),
  part.time,
]
const FILLED = [1, 'two', 10, 20, 5]

describe('the state of an operator', () => {
  test('is not seen beside the entries of the user', async () => {
    const { start } = setUp()
    const { store, process, step, checkpoint } = await start(new MemoryLevel())
    await process.assign(0)
    await step(0, fill)
    for (let round = 0; round < 2; round++) {
      const message = { partition: 0, key: '' }
      const origin = process.begin(message)
      const part = store.of(message)
      expect(await collect(part.entries())).toEqual([['a', 1]])
      expect(part.time).toBe(5)
      await process.release(origin)
      await checkpoint()
      expect(await collect(store.entries())).toEqual([['a', 1]])
    }
  })

  test('is not shown by tools, from the folder and from the changelog', async () => {
    const { broker, start } = setUp()
    const disk = new MemoryLevel()
    const { process, step, checkpoint } = await start(disk)
    await process.assign(1)
    await step(1, fill)
    await checkpoint()
    const copy = await copyOf(disk)
    await process.close()
    await using folder = await openStateFolder(copy)
    expect(await folder.stores()).toEqual(['windows'])
    const [part] = await folder.parts('windows')
    expect([part!.partition, part!.offset]).toEqual([1, 5])
    expect(await collect(part!.keys())).toEqual(['a'])
    await using built = await createStateFolder(new MemoryLevel(), 'g')
    for (const one of broker.topic(TOPIC, PARTITIONS).partitions[1]!.records)
      await built.add('windows', 1, one!.key!, one!.value)
    await built.flush()
    const [restored] = await built.parts('windows')
    expect(await collect(restored!.entries())).toEqual([['a', Buffer.from('1')]])
  })

  test('is kept by a standby, which takes over at once', async () => {
    const { start } = setUp({ standbys: 1 })
    const owner = await start(new MemoryLevel())
    const other = await start(new MemoryLevel())
    await owner.process.assign(0)
    await owner.step(0, fill)
    await owner.checkpoint()
    other.source.opened[0]!.standby([0])
    await expect.poll(() => other.source.warm).toEqual([0])
    owner.process.revoke(0)
    other.source.opened[0]!.standby([])
    await other.process.assign(0)
    expect(await other.step(0, stateOf)).toEqual(FILLED)
    // It has read the changelog already.
    expect(other.process.progress.filter(({ role, of }) => role === 'active' && of > 0)).toEqual([])
  })

  test('is removed from the disk when its part belongs to another process', async () => {
    const { start } = setUp({ cleanupMs: 1000 })
    const host = createVirtualHost()
    const disk = new MemoryLevel()
    const { process, step, checkpoint } = await start(disk, { host })
    await process.assign(0)
    await step(0, fill)
    await checkpoint()
    const keys = async () => (await (await copyOf(disk)).keys({ keyEncoding: 'utf8' }).all()).length
    const before = await keys()
    process.revoke(0)
    await host.advance(1000)
    // The group is left.
    await expect.poll(keys).toBe(1)
    expect(before).toBe(7)
  })

  test('is removed by a reset', async () => {
    const { start } = setUp()
    const disk = new MemoryLevel()
    const { process, step, checkpoint } = await start(disk)
    await process.assign(0)
    await step(0, fill)
    await checkpoint()
    const copy = await copyOf(disk)
    const reset = { folder: copy, group: 'g', stores: ['windows'], dryRun: false }
    expect(await resetFolder(reset)).toHaveLength(1)
    // The group is left.
    expect(await (await copyOf(copy)).keys().all()).toHaveLength(1)
    const { process: next, step: again } = await setUp().start(copy)
    await next.assign(0)
    expect(await again(0, stateOf)).toEqual([undefined, undefined, Infinity, Infinity, -Infinity])
  })

  test('goes to the changelog behind the outputs, time first and timers last, at least once', async () => {
    const { broker, start } = setUp()
    const { process, step, checkpoint, source } = await start(new MemoryLevel())
    await process.assign(0)
    const { records } = broker.topic(TOPIC, PARTITIONS).partitions[0]!
    await step(0, fill)
    source.deliver()
    expect(records).toHaveLength(0)
    await checkpoint()
    expect(records).toHaveLength(5)
    await step(0, (part) => {
      part.takeTimer('event', 10)
      part.entries.del('a')
      part.setTimer('clock', 30, 'a')
      part.advance(10)
    })
    await checkpoint()
    const named = records.slice(5).map((one) => [
      one!
        .key!.toString()
        .replaceAll(/[^\w~]+/g, ' ')
        .trim(),
      one!.value?.toString(),
    ])
    expect(named.map(([key, value]) => [key!.replace(/ .*/, ''), value])).toEqual([
      ['t~time', '10'],
      ['t~clock', '1'],
      ['0a', undefined],
      ['t~event', undefined],
    ])
  })

  test('is refused where two bindings handle the message, and after its end', async () => {
    const { start } = setUp()
    const { store, process } = await start(new MemoryLevel())
    await process.assign(0)
    const message = { partition: 0, key: '' }
    const access = store['~snapstream.operator']
    const [one, other] = [process.begin(message), process.begin(message)]
    expect(() => access.of(message)).toThrow('two bindings that use the store "windows"')
    await process.release(other)
    const part = access.of(message)
    await process.release(one)
    expect(() => part.entries.put('a', 1)).toThrow('after its message had been handled')
    expect(() => access.of(message)).toThrow('of() takes the message that is being handled')
    process.revoke(0)
    expect(access.ofLane(undefined, 'orders/0')).toBe(undefined)
  })
})
