import { randomUUID } from 'node:crypto'
import { JsonCodec } from '@snapstream/codecs/json'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { MAX_BYTES, outputTopic, parseInput, stopwatch, transform } from './load.ts'
import type { Message } from './load.ts'

/** Snapstream, over one of its drivers. Undefined is the default driver. */
export async function consume(input: string, driver: KafkaConf['driver']): Promise<number> {
  const { brokers, topic } = parseInput(input)
  const source = Topic(topic, {
    groupId: randomUUID(),
    until: 'end',
    conf: { brokers, driver, fetchMaxBytes: MAX_BYTES },
  })
  const app = createApp()
  const watch = stopwatch()
  let rate = 0
  app.snap(source)(({ value }) => {
    if (watch.saw(1, value.length)) rate = watch.rate()
  })
  await app.stream()
  return rate
}

export async function pipeline(input: string, driver: KafkaConf['driver']): Promise<number> {
  const given = parseInput(input)
  const { brokers } = given
  const output = await outputTopic(given)
  const codec = JsonCodec<Message>()
  const conf = { brokers, driver, fetchMaxBytes: MAX_BYTES }
  const source = Topic(given.topic, { codec, groupId: randomUUID(), until: 'end', conf })
  const target = Topic(output.topic, { codec, conf })
  const app = createApp()
  const watch = stopwatch()
  app.snap(source, { sink: [target] })(({ key, value }) => {
    watch.saw(1)
    return [key, transform(value)] as const
  })
  await app.stream()
  const rate = watch.rate()
  await output.check()
  return rate
}
