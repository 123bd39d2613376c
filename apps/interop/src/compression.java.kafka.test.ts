import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drivers } from './drivers.ts'
import { javaClient } from './java-client.ts'
import type { OtherClient } from './other-client.ts'
import { toBase64 } from './record-line.ts'
import { testTopics } from './test-topics.ts'
import { writeTopic } from './topic-io.ts'

describe('what compression saves', () => {
  const brokers = process.env['KAFKA_BROKERS'] ?? ''
  const topics = testTopics(brokers)
  const list = Array.from({ length: 1000 }, (_, i) => ({
    partition: 0,
    key: null,
    value: toBase64(Buffer.from(JSON.stringify({ order: i, text: 'the same in every record '.repeat(10) }))),
    headers: [],
    timestamp: 1_700_000_000_000 + i,
  }))
  let java: OtherClient

  beforeAll(async () => {
    java = await javaClient(brokers)
  })
  afterAll(async () => {
    await java?.close()
    await topics.deleteAll()
  })

  test.each(
    drivers.flatMap((driver) =>
      driver.supports.compression.map((compression) => [driver.name, compression, driver] as const),
    ),
  )('%s with %s', async (_, compression, driver) => {
    const topic = await topics.create()
    await writeTopic(topic, list, { brokers, driver, compression, lingerMs: 50 })
    const bytes = await java.ask<number>('bytesOnDisk', { topic })
    const plain = list.reduce((sum, { value }) => sum + Buffer.from(value, 'base64').length, 0)
    expect(bytes < plain / 5).toBe(compression !== 'none')
  })
})
