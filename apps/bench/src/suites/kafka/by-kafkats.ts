import { randomUUID } from 'node:crypto'
import { KafkaClient } from '@kafkats/client'
import type { Message as KafkaMessage } from '@kafkats/client'
import { PARTITIONS, outputTopic, parseInput, stopwatch, transform } from './load.ts'
import type { Message } from './load.ts'

/** @kafkats/client as well as one can use it by hand: whole batches, all partitions at once. */
async function run(
  client: KafkaClient,
  topic: string,
  each: (messages: readonly KafkaMessage[], partition: number) => Promise<boolean>,
): Promise<void> {
  // More than its default of 500: that is what its throughput is at its best with.
  const consumer = client.consumer({ groupId: randomUUID(), autoOffsetReset: 'earliest', maxRecords: 4000 })
  const ended = new AbortController()
  await consumer.runBatch(
    topic,
    async (messages, { partition }) => {
      if (await each(messages, partition)) ended.abort()
    },
    { partitionConcurrency: PARTITIONS, autoCommitIntervalMs: 1000, signal: ended.signal },
  )
}

async function connect(brokers: string): Promise<KafkaClient> {
  const client = new KafkaClient({ brokers: brokers.split(','), clientId: 'bench', logLevel: 'error' })
  await client.connect()
  return client
}

export async function consume(input: string): Promise<number> {
  const { brokers, topic } = parseInput(input)
  const client = await connect(brokers)
  const watch = stopwatch()
  let rate = 0
  await run(client, topic, async (messages) => {
    let bytes = 0
    for (const { value } of messages) bytes += value?.length ?? 0
    const all = watch.saw(messages.length, bytes)
    if (all) rate = watch.rate()
    return all
  })
  await client.disconnect()
  return rate
}

export async function pipeline(input: string): Promise<number> {
  const given = parseInput(input)
  const output = await outputTopic(given)
  const client = await connect(given.brokers)
  const producer = client.producer({ lingerMs: 0, acks: 'all' })
  const watch = stopwatch()
  let rate = 0
  await run(client, given.topic, async (messages, partition) => {
    let bytes = 0
    const mapped = messages.map(({ key, value }) => {
      bytes += value?.length ?? 0
      const message = transform(JSON.parse(String(value)) as Message)
      return { key, value: Buffer.from(JSON.stringify(message)), partition }
    })
    await producer.send(output.topic, mapped)
    const all = watch.saw(messages.length, bytes)
    if (all) rate = watch.rate()
    return all
  })
  await producer.disconnect()
  await client.disconnect()
  await output.check()
  return rate
}
