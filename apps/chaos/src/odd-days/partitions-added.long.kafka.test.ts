import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { describe, expect, test, vi } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import { brokers, confOf, fresh, outcomeOf, withOtherTools, write } from './odd-day.ts'

const patience = { timeout: 20_000, interval: 20 }

describe.skipIf(brokers === '').each(DRIVERS)('partitions that are added to a topic, with %s', (driver) => {
  test.each([
    ['with a group', fresh('group'), 'latest'],
    ['with a group, from the earliest', fresh('group'), 'earliest'],
    ['without a group', null, 'latest'],
  ] as const)('are read from their start without a restart, %s', { timeout: 60_000 }, async (_, group, reset) => {
    const name = fresh('grows')
    const groupId = group && `${group}-${driver}`
    await withOtherTools((admin) => admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] }))
    const read: string[] = []
    const app = createApp()
    const conf = { ...confOf(driver), metadataMaxAgeMs: 500, autoOffsetReset: reset }
    app.snap(Topic(name, { groupId, conf }))(({ partition, value }, { stop }) => {
      read.push(`${partition}:${value}`)
      if (value === 'last') stop()
    })
    const running = app.stream()
    // The reader has started when one of these arrives.
    for (let i = 0; read.length === 0; i++) await write(name, [`${i}`])

    await withOtherTools((admin) => admin.createPartitions({ topicPartitions: [{ topic: name, count: 3 }] }))
    await write(name, ['a', 'b'], 1)
    await write(name, ['c'], 2)
    await vi.waitFor(() => expect(read).toEqual(expect.arrayContaining(['1:a', '1:b', '2:c'])), patience)
    await write(name, ['last'], 2)
    expect(await outcomeOf('the stream', running)).toEqual({})
    expect(read.filter((one) => one.startsWith('1:'))).toEqual(['1:a', '1:b'])
    expect(read.filter((one) => one.startsWith('2:'))).toEqual(['2:c', '2:last'])
  })

  test('are written to as well', { timeout: 60_000 }, async () => {
    const name = fresh('grows')
    await withOtherTools((admin) => admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] }))
    await using topic = Topic(name, { conf: { ...confOf(driver), metadataMaxAgeMs: 500 } })
    await topic.open()
    await topic('first', { key: 'k' })
    await withOtherTools((admin) => admin.createPartitions({ topicPartitions: [{ topic: name, count: 8 }] }))
    const filled = () => withOtherTools((admin) => admin.fetchTopicOffsets(name))
    let key = 0
    await vi.waitFor(async () => {
      await topic('more', { key: `${key++}` })
      expect((await filled()).filter(({ high }) => high !== '0').length).toBeGreaterThan(1)
    }, patience)
  })
})
