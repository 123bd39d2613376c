import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'

const settings = { brokers: [], clientId: 'test', connectTimeoutMs: 1000, requestTimeoutMs: 1000 }

/** A broker with a topic, and an exactly-once cache that counts its values. */
function setUp(driver: Driver = memory()) {
  const counts = Cache<string, number>(new MemoryLevel(), { exactlyOnce: true })
  const create = { partitions: 1 }
  const write = async (values: readonly string[], name = 'input') => {
    await using topic = Topic(name, { create, conf: { driver } })
    await topic.open()
    for (const value of values) await topic(value)
  }
  const read = (groupId: string | null, name: string | readonly string[] = 'input') =>
    Topic(name, { groupId, until: 'end', conf: { driver } })
  const count = async (...topics: readonly ReturnType<typeof read>[]) => {
    const app = createApp()
    for (const topic of topics)
      app.snap(topic, { sink: [counts] })(({ value }) => [value, (counts.getSync(value) ?? 0) + 1])
    await app.stream()
    await counts.open()
    const found: Record<string, number> = {}
    for await (const [key, value] of counts.entries()) found[key] = value
    await counts.close()
    return found
  }
  const admin = () => driver.client(settings).admin()
  return { driver, counts, write, read, count, admin }
}

test('stored positions win over committed offsets, whether those are ahead or behind', async () => {
  const { write, read, count, admin } = setUp()
  await write(['a', 'a', 'b', 'b'])
  const at = { topic: 'input', partition: 0 }
  const operator = await admin()
  // The cache holds no position yet, so the committed offset decides.
  await operator.commit('group', [{ ...at, offset: 1 }])
  expect(await count(read('group'))).toEqual({ a: 1, b: 2 })
  expect(await operator.committed('group', ['input'])).toEqual([{ ...at, offset: 1 }])
  await write(['c', 'd'])
  await operator.commit('group', [{ ...at, offset: 5 }])
  expect(await count(read('group'))).toEqual({ a: 1, b: 2, c: 1, d: 1 })
  await operator.commit('group', [{ ...at, offset: 0 }])
  expect(await count(read('group'))).toEqual({ a: 1, b: 2, c: 1, d: 1 })
})

test('two topics feed one cache, with or without a group, each from its own position', async () => {
  for (const groupId of ['group', null]) {
    const { write, read, count } = setUp()
    await write(['a'])
    await write(['a', 'b'], 'other')
    expect(await count(read(groupId), read(groupId, 'other'))).toEqual({ a: 2, b: 1 })
    await write(['b'], 'other')
    expect(await count(read(groupId), read(groupId, 'other'))).toEqual({ a: 2, b: 2 })
    expect(await count(read(groupId, ['input', 'other']))).toEqual({ a: 2, b: 2 })
  }
})

test('a recreated topic is read from its start, even if it is longer than the old one', async () => {
  const { write, read, count, admin } = setUp()
  await write(['a', 'b'])
  expect(await count(read('group'))).toEqual({ a: 1, b: 1 })
  const operator = await admin()
  await operator.deleteTopics(['input'])
  await write(['x', 'y', 'z'])
  expect(await count(read('group'))).toEqual({ a: 1, b: 1, x: 1, y: 1, z: 1 })
})

test('a stored position beyond the end of a topic fails with OFFSET_OUT_OF_RANGE and its place', async () => {
  const inner = memory()
  // A driver without topic ids, which cannot tell a recreated topic from the old one.
  const driver: Driver = {
    ...inner,
    client(given) {
      const client = inner.client(given)
      return { ...client, admin: async () => ({ ...(await client.admin()), topicIds: async () => new Map() }) }
    },
  }
  const { write, read, count, admin } = setUp(driver)
  await write(['a', 'b'])
  await count(read(null))
  await (await admin()).deleteTopics(['input'])
  await write(['x'])
  await expect(count(Topic('input', { groupId: null, conf: { driver } }))).rejects.toMatchObject({
    code: 'OFFSET_OUT_OF_RANGE',
    topic: 'input',
    partition: 0,
    offset: 2,
  })
})

test('an exactly-once cache refuses a source without durable positions when the stream starts, and each direct write', async () => {
  const { counts, write, read, count, driver } = setUp()
  const seen: string[] = []
  const app = createApp()
  app.snap(['a'], { sink: [counts] })((letter) => {
    seen.push(letter)
    return [letter, 1]
  })
  await expect(app.stream()).rejects.toMatchObject({ code: 'USAGE' })
  expect(seen).toEqual([])
  await write(['a'])
  const other = createApp()
  const topic = Topic('input', { groupId: 'group', until: 'end', conf: { driver } })
  other.snap(topic, { use: [counts] })(async ({ value }) => counts(value, 1))
  await expect(other.stream()).rejects.toMatchObject({ code: 'USAGE' })
  expect(await count(read('group'))).toEqual({ a: 1 })
})
