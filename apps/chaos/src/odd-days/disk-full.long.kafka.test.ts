import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { afterEach, describe, expect, test } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import { brokers, confOf, fresh, outcomeOf, withOtherTools, write } from './odd-day.ts'
import { smallDisk } from './small-disk.ts'
import type { SmallDisk } from './small-disk.ts'

const COUNT = 300
const SMALL = 2 ** 21
const LARGE = 2 ** 27

const probe = smallDisk(SMALL)
probe?.remove()
const what = `a cache on a full disk${probe ? '' : ' (skipped: needs the right to mount)'}`

describe.skipIf(brokers === '' || !probe).each(DRIVERS)(`${what}, with %s`, (driver) => {
  const disks: SmallDisk[] = []
  afterEach(() => {
    for (const disk of disks.splice(0)) disk.remove()
  })

  test('ends the stream, commits only stored records, and loses none', { timeout: 90_000 }, async () => {
    const disk = smallDisk(SMALL)
    if (!disk) throw new Error('the first small disk could be mounted, but not the second')
    disks.push(disk)
    const [name, groupId] = [fresh('full'), fresh('group')]
    await withOtherTools((admin) => admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] }))
    // Twice the size of the disk, incompressible.
    const values = Array.from({ length: COUNT }, () => randomBytes(SMALL / COUNT).toString('hex'))
    await write(name, values)
    const location = join(disk.folder, 'cache')
    const committed = async () => {
      const [found] = await withOtherTools((admin) => admin.fetchOffsets({ groupId, topics: [name] }))
      return Math.max(0, Number(found?.partitions[0]?.offset ?? 0))
    }
    const kept = async () => {
      await using cache = Cache<number, string>(location)
      await cache.open()
      const all = new Map<number, string>()
      for await (const [offset, value] of cache.entries()) all.set(offset, value)
      return all
    }
    const start = () => {
      const app = createApp()
      // Small fetches, so that a checkpoint comes before the disk is full.
      const conf = { ...confOf(driver), fetchMaxBytes: 50_000 }
      const source = Topic(name, { groupId, conf, until: 'end' })
      app.snap(source, { sink: [Cache<number, string>(location)] })(({ offset, value }) => [offset, value] as const)
      return app.stream({}, { checkpointMs: 5 })
    }

    const { error } = await outcomeOf('the stream on a full disk', start())
    expect(error).toMatchObject({ code: 'CACHE_FAILED', cause: expect.any(Error) })
    expect((error as Error).message).toContain(location)
    expect((error as Error).message).toMatch(/space/)
    const done = await committed()
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(COUNT)

    disk.resize(LARGE)
    const before = await kept()
    for (let offset = 0; offset < done; offset++) expect(before.get(offset)).toBe(values[offset])

    expect(await outcomeOf('the stream after space was made', start())).toEqual({})
    expect(await committed()).toBe(COUNT)
    expect([...(await kept()).entries()]).toEqual([...values.entries()])
  })
})
