import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { describe, expect, test } from 'vitest'
import { beside } from './beside.ts'
import { drivers } from './drivers.ts'
import { javaClient } from './java-client.ts'
import { keyedLines, textsByKey } from './keyed-lines.ts'
import type { RecordLine } from './record-line.ts'
import { bytesTopic, readTopic } from './topic-io.ts'

const COUNT = 240
const named = drivers.map((driver) => [driver.name, driver] as const)

describe('transactions beside those of the Java client', () => {
  const { brokers, topics, client } = beside(javaClient)

  /** Copies a topic in transactions until `until` is true. */
  async function copy(driver: Driver, from: string, to: string, groupId: string, until: () => Promise<boolean>) {
    const conf = { brokers, driver, transactionMs: 20 }
    const app = createApp()
    app.snap(bytesTopic(from, { groupId, conf }), { sink: [bytesTopic(to, { exactlyOnce: true, conf })] })(
      // Java's application keeps the partition as well.
      ({ key, value, partition }) => [key, value, { partition }],
    )
    const end = new AbortController()
    const running = app.stream({}, { signal: end.signal })
    running.catch(() => {})
    try {
      await expect.poll(until, { timeout: 40_000, interval: 200 }).toBe(true)
    } finally {
      end.abort()
      await running
    }
  }

  const readOurs = (driver: Driver, topic: string) => readTopic(topic, { brokers, driver })

  test.each(named)('%s sees the committed records of Java alone, in streams and slices', async (_, driver) => {
    const input = await topics.create()
    const output = await topics.create()
    const lines = keyedLines(0, COUNT)
    // Ten records each; every second transaction is aborted.
    const transactions = Array.from({ length: COUNT / 10 }, (_, i) => ({
      commit: i % 2 === 0,
      records: lines.slice(i * 10, i * 10 + 10),
    }))
    const write = (topic: string) =>
      client().ask('transactions', { topic, transactions, producer: { 'transactional.id': topic } })
    const committed = transactions.filter(({ commit }) => commit).flatMap(({ records }) => records)

    const writing = Promise.all([write(input), write(output)])
    await copy(driver, input, output, output, async () => (await readOurs(driver, output)).length >= COUNT)
    await writing

    expect(textsByKey(await readOurs(driver, input))).toEqual(textsByKey(committed))
    const sliced: RecordLine[] = []
    for await (const { key, value } of Topic(input, { conf: { brokers, driver } }).slice())
      sliced.push(...keyedLines(Number(value), 1).filter((line) => Buffer.from(line.key, 'base64').toString() === key))
    expect(textsByKey(sliced)).toEqual(textsByKey(committed))
    // Java's own records, and our copies of those in the input.
    const twice = await readOurs(driver, output)
    expect(numbers(twice)).toEqual(numbers([...committed, ...committed]))
  })

  test.each(named)(
    '%s and Java hand a group over to each other, without losing or repeating a record',
    async (_, driver) => {
      const input = await topics.create()
      const output = await topics.create()
      const groupId = output
      let written = 0
      const write = async () => {
        await client().produce(input, keyedLines(written, COUNT))
        written += COUNT
      }
      const ours = async () => {
        await write()
        await copy(driver, input, output, groupId, async () => (await readOurs(driver, output)).length >= written)
      }
      const theirs = async () => {
        await write()
        const aborted = await client().ask<number>('process', {
          topic: input,
          target: output,
          count: COUNT,
          metadata: 'a text of the Java application',
          producer: { 'transactional.id': `${groupId}-java` },
          consumer: {
            'group.id': groupId,
            'isolation.level': 'read_committed',
            'auto.offset.reset': 'earliest',
            'enable.auto.commit': false,
            'max.poll.records': 50,
          },
        })
        expect(aborted).toBeGreaterThan(0)
      }
      await ours()
      await theirs()
      await ours()
      await theirs()
      expect(textsByKey(await readOurs(driver, output))).toEqual(textsByKey(keyedLines(0, written)))
    },
    120_000,
  )
})

const numbers = (lines: readonly RecordLine[]) =>
  lines.map(({ value }) => Number(Buffer.from(value ?? '', 'base64').toString())).sort((a, b) => a - b)
