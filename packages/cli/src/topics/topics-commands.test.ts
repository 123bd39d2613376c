import { createApp } from '@snapstream/core'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, expect, test } from 'vitest'
import { jsonLines, run } from '../fixtures/run.ts'

afterEach(() => Conf.reset())

/** Two topics; the group "totals" has read one record of three. */
async function prepared(): Promise<Driver> {
  const driver = memory()
  const conf = { driver }
  await using admin = Admin(conf)
  await admin.createTopic('orders', { partitions: 2 })
  await admin.createTopic('emoji')
  await using orders = Topic('orders', { conf })
  await orders.open()
  await orders('a', { partition: 1 })
  const app = createApp()
  app.snap(Topic('orders', { groupId: 'totals', until: 'end', conf }))(() => {})
  await app.stream()
  await orders('b', { partition: 1 })
  await orders('c', { partition: 1 })
  await admin.resetOffsets('audit', 'emoji', 'earliest')
  return driver
}

test.each([[['topics']], [['topics', 'list']]])('%j names all topics', async (args) => {
  const driver = await prepared()
  expect(await run(args, { driver })).toEqual({ code: 0, stdout: 'emoji\norders\n', stderr: '' })
  expect((await run([...args, '--json'], { driver })).stdout).toBe('{"topic":"emoji"}\n{"topic":"orders"}\n')
})

test('describe shows the partitions of a topic', async () => {
  const driver = await prepared()
  expect((await run(['topics', 'describe', 'orders'], { driver })).stdout).toBe(
    `PARTITION  LEADER  REPLICAS  IN SYNC  EARLIEST  LATEST
        0       0  0         0               0       0
        1       0  0         0               0       3
`,
  )
  expect(jsonLines((await run(['topics', 'describe', 'orders', '--json'], { driver })).stdout)[1]).toEqual({
    topic: 'orders',
    partition: 1,
    leader: 0,
    replicas: [0],
    inSyncReplicas: [0],
    earliest: 0,
    latest: 3,
  })
  const missing = await run(['topics', 'describe', 'nope'], { driver })
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('TOPIC_MISSING') })
})

test('lag shows the offsets of groups', async () => {
  const driver = await prepared()
  expect((await run(['topics', 'lag'], { driver })).stdout).toBe(
    `GROUP   STATE  TOPIC   PARTITION  COMMITTED  LATEST  LAG
audit   Empty  emoji           0          0       0    0
totals  Empty  orders          1          1       3    2
`,
  )
  expect(jsonLines((await run(['topics', 'lag', 'totals', '--json'], { driver })).stdout)).toEqual([
    { group: 'totals', state: 'Empty', topic: 'orders', partition: 1, committed: 1, latest: 3, lag: 2 },
  ])
  const missing = await run(['topics', 'lag', 'nope'], { driver })
  expect(missing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('GROUP_MISSING') })
})

test('a group is shown with its offsets even if brokers report nothing else of it', async () => {
  const inner = await prepared()
  const gone = await run(['topics', 'lag', 'totals', '--json'], { driver: { ...inner, client: withoutGroups(inner) } })
  expect(jsonLines(gone.stdout)).toMatchObject([{ group: 'totals', state: '-', committed: 1, lag: 2 }])
})

/** As brokers answer for groups of the new protocol. */
function withoutGroups(driver: Driver): Driver['client'] {
  return (settings) => {
    const client = driver.client(settings)
    return {
      ...client,
      async admin() {
        const admin = await client.admin()
        return { ...admin, describeGroups: () => admin.describeGroups(['there is no such group']) }
      },
    }
  }
}
