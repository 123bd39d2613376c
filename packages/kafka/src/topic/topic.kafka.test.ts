import { createApp } from '@snapstream/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Conf } from '../conf/conf.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import { Topic } from './topic.ts'

const brokers = process.env['KAFKA_BROKERS']

describe.skipIf(!brokers)('on a real Kafka', () => {
  const made: string[] = []
  const name = (prefix: string) => {
    const topic = `${prefix}-${process.pid}-${Date.now().toString(36)}-${made.length}`
    made.push(topic)
    return topic
  }

  beforeAll(() => Conf({ brokers }))
  afterAll(async () => {
    await withAdmin(resolveSettings({}), async (admin) => {
      const there = await admin.listTopics()
      await admin.deleteTopics(made.filter((topic) => there.includes(topic)))
    })
    Conf.reset()
  })

  test('records are read and committed in order within each partition', async () => {
    const [from, to] = [name('in'), name('out')]
    const count = 20_000
    const into = Topic(from, { create: { partitions: 4 } })
    const fill = createApp()
    fill.snap(
      Array.from({ length: count }, (_, i) => i),
      { sink: [into], timestamp: (i) => 1_700_000_000_000 + i },
    )((i) => [`k${i % 100}`, `${i}`, { headers: { n: `${i}` } }])
    await fill.stream({})

    const copy = createApp()
    const source = Topic(from, { groupId: from, until: 'end' })
    const target = Topic(to, { create: { partitions: 3 } })
    copy.snap(source, { sink: [target] })(({ key, value, headers }) => [key, value, { headers }])
    await copy.stream({})

    const byKey = new Map<string | null, number[]>()
    const check = createApp()
    let [seen, wrong] = [0, 0]
    check.snap(Topic(to, { groupId: to, until: 'end' }))(({ key, value, headers, timestamp }) => {
      seen++
      const n = Number(value)
      if (timestamp !== 1_700_000_000_000 + n || String(headers[0]?.[1]) !== String(Buffer.from(value))) wrong++
      const values = byKey.get(key) ?? []
      values.push(n)
      byKey.set(key, values)
    })
    await check.stream({})
    expect([seen, wrong, byKey.size]).toEqual([count, 0, 100])
    for (const values of byKey.values()) expect(values).toEqual(values.toSorted((a, b) => a - b))

    const committed = await withAdmin(resolveSettings({}), (admin) => admin.committed(from, [from]))
    expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBe(count)
    const again = createApp()
    let more = 0
    again.snap(source)(() => void more++)
    await again.stream({})
    expect(more).toBe(0)
  }, 60_000)

  test('only a record that is too large is refused', async () => {
    await using topic = Topic(name('large'), { create: { partitions: 1 } })
    await topic.open()
    const calls = ['a', 'b', 'x'.repeat(3_000_000), 'c', 'd'].map((value) => topic(value))
    const results = await Promise.allSettled(calls)
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(results[2]).toMatchObject({ reason: { code: 'RECORD_TOO_LARGE' } })
  })

  test('looking for a missing topic does not create it', async () => {
    const missing = name('missing')
    await expect(Topic(missing).open()).rejects.toMatchObject({ code: 'TOPIC_MISSING', topic: missing })
    const there = await withAdmin(resolveSettings({}), (admin) => admin.listTopics())
    expect(there).not.toContain(missing)
  })
})

test('an unreachable broker is named in the error', async () => {
  const topic = Topic('demo', { conf: { brokers: '127.0.0.1:1', connectTimeoutMs: 500 } })
  const started = Date.now()
  await expect(topic.open()).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: expect.stringContaining('127.0.0.1:1'),
  })
  expect(Date.now() - started).toBeLessThan(5000)
})
