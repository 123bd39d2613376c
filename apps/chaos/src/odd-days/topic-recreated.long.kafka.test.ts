import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { describe, expect, test, vi } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import { brokers, confOf, fresh, numbered, outcomeOf, withOtherTools, write } from './odd-day.ts'

const COUNT = 5
const patience = { timeout: 15_000, interval: 20 }
const NEVER_MS = 600_000

const create = (topic: string, numPartitions = 1) =>
  withOtherTools((admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }))
const remove = (topic: string) => withOtherTools((admin) => admin.deleteTopics({ topics: [topic] }))

async function recreate(topic: string, numPartitions = 1): Promise<void> {
  await remove(topic)
  // The broker deletes the old topic asynchronously.
  await vi.waitFor(() => create(topic, numPartitions), patience)
}

const committedAll = (groupId: string, topic: string) =>
  vi.waitFor(async () => {
    const [found] = await withOtherTools((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
    expect(found?.partitions).toMatchObject([{ offset: `${COUNT}` }])
  }, patience)

describe.skipIf(brokers === '').each(DRIVERS)('a topic that is deleted while it is read, with %s', (driver) => {
  /** Starts a reader. Resolves when it has read all records, and has committed them if `committed` is set. */
  async function reading(conf: KafkaConf, options: { readonly grouped?: boolean; readonly committed?: boolean } = {}) {
    const { grouped = true, committed = grouped } = options
    const name = fresh('deleted')
    const groupId = grouped ? fresh('group') : null
    await create(name)
    await write(name, numbered(COUNT))
    const values: string[] = []
    const start = () => {
      const app = createApp()
      app.snap(Topic(name, { groupId, conf: { ...confOf(driver), ...conf } }))(({ value }, { stop }) => {
        values.push(value)
        if (value === 'last') stop()
      })
      const running = app.stream({}, { checkpointMs: committed ? 50 : NEVER_MS })
      running.catch(() => {})
      return running
    }
    const running = start()
    await vi.waitFor(() => expect(values).toHaveLength(COUNT), patience)
    if (groupId !== null && committed) await committedAll(groupId, name)
    return { name, values, running, start }
  }

  test.each([
    ['in a group', {}],
    ['in a group that has not committed', { committed: false }],
    ['without a group', { grouped: false }],
  ])('ends the stream with an error that names the topic, %s', { timeout: 60_000 }, async (_, options) => {
    const { name, running } = await reading({}, options)
    await remove(name)
    const { error } = await outcomeOf('the stream', running)
    expect(error).toMatchObject({ code: 'TOPIC_MISSING', topic: name })
    expect((error as Error).message).toContain(name)
  })

  test('and recreated ends the stream, and a restart reads the new topic from its start', async () => {
    const { name, values, running, start } = await reading({})
    await recreate(name)
    const { error } = await outcomeOf('the stream', running)
    // The reader sees no topic, or the new topic already.
    expect(['TOPIC_MISSING', 'OFFSET_OUT_OF_RANGE']).toContain((error as { code?: unknown }).code)
    expect(error).toMatchObject({ topic: name })
    // The committed offsets were deleted with the topic.
    const fresh = [...numbered(COUNT * 2, 'new'), 'last']
    await write(name, fresh)
    expect(await outcomeOf('the restarted stream', start())).toEqual({})
    expect(values).toEqual([...numbered(COUNT), ...fresh])
  }, 60_000)

  test("and recreated continues with the new topic with onOffsetOutOfRange 'earliest', or ends with TOPIC_MISSING", async () => {
    const { name, values, running, start } = await reading({ onOffsetOutOfRange: 'earliest' })
    await recreate(name)
    // Fewer records than before: a broker cannot tell an offset of the old topic from the same offset of the new one.
    const fresh = [...numbered(COUNT - 2, 'new'), 'last']
    await write(name, fresh)
    const { error } = await outcomeOf('the stream', running)
    const { code, topic } = (error ?? { code: 'TOPIC_MISSING', topic: name }) as { code?: unknown; topic?: unknown }
    expect({ code, topic }).toEqual({ code: 'TOPIC_MISSING', topic: name })
    const again = error === undefined ? {} : await outcomeOf('the restarted stream', start())
    expect(again).toEqual({})
    expect(values).toEqual([...numbered(COUNT), ...fresh])
  }, 60_000)
})

describe.skipIf(brokers === '').each(DRIVERS)('a topic that is deleted while it is written to, with %s', (driver) => {
  async function writing(partitions = 1) {
    const name = fresh('deleted')
    await create(name, partitions)
    const topic = Topic(name, { conf: confOf(driver) })
    await topic.open()
    for (let partition = 0; partition < partitions; partition++) await topic('before', { partition })
    return { name, topic }
  }

  test('refuses the write with an error that names the topic', { timeout: 60_000 }, async () => {
    const { name, topic } = await writing()
    await remove(name)
    // The broker accepts records until the deletion has happened.
    await vi.waitFor(async () => {
      const { error } = await outcomeOf('writing', topic('after'))
      expect(error).toMatchObject({ code: 'TOPIC_MISSING', topic: name, partition: 0 })
    }, patience)
    expect(await outcomeOf('closing', topic.close())).toEqual({})
  })

  test('and recreated gets each further record once', { timeout: 60_000 }, async () => {
    const { name, topic } = await writing()
    await recreate(name)
    for (const value of ['a', 'b', 'c']) expect(await outcomeOf('writing', topic(value))).toEqual({})
    expect(await outcomeOf('closing', topic.close())).toEqual({})
    const [end] = await withOtherTools((admin) => admin.fetchTopicOffsets(name))
    expect(end).toMatchObject({ low: '0', high: '3' })
  })

  test(
    'and recreated with fewer partitions refuses a write to a missing partition with an error that names it',
    { timeout: 60_000 },
    async () => {
      const { name, topic } = await writing(3)
      await recreate(name)
      const written = await outcomeOf('writing to partition 0', topic('a', { partition: 0 }))
      const { error } = await outcomeOf('writing to partition 2', topic('b', { partition: 2 }))
      expect(written).toEqual({})
      expect(error).toMatchObject({ topic: name, partition: 2 })
      expect(['KAFKA_FAILED', 'TOPIC_MISSING']).toContain((error as { code?: unknown }).code)
      expect(await outcomeOf('closing', topic.close())).toEqual({})
    },
  )
})
