import { BytesCodec, createApp } from '@snapstream/core'
import type { MaybePromise } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { RawTopicRecord, TopicDetails, TopicOptions } from '@snapstream/kafka'

/** Where reading starts. */
export type Start =
  | 'earliest'
  | 'latest'
  | { readonly offset: number }
  /** By partition; the others from their start. */
  | { readonly offsets: ReadonlyMap<number, number> }
  /** So many records before the end. */
  | { readonly last: number }
  /** In ms since the epoch. */
  | { readonly since: number }

interface Reading {
  readonly start: Start
  /** Waits for more at the end. */
  readonly follow: boolean
  /** @default all */
  readonly partition?: number | undefined
}

/** Answers with `'stop'` when it has seen enough. */
type Look = (record: RawTopicRecord) => MaybePromise<'stop' | void>

/** Reads a topic as it stands in Kafka, without a group: nothing is committed, nobody is disturbed. */
export async function readTopic(shape: TopicDetails, reading: Reading, look: Look, signal: AbortSignal): Promise<void> {
  const { start, partition } = reading
  if (typeof start === 'object' && 'last' in start) return readLast(shape, reading, start.last, look, signal)
  const isMeant = (record: RawTopicRecord) => partition === undefined || record.partition === partition
  const begin =
    typeof start === 'object' && 'since' in start
      ? { timestamp: start.since }
      : { offset: Object.fromEntries(shape.partitions.map((at) => [at.partition, startIn(at, start, partition)])) }

  let enough = false
  const app = createApp()
  app.snap(rawTopic(shape.topic, { ...begin, ...(!reading.follow && { until: 'end' }) }))((record, { stop }) => {
    // What was fetched before it stopped still comes.
    if (enough || signal.aborted || !isMeant(record)) return undefined
    const seen = look(record)
    if (seen === undefined) return undefined
    const judge = (verdict: 'stop' | void) => {
      if (verdict !== 'stop') return
      enough = true
      stop()
    }
    return typeof seen === 'string' ? judge(seen) : Promise.resolve(seen).then(judge)
  })
  // Whoever pages through the output may take as long as they like.
  await app.stream({}, { signal, stallMs: Infinity })
}

type Part = TopicDetails['partitions'][number]

/** Partitions that nobody asked for are read from their end, and passed over. */
function startIn(
  { partition, earliest, latest }: Part,
  start: Exclude<Start, { readonly last: number } | { readonly since: number }>,
  only: number | undefined,
): number {
  if (start === 'latest' || (only !== undefined && only !== partition)) return latest
  const wanted = start === 'earliest' ? earliest : 'offset' in start ? start.offset : start.offsets.get(partition)
  return Math.min(Math.max(wanted ?? earliest, earliest), latest)
}

/** The last of all partitions together, by their time; then, if asked for, what comes behind them. */
async function readLast(
  shape: TopicDetails,
  { follow, partition }: Reading,
  count: number,
  look: Look,
  signal: AbortSignal,
): Promise<void> {
  const next = new Map(shape.partitions.map(({ partition, latest }) => [partition, latest]))
  const found: RawTopicRecord[] = []
  const choice = partition === undefined ? {} : { partitions: [partition] }
  for await (const record of rawTopic(shape.topic).slice(-count, undefined, choice)) {
    if (signal.aborted) return
    found.push(record)
    next.set(record.partition, record.offset + 1)
  }
  found.sort((a, b) => a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset)
  for (const record of found.slice(-count)) if (signal.aborted || (await look(record)) === 'stop') return
  if (follow) await readTopic(shape, { start: { offsets: next }, follow, partition }, look, signal)
}

function rawTopic(
  name: string,
  options: Pick<TopicOptions, 'offset' | 'timestamp' | 'until'> = {},
): Topic<Uint8Array | null, Uint8Array> {
  return Topic<Uint8Array, Uint8Array>(name, {
    groupId: null,
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    tombstones: true,
    brokenHeaders: true,
    // What retention deletes while it is read is not there to be shown.
    conf: { autoOffsetReset: 'earliest', onOffsetOutOfRange: 'earliest' },
    ...options,
  })
}
