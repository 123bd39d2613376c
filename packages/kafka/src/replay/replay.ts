import { BytesCodec, SnapstreamError, createApp, describe, toError } from '@snapstream/core'
import type { Source } from '@snapstream/core'
import { withoutLeaving } from '../topic/topic-iterator.ts'
import type { PartitionLag } from '../topic/lag.ts'
import type { Pair, RawTopicRecord } from '../record/topic-record.ts'
import { specOf, topicSpec } from '../options/topic-spec.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { Topic } from '../topic/topic.ts'
import { deadLetterOf } from './dead-letter.ts'
import type { DeadLetter } from './dead-letter.ts'
import { usage } from '../conf/usage.ts'
import { checkReplayOptions } from './replay-options.ts'
import type { ReplayCounts, ReplayOptions } from './replay-options.ts'

type Sending = Pair<Uint8Array, Uint8Array>

/**
 * Sends the records of a dead letter topic back to the topics in which they failed, with their original key, value,
 * headers and timestamp, and without the headers that a dead letter adds. It ends where the topic ended when the call
 * began, so that records that fail again wait for the next call.
 *
 * It can be repeated. A consumer group keeps the position, and commits after the records that were sent are acknowledged:
 * every second and at the end, also if the replay fails. No record is lost, and none is sent twice unless the process dies
 * before a commit or the broker refuses a record; then at most the records of the last second are sent again. Kafka
 * deletes the offsets of a group that is not used for `offsets.retention.minutes` (a week by default): keep the retention
 * of the topic below that.
 *
 * Rejects with `USAGE`, with `DECODE_FAILED` for a record without an origin, with `SINK_REFUSED` for a record from a topic
 * that is not among `targets`, with `HANDLER_FAILED` if `where` fails, with `TOPIC_MISSING`, `RECORD_TOO_LARGE`, and with
 * other errors of a stream over topics.
 *
 * @param deadLetters the topic, read with its `conf`; or its name, read with the settings of `Conf`
 * @example
 * const { sent, left } = await replay(dead, { where: ({ code }) => code === 'DECODE_FAILED', limit: 1000 })
 */
export async function replay(
  deadLetters: Pick<Topic<never, never>, 'name'> | string,
  options: ReplayOptions = {},
): Promise<ReplayCounts> {
  checkReplayOptions(options)
  const spec = specFor(deadLetters)
  const { groupId = `${spec.name}.replay`, limit = Infinity, dryRun = false, signal } = options
  refuseCircle(spec, [...(options.targets ?? []), ...(options.to === undefined ? [] : [options.to])])
  const topic = Topic(spec.topics as string | RegExp, {
    groupId,
    until: 'end',
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    tombstones: true,
    brokenHeaders: true,
    // Dead letters from before the first replay are replayed too.
    conf: { ...spec.conf, autoOffsetReset: 'earliest' },
  })
  const sources: readonly Source<RawTopicRecord>[] = dryRun ? (await topic.lag()).flatMap(unread) : [topic]
  const counts = { read: 0, sent: 0, skipped: 0 }
  const full = new Error('the limit of the replay is reached')

  const app = createApp()
  const name = `the replay of ${spec.name}`
  for (const source of sources)
    if (dryRun) app.snap(source, { name })(handle)
    else app.snap(source, { name, sink: [topic] })(handle)
  if (sources.length > 0) await run()
  const lags = await topic.lag()
  return { ...counts, left: lags.reduce((sum, { lag }) => sum + lag, 0) }

  async function handle(record: RawTopicRecord, { stop }: { readonly stop: () => void }): Promise<Sending | undefined> {
    const letter = deadLetterOf(record)
    const fate = await fateOf(letter, spec, options)
    // Records of other partitions have reached the limit: in this partition the next call begins with this record.
    if (fate === 'send' && counts.sent >= limit) throw full
    counts.read++
    if (fate !== 'send') counts.skipped++
    else if (++counts.sent === limit) stop()
    if (fate === 'pass' || dryRun) return undefined
    return fate === 'keep' ? asItStands(record) : asItWas(letter, options)
  }

  async function run(): Promise<void> {
    try {
      await app.stream({}, { ...(signal && { signal }) })
    } catch (error) {
      const failure = withoutLeaving(toError(error), full)
      if (failure !== undefined) throw failure
    }
  }

  /** The records of a partition that the group has not read, as a source that does not move the group. */
  function unread({ topic: name, partition, committed, end, lag }: PartitionLag): Source<RawTopicRecord>[] {
    return lag > 0
      ? [topic.slice(committed, end, { partitions: [partition], topic: name }) as Source<RawTopicRecord>]
      : []
  }
}

function specFor(deadLetters: unknown): TopicSpec {
  const spec = typeof deadLetters === 'string' ? topicSpec(deadLetters, {}) : specOf(deadLetters)
  if (spec !== undefined) return spec
  throw usage(`replay takes a topic or its name as the dead letters, got ${describe(deadLetters)}`)
}

async function fateOf(
  letter: DeadLetter,
  spec: TopicSpec,
  { where, others = 'keep', foreign = 'stop', to, targets }: ReplayOptions,
): Promise<'send' | 'keep' | 'pass'> {
  const target = letter.origin?.topic
  if (letter.nextOffset !== undefined) {
    if (foreign === 'stop') throw noRecord(letter)
    return foreign
  }
  if (to === undefined && (target === undefined || !mayGoTo(target, spec, targets))) {
    if (foreign === 'stop') throw target === undefined ? noOrigin(letter) : noTarget(letter, target, targets)
    return foreign
  }
  const selected: unknown = where === undefined ? true : await where(letter)
  if (typeof selected !== 'boolean')
    throw usage(`where of replay takes a function that returns true or false, got ${describe(selected)}`)
  return selected ? 'send' : others
}

function asItWas(letter: DeadLetter, { to, partition, timestamp }: ReplayOptions): Sending {
  const { key, value, headers, headerBytes = headers, origin } = letter
  const topic = to ?? origin?.topic
  return [
    key,
    value,
    {
      headers: headerBytes,
      timestamp: timestamp === 'now' ? Date.now() : (letter.exactTimestamp ?? letter.timestamp),
      ...(topic !== undefined && { topic }),
      ...(partition === 'original' && origin && { partition: origin.partition }),
    },
  ]
}

function asItStands({ key, value, topic, partition, ...record }: RawTopicRecord): Sending {
  const { headers, headerBytes = headers, timestamp, exactTimestamp = timestamp } = record
  return [key, value, { headers: headerBytes, topic, partition, timestamp: exactTimestamp }]
}

function refuseCircle(spec: TopicSpec, targets: readonly string[]): void {
  const circle = targets.find((target) => isOneOf(target, spec))
  if (circle !== undefined)
    throw usage(
      `replay cannot send the dead letters of ${spec.name} to ${circle}, which is the dead letter topic itself; name another topic`,
    )
}

function isOneOf(topic: string, { topics }: TopicSpec): boolean {
  return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic)
}

function mayGoTo(target: string, spec: TopicSpec, targets: readonly string[] | undefined): boolean {
  return targets === undefined ? !target.startsWith('__') && !isOneOf(target, spec) : targets.includes(target)
}

function noTarget(
  { record: { topic, partition, offset } }: DeadLetter,
  target: string,
  targets: readonly string[] | undefined,
): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `${topic}/${partition} offset ${offset} came from ${JSON.stringify(target)}, which is not among the targets of this ` +
      `replay: ${targets?.join(', ') ?? "all topics but Kafka's own and the dead letters"}; add it to ` +
      `{ targets }, send it with { to: 'topic' }, or skip it with { foreign: 'keep' } or { foreign: 'pass' }`,
    { topic, partition, offset },
  )
}

function noRecord({ record: { topic, partition, offset }, origin, nextOffset = 0 }: DeadLetter): SnapstreamError {
  const where = origin && ` ${origin.offset} to ${nextOffset - 1} of ${origin.topic}/${origin.partition}`
  return new SnapstreamError(
    'DECODE_FAILED',
    `${topic}/${partition} offset ${offset} stands for the records at offsets${where ?? ''} that could not be read, so ` +
      "there is no record to send back; read them in their own topic, or skip it with { foreign: 'keep' } or { foreign: 'pass' }",
    { topic, partition, offset },
  )
}

function noOrigin({ record: { topic, partition, offset } }: DeadLetter): SnapstreamError {
  return new SnapstreamError(
    'DECODE_FAILED',
    `${topic}/${partition} offset ${offset} has no origin: a dead letter of a topic's record has the ` +
      `headers snapstream.topic, .partition and .offset; send it with { to: 'topic' }, or skip it with ` +
      `{ foreign: 'keep' } or { foreign: 'pass' }`,
    { topic, partition, offset },
  )
}
