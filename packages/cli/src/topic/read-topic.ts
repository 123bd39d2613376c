import { BytesCodec, createApp } from '@snapstream/core'
import type { MaybePromise } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { RawTopicRecord, TopicDetails, TopicOptions } from '@snapstream/kafka'

/** The position where reading starts. */
export type Start =
  | 'earliest'
  | 'latest'
  | { readonly offset: number }
  /** By partition. Partitions without one start at the earliest offset. */
  | { readonly offsets: ReadonlyMap<number, number> }
  /** This many records before the end. */
  | { readonly last: number }
  /** In ms since the epoch. */
  | { readonly since: number }

interface Reading {
  readonly details: TopicDetails
  readonly start: Start
  /** Waits for more records at the end. @default false */
  readonly follow?: boolean
  /** @default all */
  readonly partition?: number | undefined
  readonly signal: AbortSignal
}

/** Called for each record. Answers with `'stop'` to end the reading. */
type Visit = (record: RawTopicRecord) => MaybePromise<'stop' | void>

/** Reads a topic without a group, so that nothing is committed and no member of a group is affected. */
export async function readTopic(reading: Reading, visit: Visit): Promise<void> {
  const { details, start, follow = false, partition, signal } = reading
  if (typeof start === 'object' && 'last' in start) return readLast(reading, start.last, visit)
  const isWanted = (record: RawTopicRecord) => partition === undefined || record.partition === partition
  const begin =
    typeof start === 'object' && 'since' in start
      ? { timestamp: start.since }
      : { offset: Object.fromEntries(details.partitions.map((at) => [at.partition, startIn(at, start, partition)])) }

  let ended = false
  const app = createApp()
  app.snap(rawTopic(details.topic, { ...begin, ...(!follow && { until: 'end' }) }))((record, { stop }) => {
    // Records that were fetched before the stop still arrive.
    if (ended || signal.aborted || !isWanted(record)) return undefined
    const visited = visit(record)
    if (visited === undefined) return undefined
    const endAt = (verdict: 'stop' | void) => {
      if (verdict !== 'stop') return
      ended = true
      stop()
    }
    return typeof visited === 'string' ? endAt(visited) : Promise.resolve(visited).then(endAt)
  })
  // A person may page through the output for any time.
  await app.stream({}, { signal, stallMs: Infinity })
}

type Partition = TopicDetails['partitions'][number]

/** Partitions that were not asked for are read from their end, and their records ignored. */
function startIn(
  { partition, earliest, latest }: Partition,
  start: Exclude<Start, { readonly last: number } | { readonly since: number }>,
  only: number | undefined,
): number {
  if (start === 'latest' || (only !== undefined && only !== partition)) return latest
  const wanted = start === 'earliest' ? earliest : 'offset' in start ? start.offset : start.offsets.get(partition)
  return Math.min(Math.max(wanted ?? earliest, earliest), latest)
}

/** The last records of all partitions together, by their timestamps; with `follow` also the records after them. */
async function readLast(reading: Reading, count: number, visit: Visit): Promise<void> {
  const { details, follow = false, partition, signal } = reading
  const next = new Map(details.partitions.map(({ partition, latest }) => [partition, latest]))
  const found: RawTopicRecord[] = []
  const choice = partition === undefined ? {} : { partitions: [partition] }
  for await (const record of rawTopic(details.topic).slice(-count, undefined, choice)) {
    if (signal.aborted) return
    found.push(record)
    next.set(record.partition, record.offset + 1)
  }
  found.sort((a, b) => a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset)
  for (const record of found.slice(-count)) if (signal.aborted || (await visit(record)) === 'stop') return
  if (follow) await readTopic({ ...reading, start: { offsets: next } }, visit)
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
    // Records that retention deletes during the reading are skipped.
    conf: { autoOffsetReset: 'earliest', onOffsetOutOfRange: 'earliest' },
    ...options,
  })
}
