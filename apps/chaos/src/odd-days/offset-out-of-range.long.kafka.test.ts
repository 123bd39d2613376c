import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { describe, expect, test, vi } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import { brokers, confOf, fresh, numbered, outcomeOf, withOtherTools, write } from './odd-day.ts'

const COUNT = 40
const DELETED = 30
const patience = { timeout: 15_000, interval: 20 }

describe.skipIf(brokers === '').each(DRIVERS)('an offset that was deleted, with %s', (driver) => {
  /**
   * Starts a reader and blocks it at the first record until the broker has deleted the records before offset DELETED, most of
   * which are not fetched yet.
   */
  async function heldUp(onOffsetOutOfRange?: KafkaConf['onOffsetOutOfRange']) {
    const [name, groupId] = [fresh('gone'), fresh('group')]
    await withOtherTools((admin) => admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] }))
    await write(name, numbered(COUNT))
    const values: string[] = []
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const app = createApp()
    // One record per fetch: at most two records are fetched, the others are not.
    const conf = { ...confOf(driver), fetchMaxBytes: 1, onOffsetOutOfRange }
    app.snap(Topic(name, { groupId, conf }))(async ({ value }, { stop }) => {
      values.push(value)
      await held
      if (value === 'last') stop()
    })
    const running = app.stream()
    await Promise.race([vi.waitFor(() => expect(values).toEqual(['0']), patience), running])
    const partitions = [{ partition: 0, offset: `${DELETED}` }]
    await withOtherTools(async (admin) => {
      // Loads the metadata of the topic, which deleteTopicRecords needs.
      await admin.fetchTopicOffsets(name)
      await admin.deleteTopicRecords({ topic: name, partitions })
    })
    goOn()
    return { name, values, running }
  }

  test('ends the stream with an error that names the offset', { timeout: 60_000 }, async () => {
    const { name, values, running } = await heldUp()
    const { error } = await outcomeOf('the stream', running)
    const offset = values.length
    expect(error).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', topic: name, partition: 0, offset })
    expect(offset).toBeLessThan(DELETED)
    expect((error as Error).message).toContain(`offset ${offset} of partition 0 of "${name}"`)
  })

  test("continues at the earliest record with onOffsetOutOfRange 'earliest'", { timeout: 60_000 }, async () => {
    const { name, values, running } = await heldUp('earliest')
    await vi.waitFor(() => expect(values).toContain(`${COUNT - 1}`), patience)
    await write(name, ['last'])
    expect(await outcomeOf('the stream', running)).toEqual({})
    const before = values.filter((value) => Number(value) < DELETED)
    expect(values).toEqual([...before, ...numbered(COUNT).slice(DELETED), 'last'])
  })

  test("continues with new records with onOffsetOutOfRange 'latest'", { timeout: 60_000 }, async () => {
    const { name, values, running } = await heldUp('latest')
    // The reader has its position only after it has asked for the latest offset; records written before that are skipped.
    const writing = (async () => {
      for (let i = 0; !values.some((value) => value.startsWith('new')); i++) await write(name, [`new${i}`])
      await write(name, ['last'])
    })()
    expect(await outcomeOf('the stream', running)).toEqual({})
    await writing
    const before = values.filter((value) => Number(value) < DELETED)
    const first = Number(values.find((value) => value.startsWith('new'))?.slice(3))
    const last = Number(values.at(-2)?.slice(3))
    expect(values).toEqual([...before, ...numbered(last + 1, 'new').slice(first), 'last'])
  })

  test(
    'that is committed beyond the end of the partition ends the stream at its start',
    { timeout: 60_000 },
    async () => {
      const [topic, groupId] = [fresh('gone'), fresh('group')]
      await withOtherTools(async (admin) => {
        await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
        await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1000' }] })
      })
      await write(topic, ['only'])
      const values: string[] = []
      const app = createApp()
      app.snap(Topic(topic, { groupId, conf: confOf(driver) }))(({ value }) => void values.push(value))
      const { error } = await outcomeOf('the stream', app.stream())
      expect(error).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', topic, partition: 0, offset: 1000 })

      const again = createApp()
      const conf = { ...confOf(driver), onOffsetOutOfRange: 'earliest' } as const
      again.snap(Topic(topic, { groupId, conf }))(({ value }, { stop }) => {
        values.push(value)
        stop()
      })
      expect(await outcomeOf('the stream', again.stream())).toEqual({})
      expect(values).toEqual(['only'])
    },
  )
})
