import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import type { Batch } from 'kafkajs'
import type { Outcome } from '../suite.ts'
import { transform } from './message.ts'
import type { Message } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'
import { stopwatch } from './stopwatch.ts'
import type { Load } from './topic-load.ts'

const { Kafka, logLevel } = kafkajs

const connect = (brokers: string) => new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })

/** KafkaJS without a library for streams, at its fastest: whole batches, all partitions at once. Rejects when it crashes. */
async function read(
  { brokers, topic, partitions }: Load,
  groupId: string,
  each: (batch: Batch) => Promise<void>,
): Promise<void> {
  const consumer = connect(brokers).consumer({ groupId, maxWaitTimeInMs: 250, maxBytes: FETCH_BYTES })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const crash = new Promise<void>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      // KafkaJS also emits this event for errors after which it restarts.
      if (!restart) reject(error)
    })
  })
  const eachBatch = ({ batch }: { batch: Batch }) => each(batch)
  await consumer.run({ autoCommitInterval: COMMIT_MS, partitionsConsumedConcurrently: partitions, eachBatch })
  await crash
}

export async function consume(load: Load): Promise<Outcome> {
  const watch = stopwatch(load)
  const all = new Promise<void>((resolve, reject) => {
    read(load, randomUUID(), async ({ messages }) => {
      let bytes = 0
      for (const { value } of messages) bytes += value?.length ?? 0
      if (watch.saw(messages.length, bytes)) resolve()
    }).catch(reject)
  })
  await all
  return watch.outcome()
}

/** One send per batch, to the partition of the same number, which avoids the slow partitioner of KafkaJS. */
export async function pipeline(input: Load & Output): Promise<void> {
  const producer = connect(input.brokers).producer()
  await producer.connect()
  await read(input, input.groupId, async ({ partition, messages }) => {
    const mapped = messages.map(({ key, value }) => {
      const message = transform(JSON.parse(String(value)) as Message)
      return { key, value: JSON.stringify(message), partition }
    })
    await producer.send({ topic: input.output, messages: mapped })
  })
}

export async function producing({ brokers, output }: Pick<Load, 'brokers'> & Output) {
  const producer = connect(brokers).producer()
  await producer.connect()
  return (messages: { key: string; value: string; partition: number }[]) =>
    producer.sendBatch({ topicMessages: [{ topic: output, messages }] })
}
