import { describe, expect, test } from 'vitest'
import { beside } from './beside.ts'
import { drivers } from './drivers.ts'
import { javaClient } from './java-client.ts'
import { textLine } from './record-line.ts'
import { writeTopic } from './topic-io.ts'

describe('the log of a topic with similar records is below a fifth of their size only with compression', () => {
  const { brokers, topics, client: java } = beside(javaClient)
  const list = Array.from({ length: 1000 }, (_, i) =>
    textLine(0, JSON.stringify({ order: i, text: 'the same in every record '.repeat(10) }), 1_700_000_000_000 + i),
  )

  test.each(
    drivers.flatMap((driver) =>
      driver.supports.compression.map((compression) => [driver.name, compression, driver] as const),
    ),
  )('%s with %s', async (_, compression, driver) => {
    const topic = await topics.create()
    await writeTopic(topic, list, { brokers, driver, compression, lingerMs: 50 })
    const bytes = await java().ask<number>('bytesOnDisk', { topic })
    const plain = list.reduce((sum, { value }) => sum + Buffer.from(value, 'base64').length, 0)
    expect(bytes < plain / 5).toBe(compression !== 'none')
  })
})
