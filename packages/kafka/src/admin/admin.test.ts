import { SnapstreamError, createApp } from '@snapstream/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import { Conf } from '../conf/conf.ts'
import type { Driver } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'
import { Admin } from './admin.ts'

afterEach(() => Conf.reset())

const setup = (driver: Driver = memory()) => ({ driver, admin: Admin({ driver }) })

async function write(driver: Driver, name: string, partition: number, timestamps: readonly number[]): Promise<void> {
  await using topic = Topic(name, { conf: { driver } })
  await topic.open()
  for (const timestamp of timestamps) await topic(`at ${timestamp}`, { partition, timestamp })
}

/** Reads some records with a group, and commits. Returns a function that stops it. */
async function read(driver: Driver, name: string, groupId: string, count: number): Promise<() => Promise<void>> {
  const app = createApp()
  const stop = new AbortController()
  let seen = 0
  app.snap(Topic(name, { groupId, conf: { driver } }))(() => void seen++)
  const running = app.stream({}, { signal: stop.signal, checkpointMs: 5 })
  await vi.waitUntil(() => seen === count)
  return async () => {
    stop.abort()
    await running
  }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it was done',
    (error: unknown) => (SnapstreamError.is(error) ? error.code : error),
  )

describe('topics', () => {
  test('are created, listed, described and deleted', async () => {
    const { admin, driver } = setup()
    await admin.createTopic('b', { partitions: 2 })
    await admin.createTopic('a')
    expect(await admin.listTopics()).toEqual(['a', 'b'])
    await write(driver, 'b', 1, [1, 2, 3])
    expect(await admin.describeTopic('b')).toEqual({
      topic: 'b',
      partitions: [
        { partition: 0, leader: 0, replicas: [0], inSyncReplicas: [0], earliest: 0, latest: 0 },
        { partition: 1, leader: 0, replicas: [0], inSyncReplicas: [0], earliest: 0, latest: 3 },
      ],
    })
    await admin.deleteTopic('a')
    expect(await admin.listTopics()).toEqual(['b'])
    expect(await codeOf(admin.deleteTopic('a'))).toBe('TOPIC_MISSING')
    expect(await codeOf(admin.describeTopic('a'))).toBe('TOPIC_MISSING')
  })

  test("createTopic leaves an existing topic, or rejects with ifExists: 'refuse'", async () => {
    const { admin } = setup()
    await admin.createTopic('a', { partitions: 2 })
    await admin.createTopic('a', { partitions: 3, ifExists: 'leave' })
    expect((await admin.describeTopic('a')).partitions).toHaveLength(2)
    await expect(admin.createTopic('a', { ifExists: 'refuse' })).rejects.toMatchObject({
      code: 'TOPIC_EXISTS',
      topic: 'a',
    })
    await admin.createTopic('b', { ifExists: 'refuse' })
  })

  test('createTopic passes the config on unchanged', async () => {
    const { admin, driver } = setup()
    await admin.createTopic('a', { config: { 'max.message.bytes': 500, 'cleanup.policy': 'delete' } })
    await using topic = Topic('a', { conf: { driver } })
    await topic.open()
    expect(await codeOf(topic('x'.repeat(600)))).toBe('RECORD_TOO_LARGE')
    await topic('x')
    // The same values as `create` of a topic.
    await using other = Topic('b', { create: { config: { 'max.message.bytes': 500 } }, conf: { driver } })
    await other.open()
    expect(await codeOf(other('x'.repeat(600)))).toBe('RECORD_TOO_LARGE')
  })

  test.each([
    ['', {}],
    ['a b', {}],
    ['a', { partitions: 0 }],
    ['a', { partition: 1 }],
    ['a', { config: { x: null } }],
    ['a', { config: ['x'] }],
    ['a', { ifExists: 'fail' }],
  ])('%j with %j is refused', async (name, options) => {
    expect(await codeOf(setup().admin.createTopic(name, options as never))).toBe('USAGE')
  })
})

describe('groups', () => {
  test('are listed, described and deleted', async () => {
    const { admin, driver } = setup()
    await admin.createTopic('a', { partitions: 2 })
    await write(driver, 'a', 1, [1, 2, 3])
    expect(await admin.listGroups()).toEqual([])
    expect(await codeOf(admin.describeGroup('g'))).toBe('GROUP_MISSING')
    expect(await codeOf(admin.deleteGroup('g'))).toBe('GROUP_MISSING')
    const stop = await read(driver, 'a', 'g', 3)
    await vi.waitUntil(async () => (await admin.offsets('g')).length > 0)
    const running = await admin.describeGroup('g')
    expect(running).toMatchObject({ groupId: 'g', protocolType: 'consumer', state: 'Stable' })
    expect(running.members).toMatchObject([
      { clientId: 'snapstream', groupInstanceId: undefined, partitions: [{ topic: 'a' }, { topic: 'a' }] },
    ])
    expect(running.offsets).toEqual([
      { topic: 'a', partition: 0, committed: undefined, earliest: 0, latest: 0, lag: undefined },
      { topic: 'a', partition: 1, committed: 3, earliest: 0, latest: 3, lag: 0 },
    ])
    expect(await codeOf(admin.deleteGroup('g'))).toBe('GROUP_NOT_EMPTY')
    await stop()
    await write(driver, 'a', 1, [4, 5])
    expect(await admin.describeGroup('g')).toMatchObject({ state: 'Empty', members: [] })
    expect(await admin.offsets('g')).toEqual([
      { topic: 'a', partition: 1, committed: 3, earliest: 0, latest: 5, lag: 2 },
    ])
    expect(await admin.listGroups()).toEqual([{ groupId: 'g', protocolType: 'consumer' }])
    await admin.deleteGroup('g')
    expect(await admin.listGroups()).toEqual([])
    expect(await admin.offsets('g')).toEqual([])
  })

  test('offsets leaves out a topic that is deleted during the look-up', async () => {
    const inner = memory()
    const client = inner.client({ brokers: [], clientId: 'x', connectTimeoutMs: 1, requestTimeoutMs: 1 })
    const { admin } = setup({
      ...inner,
      client: () => ({
        ...client,
        async admin() {
          const admin = await client.admin()
          return { ...admin, listTopics: async () => [...(await admin.listTopics()), 'gone', 'gone too'] }
        },
      }),
    })
    await admin.createTopic('a')
    await admin.resetOffsets('g', 'a', 'earliest')
    expect(await admin.offsets('g')).toMatchObject([{ topic: 'a', committed: 0 }])
  })
})

describe('resetOffsets', () => {
  async function prepared() {
    const { admin, driver } = setup(memory({ retention: { records: 8 } }))
    for (const name of ['a', 'b']) await admin.createTopic(name, { partitions: 2 })
    // Partition 0 has the offsets 2 to 9, partition 1 has 0 to 3.
    await write(driver, 'a', 0, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    await write(driver, 'a', 1, [10, 20, 30, 40])
    return { admin, driver }
  }

  test.each([
    ['earliest', [2, 0]],
    ['latest', [10, 4]],
    [3, [3, 3]],
    [0, [2, 0]],
    [99, [10, 4]],
    [-1, [9, 3]],
    [-99, [2, 0]],
    [{ timestamp: 35 }, [3, 3]],
    [{ timestamp: new Date(45) }, [4, 4]],
    [{ timestamp: 1000 }, [10, 4]],
    [{ shiftBy: -1 }, [4, 2]],
    [{ shiftBy: 99 }, [10, 4]],
    [{ 1: 1 }, [5, 1]],
    [{ 0: -1, 1: 99 }, [9, 4]],
  ] as const)('resetOffsets moves a group to %j', async (to, expected) => {
    const { admin } = await prepared()
    await admin.resetOffsets('g', 'a', { 0: 5, 1: 3 })
    const committed = async () => (await admin.offsets('g')).map((row) => row.committed)
    const dry = await admin.resetOffsets('g', 'a', to, { dryRun: true })
    expect(await committed()).toEqual([5, 3])
    const rows = await admin.resetOffsets('g', 'a', to)
    expect(rows).toEqual(dry)
    expect(await committed()).toEqual(expected)
    for (const { partition, before, after, changed } of rows) {
      expect([before, after]).toEqual([[5, 3][partition], expected[partition]])
      expect(changed).toBe(before !== after)
    }
    expect((await admin.resetOffsets('g', 'a', 'earliest')).map(({ before }) => before)).toEqual(expected)
  })

  test('resetOffsets takes several topics, or some partitions', async () => {
    const { admin } = await prepared()
    const rows = await admin.resetOffsets('g', ['a', 'b', 'a'], 'earliest', { partitions: [1] })
    expect(rows).toEqual([
      { topic: 'a', partition: 1, before: undefined, after: 0, changed: true },
      { topic: 'b', partition: 1, before: undefined, after: 0, changed: true },
    ])
    expect((await admin.offsets('g')).map(({ topic, partition }) => [topic, partition])).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  test('a group continues at its reset offsets', async () => {
    const { admin, driver } = await prepared()
    await (
      await read(driver, 'a', 'g', 12)
    )()
    await admin.resetOffsets('g', 'a', { timestamp: 85 })
    await (
      await read(driver, 'a', 'g', 2)
    )()
    expect((await admin.offsets('g')).map(({ committed, lag }) => [committed, lag])).toEqual([
      [10, 0],
      [4, 0],
    ])
  })

  test('resetOffsets rejects while the group has members, even in a dry run', async () => {
    const { admin, driver } = await prepared()
    const stop = await read(driver, 'a', 'g', 12)
    for (const dryRun of [true, false])
      await expect(admin.resetOffsets('g', 'a', 'earliest', { dryRun })).rejects.toMatchObject({
        code: 'GROUP_NOT_EMPTY',
        message: expect.stringContaining('the group "g" has members; stop them and try again'),
      })
    await stop()
    expect((await admin.offsets('g')).map(({ committed }) => committed)).toEqual([10, 4])
  })

  test('resetOffsets rejects with an error that names what is missing', async () => {
    const { admin } = await prepared()
    await expect(admin.resetOffsets('g', 'a', { shiftBy: 1 })).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('has no committed offset in partition 0 of "a" to shift by 1'),
    })
    expect(await codeOf(admin.resetOffsets('g', 'c', 'latest'))).toBe('TOPIC_MISSING')
    await expect(admin.resetOffsets('g', 'a', { 7: 1 })).rejects.toThrow('no partition 7: it has 2')
    await expect(admin.resetOffsets('g', 'a', 1, { partitions: [2] })).rejects.toThrow('no partition 2: it has 2')
    expect(await admin.listGroups()).toEqual([])
  })

  test.each([
    ['first', {}],
    [1.5, {}],
    [null, {}],
    [[1], {}],
    [{}, {}],
    [{ timestamp: 'now' }, {}],
    [{ timestamp: 1, shiftBy: 1 }, {}],
    [{ shiftBy: 0.5 }, {}],
    [{ '01': 1 }, {}],
    [{ 0: 1 }, { partitions: [0] }],
    [1, { partitions: 0 }],
    [1, { partitions: [-1] }],
    [1, { dryRun: 'yes' }],
    [1, { dryrun: true }],
  ])('%j with %j is refused', async (to, options) => {
    const { admin } = await prepared()
    expect(await codeOf(admin.resetOffsets('g', 'a', to as never, options as never))).toBe('USAGE')
    expect(await admin.offsets('g')).toEqual([])
  })

  test.each([
    ['', 'a'],
    ['g', ''],
    ['g', ['a', '*']],
  ])('%j of %j is refused', async (groupId, topics) => {
    const { admin } = await prepared()
    expect(await codeOf(admin.resetOffsets(groupId, topics, 'latest'))).toBe('USAGE')
  })
})

describe('the connection of an admin', () => {
  /** A driver that counts connections, and whose admin fails to connect the given number of times. */
  function counted(failures = 0) {
    const state = { connected: 0, closed: 0, failures }
    const driver = driverWith(memory(), {
      admin() {
        if (state.failures-- > 0) throw new SnapstreamError('BROKER_UNREACHABLE', 'nobody there')
        state.connected++
        return { close: async () => void state.closed++ }
      },
    })
    return { driver, state }
  }

  test('the connection is opened once, at the first call, and closed with the admin', async () => {
    const { driver, state } = counted()
    {
      await using admin = Admin({ driver })
      expect(state.connected).toBe(0)
      await Promise.all([admin.listTopics(), admin.listGroups()])
      expect(state).toMatchObject({ connected: 1, closed: 0 })
    }
    expect(state).toMatchObject({ connected: 1, closed: 1 })
  })

  test('a failed connection is retried by the next call', async () => {
    const { driver, state } = counted(1)
    const admin = Admin({ driver })
    expect(await codeOf(admin.listTopics())).toBe('BROKER_UNREACHABLE')
    expect(await admin.listTopics()).toEqual([])
    await Promise.all([admin.close(), admin.close()])
    expect(state).toMatchObject({ connected: 1, closed: 1 })
    expect(await codeOf(admin.listTopics())).toBe('NOT_OPEN')
  })

  test('close() opens no connection and waits for pending calls', async () => {
    const { driver, state } = counted()
    await Admin({ driver }).close()
    expect(state.connected).toBe(0)
    const admin = Admin({ driver })
    const asked = admin.listTopics()
    await admin.close()
    expect(await asked).toEqual([])
    expect(state).toMatchObject({ connected: 1, closed: 1 })
  })

  test('settings of the admin override those of Conf', async () => {
    Conf({ driver: memory({ defaultPartitions: 3 }) })
    const admin = Admin()
    await admin.createTopic('a')
    expect((await admin.describeTopic('a')).partitions).toHaveLength(3)
    expect(await Admin({ driver: memory() }).listTopics()).toEqual([])
    expect(() => Admin({ broker: 'x' } as object)).toThrow('conf of Admin has no setting broker')
  })
})
