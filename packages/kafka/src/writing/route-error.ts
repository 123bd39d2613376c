import { SnapstreamError, describe } from '@snapstream/core'
import { TOPIC_NAME } from '../driver/topic-name.ts'

/** For a record without a topic's name, where there are several names or a pattern. */
export function nameOne(name: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `Topic(${name}) stands for several topics, so each record has to name the one it goes to: ` +
      `[key, value, { topic }], or topic(value, { topic }); or write to a Topic with one name`,
    { topic: name },
  )
}

/** For a record that names what cannot be a topic. */
export function notAName(name: string, topic: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `a record that was written to ${JSON.stringify(name)} names ${describe(topic)} as the topic it goes to; ` +
      `a topic's name has ${TOPIC_NAME}`,
    { topic: name },
  )
}

/** The same error, with what to do about it, if a record names a topic that does not exist. */
export function namedMissing(name: string, cause: unknown): unknown {
  if (!SnapstreamError.is(cause) || cause.code !== 'TOPIC_MISSING') return cause
  const { topic = '' } = cause
  return new SnapstreamError(
    'TOPIC_MISSING',
    `a record that was written to ${JSON.stringify(name)} names ${JSON.stringify(topic)} as the topic it goes to, and ` +
      `that does not exist; create it first, as with Admin().createTopic (the option create is for a topic's own name)`,
    { topic, cause },
  )
}
