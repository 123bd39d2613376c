import { afterEach, expect, test } from 'vitest'
import { Admin, Conf, Topic } from '../index.ts'
import { memory } from '../memory/index.ts'

afterEach(() => Conf.reset())

/** The numbers of partitions of topics, and their settings. */
async function found(driver: ReturnType<typeof memory>, names: readonly string[]) {
  const admin = await driver.client({ brokers: [], clientId: 'test', connectTimeoutMs: 1, requestTimeoutMs: 1 }).admin()
  const partitions = await admin.describeTopics(names)
  const configs = await admin.topicConfigs!(names)
  return names.map((name) => [name, partitions.get(name)!.length, configs.get(name)])
}

test('a topic is created like another one, which creates itself first', async () => {
  const driver = memory()
  Conf({ driver })
  const config = { 'retention.ms': 1000, 'cleanup.policy': 'compact' }
  const orders = Topic('orders', { create: { partitions: 6, config } })
  const byCustomer = Topic('by-customer', { create: { like: orders, config: { 'retention.ms': 2000 } } })
  const wide = Topic('wide', { create: { like: 'orders', partitions: 12 } })
  for (const topic of [byCustomer, wide]) await topic.open()
  await using admin = Admin()
  await admin.createTopic('by-hand', { like: byCustomer })
  expect(await found(driver, ['orders', 'by-customer', 'wide', 'by-hand'])).toEqual([
    ['orders', 6, { 'retention.ms': '1000', 'cleanup.policy': 'compact' }],
    ['by-customer', 6, { 'retention.ms': '2000', 'cleanup.policy': 'compact' }],
    ['wide', 12, { 'retention.ms': '1000', 'cleanup.policy': 'compact' }],
    ['by-hand', 6, { 'retention.ms': '2000', 'cleanup.policy': 'compact' }],
  ])
  for (const topic of [byCustomer, wide]) await topic.close()
})

test('a topic that exists stays as it is, and its model is not asked for', async () => {
  const driver = memory()
  Conf({ driver })
  await using admin = Admin()
  await admin.createTopic('there', { partitions: 3 })
  await using there = Topic('there', { create: { like: 'missing' } })
  await there.open()
  expect(await found(driver, ['there'])).toEqual([['there', 3, {}]])
  await using other = Topic('other', { create: { like: 'missing' } })
  await expect(other.open()).rejects.toMatchObject({ code: 'TOPIC_MISSING', topic: 'missing' })
  await using odd = Topic('odd', { create: { like: Topic(/or.*/) } })
  await expect(odd.open()).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('/or.*/') })
})
