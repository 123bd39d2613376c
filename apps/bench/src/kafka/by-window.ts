import { JsonCodec } from '@snapstream/codecs/json'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { window } from '@snapstream/operators'
import { Store } from '@snapstream/state'
import type { Message } from './message.ts'
import type { Output } from './output-trial.ts'
import { COMMIT_MS, FETCH_BYTES } from './settings.ts'
import type { WindowCount, WindowLoad } from './window-trial.ts'

/** The messages of each key and window are counted in a store; the count goes to a topic when the window is over. */
export async function windows(input: WindowLoad & Output, driver: KafkaConf['driver']): Promise<void> {
  const { brokers, topic, groupId, output, folder, sizeMs } = input
  const conf = { brokers, driver, fetchMaxBytes: FETCH_BYTES }
  const source = Topic(topic, { codec: JsonCodec<Message>(), groupId, conf })
  const target = Topic(output, { codec: JsonCodec<WindowCount>(), conf })
  const counts = window(
    source,
    Store<string, number>('windows', { folder }),
    { sizeMs, graceMs: 0 },
    (count = 0) => count + 1,
  )
  const app = createApp()
  app.snap(counts, { sink: [target] })(({ key, start, value }) => [key, { start, count: value }] as const)
  await app.stream({}, { checkpointMs: COMMIT_MS })
}
