import { JsonCodec } from '@snapstream/codecs/json'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { Store } from '@snapstream/state'
import { tallied } from './message.ts'
import type { Message, Tally } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'
import type { Load } from './topic-load.ts'

/** The tally of each key in a store with a changelog; each new one goes to a topic. */
export async function tallies(
  { brokers, topic, groupId, output, folder }: Load & Output,
  driver: KafkaConf['driver'],
  exactlyOnce = false,
): Promise<void> {
  const conf = { brokers, driver, fetchMaxBytes: FETCH_BYTES }
  const source = Topic(topic, { codec: JsonCodec<Message>(), groupId, conf })
  const target = Topic(output, { codec: JsonCodec<Tally>(), conf, exactlyOnce })
  const store = Store<string, Tally>('tallies', { folder, exactlyOnce })
  const app = createApp()
  app.snap(source, { sink: [store, target] })((message) => {
    const key = message.key ?? ''
    return [key, tallied(store.of(message).getSync(key), message.value)] as const
  })
  await app.stream({}, { checkpointMs: COMMIT_MS })
}
