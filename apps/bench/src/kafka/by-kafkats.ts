import { randomUUID } from 'node:crypto'
import { KafkaClient } from '@kafkats/client'
import type { Message as KafkaMessage } from '@kafkats/client'
import type { Outcome } from '../suite.ts'
import { transform } from './message.ts'
import type { Message } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS } from './settings.ts'
import { stopwatch } from './stopwatch.ts'
import type { Load } from './topic-load.ts'

type Each = (messages: readonly KafkaMessage[], partition: number) => Promise<boolean>

/** @kafkats/client without a library for streams, at its fastest: whole batches, all partitions at once. */
async function read(client: KafkaClient, { topic, partitions }: Load, groupId: string, each: Each): Promise<void> {
  // More than its default of 500, for its best throughput.
  const consumer = client.consumer({ groupId, autoOffsetReset: 'earliest', maxRecords: 4000 })
  const ended = new AbortController()
  await consumer.runBatch(
    topic,
    async (messages, { partition }) => {
      if (await each(messages, partition)) ended.abort()
    },
    { partitionConcurrency: partitions, autoCommitIntervalMs: COMMIT_MS, signal: ended.signal },
  )
}

async function connect(brokers: string): Promise<KafkaClient> {
  const client = new KafkaClient({ brokers: brokers.split(','), clientId: 'bench', logLevel: 'error' })
  await client.connect()
  return client
}

export async function consume(load: Load): Promise<Outcome> {
  const client = await connect(load.brokers)
  const watch = stopwatch(load)
  await read(client, load, randomUUID(), async (messages) => {
    let bytes = 0
    for (const { value } of messages) bytes += value?.length ?? 0
    return watch.saw(messages.length, bytes)
  })
  return watch.outcome()
}

export async function pipeline(input: Load & Output): Promise<void> {
  const client = await connect(input.brokers)
  const producer = client.producer({ lingerMs: 0, acks: 'all' })
  await read(client, input, input.groupId, async (messages, partition) => {
    const mapped = messages.map(({ key, value }) => {
      const message = transform(JSON.parse(String(value)) as Message)
      return { key, value: Buffer.from(JSON.stringify(message)), partition }
    })
    await producer.send(input.output, mapped)
    return false
  })
}

export async function producing({ brokers, output }: Pick<Load, 'brokers'> & Output) {
  const client = await connect(brokers)
  const producer = client.producer({ lingerMs: 0, acks: 'all' })
  return (messages: { key: string; value: string; partition: number }[]) =>
    producer.send(
      output,
      messages.map(({ key, value, partition }) => ({ key: Buffer.from(key), value: Buffer.from(value), partition })),
    )
}
