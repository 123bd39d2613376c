import { createApp } from '@snapstream/core'
import { describe, expect, test, vi } from 'vitest'
import { Topic } from '../topic/topic.ts'
import { Admin } from './admin.ts'

const brokers = process.env['KAFKA_BROKERS']

describe.skipIf(!brokers)('on a real Kafka', () => {
  test('admin creates, describes and deletes topics and groups', async () => {
    const id = `admin-${process.pid}-${Date.now().toString(36)}`
    const [name, other, groupId] = [`${id}-a`, `${id}-b`, `${id}-group`]
    const conf = { brokers, compression: 'gzip' } as const
    await using admin = Admin({ brokers })
    try {
      await admin.createTopic(name, { partitions: 2, config: { 'retention.ms': 86_400_000 } })
      await admin.createTopic(other, { partitions: 1, ifExists: 'refuse' })
      await expect(admin.createTopic(name, { ifExists: 'refuse' })).rejects.toMatchObject({ code: 'TOPIC_EXISTS' })
      expect(await admin.listTopics()).toEqual(expect.arrayContaining([name, other]))

      const start = Date.now() - 10_000
      {
        await using topic = Topic(name, { conf })
        await topic.open()
        const calls = Array.from({ length: 12 }, (_, i) => {
          const meta = i < 10 ? { partition: i % 2 } : { topic: other }
          return topic(`v${i}`, { ...meta, timestamp: start + i })
        })
        await topic.flush()
        await Promise.all(calls)
        await expect(topic('x'.repeat(1_048_576))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
        await expect(topic('x', { topic: `${id}-missing` })).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
      }
      expect((await admin.describeTopic(name)).partitions).toMatchObject([
        { partition: 0, earliest: 0, latest: 5 },
        { partition: 1, earliest: 0, latest: 5 },
      ])
      expect((await admin.describeTopic(other)).partitions).toMatchObject([{ latest: 2 }])

      const seen: string[] = []
      const stop = new AbortController()
      const app = createApp()
      app.snap(Topic([name, other], { groupId, conf }))(({ value }) => void seen.push(value))
      const running = app.stream({}, { signal: stop.signal, checkpointMs: 20 })
      await vi.waitUntil(() => seen.length === 12, { timeout: 30_000 })
      await vi.waitUntil(
        async () => {
          const rows = await admin.offsets(groupId)
          return rows.length === 3 && rows.every(({ lag }) => lag === 0)
        },
        { timeout: 30_000, interval: 100 },
      )
      const described = await admin.describeGroup(groupId)
      expect(described).toMatchObject({ state: 'Stable', members: [{ clientId: 'snapstream' }] })
      expect(described.members[0]?.partitions).toHaveLength(3)
      await expect(admin.resetOffsets(groupId, name, 'earliest')).rejects.toMatchObject({ code: 'GROUP_NOT_EMPTY' })
      stop.abort()
      await running

      const to = { timestamp: start + 7 }
      const dry = await admin.resetOffsets(groupId, name, to, { dryRun: true })
      expect(dry).toEqual([
        { topic: name, partition: 0, before: 5, after: 4, changed: true },
        { topic: name, partition: 1, before: 5, after: 3, changed: true },
      ])
      expect((await admin.offsets(groupId)).map(({ lag }) => lag)).toEqual([0, 0, 0])
      expect(await admin.resetOffsets(groupId, name, to)).toEqual(dry)
      expect((await admin.offsets(groupId)).map(({ committed, lag }) => [committed, lag])).toEqual([
        [4, 1],
        [3, 2],
        [2, 0],
      ])
      expect(await admin.listGroups()).toContainEqual({ groupId, protocolType: 'consumer' })
      await admin.deleteGroup(groupId)
      await expect(admin.describeGroup(groupId)).rejects.toMatchObject({ code: 'GROUP_MISSING' })
    } finally {
      for (const topic of [name, other]) await admin.deleteTopic(topic).catch(() => {})
    }
  }, 120_000)
})
