import type { SinkOptions, SinkWriter } from '@snapstream/core'
import type { TopicSpec } from '../options/topic-spec.ts'
import { transactionalSink } from '../transaction/transactional-sink.ts'
import { topicSink } from '../writing/topic-sink.ts'
import type { RecordSender, Written } from '../writing/topic-sink.ts'
import type { OpenableTopic } from '../writing/topic-writer.ts'

/** Opens a topic as a sink of one run: in the transaction of the run, or at least once. */
export async function openTopicSink(
  spec: TopicSpec,
  topic: OpenableTopic,
  written: Written,
  options: SinkOptions,
): Promise<SinkWriter<unknown>> {
  const { sender, settings } = await topic.open(options.host)
  const close = (gaveUp: boolean) => topic.close(gaveUp)
  try {
    // A dry topic sends nothing.
    if (!spec.dry && (spec.exactlyOnce ?? settings.transaction.exactlyOnce))
      return transactionalSink({ spec, settings, written, options, close })
    await sender.connect()
  } catch (error) {
    await topic.close(true)
    throw error
  }
  const { send, sendEncoded, drained } = sender
  const records: RecordSender = {
    send,
    sendEncoded: (record, listener) => sendEncoded(record, listener),
    resend: sendEncoded,
    drained,
  }
  return topicSink({ spec, sender: records, written, options, close })
}
