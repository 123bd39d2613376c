import { SnapstreamError, toError } from '@snapstream/core'
import { createCondition } from '@snapstream/core/adapter'
import type { ChangelogBatch, Condition } from '@snapstream/core/adapter'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { outOfRange, partitionMissing } from '../driver/driver-error.ts'
import type { DriverConsumer, IsolationLevel, RecordBatch } from '../driver/driver.ts'
import { partitionBounds } from '../driver/partition-bounds.ts'
import type { PartitionBounds } from '../driver/partition-bounds.ts'
import { rarely } from '../driver/rarely.ts'
import { withAdmin } from '../driver/with-admin.ts'

/** How to read a partition, as `read` of core's `Changelog` has it. */
export interface ReadOptions {
  /** Undefined: the first offset. */
  readonly from: number | undefined
  readonly follow: boolean
  readonly signal: AbortSignal
}

/** Reads partitions of a topic without a group. Reads that begin together share a consumer. */
export interface LogReader {
  /** See `read` of core's `Changelog`. The first batch is empty: it tells where the read begins and ends. */
  read(partition: number, options: ReadOptions): AsyncIterable<ChangelogBatch>
  /** Ends all reads, and resolves when their consumers are closed. */
  close(): Promise<void>
}

/** A read of one partition. */
interface Read extends ReadOptions {
  readonly partition: number
  /** Changes wake the reader. */
  readonly changed: Condition
  /** The offsets that could be read when the read began; undefined until they are known. */
  range: { readonly start: number; readonly end: number } | undefined
  /** The offset behind the last batch of the consumer. */
  position: number
  /** The batches that the reader has not taken. */
  readonly batches: { readonly batch: RecordBatch; readonly from: DriverConsumer }[]
  /** The reason why nothing behind `position` can be read. */
  failure: Error | undefined
  /** Whether the reader has left. */
  isOver: boolean
  session: Session | undefined
}

/** Reads that share a consumer. It is closed when all of them are over. */
interface Session {
  readonly reads: Map<number, Read>
  consumer: DriverConsumer | undefined
  closing: Promise<void> | undefined
  /** Resolves when it is over. */
  running: Promise<void>
}

export function logReader(options: {
  readonly settings: ResolvedSettings
  readonly topic: string
  readonly isolationLevel: IsolationLevel
  /** Reports a transient failure that is retried. */
  trouble(error: Error): void
}): LogReader {
  const { settings, topic, isolationLevel } = options
  const onTrouble = rarely(options.trouble)
  const sessions = new Set<Session>()
  /** The session that has not asked for its bounds yet. */
  let forming: Session | undefined
  let isClosed = false

  // ---- sessions -----------------------------------------------------------------------------------------------------

  function begin(read: Read): void {
    let session = forming
    if (session === undefined || session.reads.has(read.partition)) {
      session = { reads: new Map(), consumer: undefined, closing: undefined, running: Promise.resolve() }
      forming = session
      sessions.add(session)
      session.running = run(session)
    }
    session.reads.set(read.partition, read)
    read.session = session
  }

  async function run(session: Session): Promise<void> {
    try {
      const bounds = await withAdmin(settings, (admin) => {
        if (forming === session) forming = undefined
        // With uncommitted records: a transaction that is being committed, or aborted, is waited for.
        return partitionBounds(admin, topic, 'read_uncommitted')
      })
      for (const read of session.reads.values()) place(read, bounds)
      await pump(session)
    } catch (thrown) {
      if (forming === session) forming = undefined
      failed(session, toError(thrown))
    }
    await end(session)
    sessions.delete(session)
  }

  /** Sets where a read begins and ends. One that goes on with another consumer keeps its end. */
  function place(read: Read, bounds: readonly PartitionBounds[]): void {
    const { partition } = read
    const { earliest: start, latest: end } = bounds[partition] ?? {}
    if (start === undefined || end === undefined) return fail(read, partitionMissing(topic, partition, bounds.length))
    const offset = read.range === undefined ? (read.from ?? start) : read.position
    if (offset < start || offset > end) return fail(read, outOfRange({ topic, partition, offset }, start, end))
    read.position = offset
    read.range ??= { start, end }
    read.changed.notify()
  }

  /** Hands the batches of a consumer to the reads, until all of them are over. */
  async function pump(session: Session): Promise<void> {
    const only = [...session.reads.values()].filter(isUnfinished)
    if (only.length === 0) return
    const { driver, client, consumer: defaults } = settings
    const consumer = await driver.client(client).consumer({
      ...defaults,
      isolationLevel,
      groupId: null,
      topics: [topic],
      only: only.map(({ partition }) => ({ topic, partition })),
      startOffset: (_, partition) => session.reads.get(partition)?.position,
      onOffsetOutOfRange: 'error',
      assigned: async () => {},
      revoked: async () => {},
      onTrouble,
    })
    session.consumer = consumer
    // All reads may have ended meanwhile.
    if (isIdle(session)) return
    for (let batch = await consumer.poll(); batch !== undefined; batch = await consumer.poll()) {
      const read = session.reads.get(batch.partition)
      // Without a release no more records of the partition are fetched.
      if (read === undefined || read.isOver) continue
      read.position = batch.nextOffset
      read.batches.push({ batch, from: consumer })
      read.changed.notify()
    }
    if (isIdle(session)) return
    throw new SnapstreamError('KAFKA_FAILED', `reading ${JSON.stringify(topic)} ended by itself`, { topic })
  }

  const isUnfinished = ({ isOver, failure, follow, range, position }: Read) =>
    !isOver && failure === undefined && range !== undefined && (follow || position < range.end)
  const isIdle = ({ reads }: Session) => isClosed || [...reads.values()].every(({ isOver }) => isOver)

  function fail(read: Read, error: Error): void {
    read.failure ??= error
    read.changed.notify()
  }

  /** If the records of one partition were deleted, the other reads go on with another consumer. */
  function failed({ reads }: Session, error: Error): void {
    const isDeleted = SnapstreamError.is(error) && error.code === 'OFFSET_OUT_OF_RANGE' && error.topic === topic
    const one = isDeleted && error.partition !== undefined ? reads.get(error.partition) : undefined
    for (const read of reads.values())
      if (one === undefined || read === one) fail(read, error)
      else if (!read.isOver && read.failure === undefined) begin(read)
  }

  function leave(read: Read): void {
    read.isOver = true
    read.batches.length = 0
    if (read.session !== undefined && isIdle(read.session)) void end(read.session)
  }

  /** Closes the consumer of a session. An error of closing changes nothing for its reads. */
  function end(session: Session): Promise<void> {
    if (session.consumer === undefined) return Promise.resolve()
    return (session.closing ??= session.consumer.close().catch(() => {}))
  }

  // ---- a read -------------------------------------------------------------------------------------------------------

  async function* batchesOf(read: Read): AsyncGenerator<ChangelogBatch, void, void> {
    const { changed, batches, signal, follow } = read
    const isEnded = () => signal.aborted || isClosed
    signal.addEventListener('abort', changed.notify)
    try {
      if (isEnded()) return
      begin(read)
      await changed.until(() => isEnded() || read.range !== undefined || read.failure !== undefined)
      const { start, end } = read.range ?? NOWHERE
      let reached = read.from ?? start
      if (read.range !== undefined) yield emptyBatch(reached, start, end)
      // Records that are written meanwhile are not part of the read.
      while (!isEnded() && (follow || reached < end)) {
        const next = batches.shift()
        if (next !== undefined) {
          expectReadable(next.batch)
          yield changelogBatch(next.batch, start, follow ? 0 : end)
          reached = next.batch.nextOffset
          next.from.release(next.batch)
        } else if (read.failure !== undefined) throw read.failure
        else await changed.next()
      }
    } finally {
      signal.removeEventListener('abort', changed.notify)
      leave(read)
    }
  }

  return {
    read: (partition, how) =>
      batchesOf({
        ...how,
        partition,
        changed: createCondition(),
        range: undefined,
        position: 0,
        batches: [],
        failure: undefined,
        isOver: false,
        session: undefined,
      }),
    async close() {
      isClosed = true
      for (const { reads } of sessions) for (const { changed } of reads.values()) changed.notify()
      await Promise.all([...sessions].map((session) => end(session).then(() => session.running)))
    },
  }
}

/** The range of a read that failed before it was known. */
const NOWHERE = { start: 0, end: Infinity }

function emptyBatch(nextOffset: number, startOffset: number, endOffset: number): ChangelogBatch {
  return { length: 0, key: () => null, value: () => null, nextOffset, startOffset, endOffset }
}

/** @param end the end of the read, which lies behind the committed records while a transaction is pending */
function changelogBatch(batch: RecordBatch, startOffset: number, end: number): ChangelogBatch {
  const { length, nextOffset, endOffset } = batch
  return {
    length,
    key: (i) => batch.key(i),
    value: (i) => batch.value(i),
    timestamp: (i) => Number(batch.timestamp(i)),
    nextOffset,
    startOffset,
    endOffset: Math.max(endOffset, end),
  }
}

/** Throws if the log has bytes that are no records: what is behind them would be state with a hole. */
function expectReadable({ topic, partition, length, error }: RecordBatch): void {
  if (error === undefined) return
  for (let i = 0; i < length; i++) {
    const cause = error(i)
    if (cause === undefined) continue
    const [why] = cause.message.split('; onError')
    throw new SnapstreamError(
      cause.code,
      `${why}; state that is restored without them would be wrong. Repair the topic; or delete it, to begin without this state`,
      { topic, partition, cause },
    )
  }
}
