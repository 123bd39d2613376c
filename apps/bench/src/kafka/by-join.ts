import { JsonCodec } from '@snapstream/codecs/json'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { join } from '@snapstream/operators'
import { Store } from '@snapstream/state'
import type { JoinLoad, Pair } from './join-trial.ts'
import type { Message } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'

/** Messages of two topics that are close in time; each pair goes to a topic. */
export async function joins(input: JoinLoad & Output, driver: KafkaConf['driver']): Promise<void> {
  const { brokers, topic, right, groupId, output, folder, withinMs, graceMs } = input
  const conf = { brokers, driver, fetchMaxBytes: FETCH_BYTES }
  const read = (topic: string) => Topic(topic, { codec: JsonCodec<Message>(), groupId, conf })
  const target = Topic(output, { codec: JsonCodec<Pair>(), conf })
  const pairs = join(read(topic), read(right), { store: Store('joins', { folder }), withinMs, graceMs })
  const app = createApp()
  app.snap(pairs, { sink: [target] })(
    ({ left, right }) => [left.key, { left: left.value.id, right: right.value.id }] as const,
  )
  await app.stream({}, { checkpointMs: COMMIT_MS })
}
