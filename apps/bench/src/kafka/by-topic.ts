import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { JsonCodec } from '@snapstream/codecs/json'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import type { Outcome } from '../suite.ts'
import { tallied, transform } from './message.ts'
import type { Message, Tally } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'
import { stopwatch } from './stopwatch.ts'
import type { Load } from './topic-load.ts'

/** Undefined is the default driver, KafkaJS. */
type Driver = KafkaConf['driver']

const options = { checkpointMs: COMMIT_MS }
const confOf = ({ brokers }: Pick<Load, 'brokers'>, driver: Driver) => ({ brokers, driver, fetchMaxBytes: FETCH_BYTES })

export async function consume(load: Load, driver: Driver): Promise<Outcome> {
  const source = Topic(load.topic, { groupId: randomUUID(), conf: confOf(load, driver) })
  const app = createApp()
  const watch = stopwatch(load)
  app.snap(source)(({ value }, { stop }) => {
    if (watch.saw(1, value.length)) stop()
  })
  await app.stream({}, options)
  return watch.outcome()
}

/** `exactlyOnce`: the output is written in transactions. */
export async function pipeline(input: Load & Output, driver: Driver, exactlyOnce = false): Promise<void> {
  const codec = JsonCodec<Message>()
  const conf = confOf(input, driver)
  const source = Topic(input.topic, { codec, groupId: input.groupId, conf })
  const target = Topic(input.output, { codec, conf, exactlyOnce })
  const app = createApp()
  app.snap(source, { sink: [target] })(({ key, value }) => [key, transform(value)] as const)
  await app.stream({}, options)
}

/** `changelog`: each state is also written to a topic, as Kafka Streams and Quix Streams do. */
export async function tallies(input: Load & Output & { changelog?: string }, driver: Driver): Promise<void> {
  const conf = confOf(input, driver)
  const source = Topic(input.topic, { codec: JsonCodec<Message>(), groupId: input.groupId, conf })
  const codec = JsonCodec<Tally>()
  const target = Topic(input.output, { codec, conf })
  const store = Cache<string, Tally>(join(input.folder, 'store'))
  const create = { partitions: input.partitions, config: { 'cleanup.policy': 'compact' } }
  const changelog = input.changelog === undefined ? [] : [Topic(input.changelog, { codec, conf, create })]
  const app = createApp()
  app.snap(source, { sink: [store, target, ...changelog] })(({ key, value }) => {
    const name = key ?? ''
    return [name, tallied(store.getSync(name), value)] as const
  })
  await app.stream({}, options)
}

/** A topic that is open, so that it can be called. */
export async function opened({ brokers, output }: Pick<Load, 'brokers'> & Output, driver: Driver) {
  const topic = Topic(output, { conf: { brokers, driver } })
  await topic.open()
  return topic
}
