import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import type { Batch } from 'kafkajs'
import { MAX_BYTES, PARTITIONS, outputTopic, parseInput, stopwatch, transform } from './load.ts'
import type { Input, Message } from './load.ts'

/** KafkaJS as well as one can use it by hand: whole batches, all partitions at once. */
async function run({ brokers, topic }: Input, each: (batch: Batch) => Promise<boolean>): Promise<() => Promise<void>> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 250, maxBytes: MAX_BYTES })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    void consumer.run({
      autoCommitInterval: 1000,
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: async ({ batch }) => {
        if (await each(batch)) resolve()
      },
    })
  })
  return () => consumer.disconnect()
}

export async function consume(input: string): Promise<number> {
  const watch = stopwatch()
  const close = await run(parseInput(input), async ({ messages }) => {
    let bytes = 0
    for (const { value } of messages) bytes += value?.length ?? 0
    return watch.saw(messages.length, bytes)
  })
  const rate = watch.rate()
  await close()
  return rate
}

/** One send for each batch, to the partition of the same number, which saves KafkaJS its slow partitioner. */
export async function pipeline(input: string): Promise<number> {
  const given = parseInput(input)
  const output = await outputTopic(given)
  const kafka = new Kafka({ brokers: given.brokers.split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  const watch = stopwatch()
  const close = await run(given, async ({ partition, messages }) => {
    let bytes = 0
    const mapped = messages.map(({ key, value }) => {
      bytes += value?.length ?? 0
      const message = transform(JSON.parse(String(value)) as Message)
      return { key, value: JSON.stringify(message), partition }
    })
    await producer.send({ topic: output.topic, messages: mapped })
    return watch.saw(messages.length, bytes)
  })
  const rate = watch.rate()
  await close()
  await producer.disconnect()
  await output.check()
  return rate
}
