import type { Batch, MaybePromise, ReaderOptions, SourceReader } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import { rarely } from '../driver/rarely.ts'
import { decodeBatch, messageBatch } from '../record/decode-batch.ts'
import type { DecodedBatch } from '../record/decode-batch.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import type { ControlledReader, TopicControl } from './topic-control.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { GroupConsumer, TopicSubscriber } from './group-consumer.ts'
import { readerLanes } from './lanes.ts'
import type { LaneBatch } from './lanes.ts'
import type { TopicHooks } from './topic-hooks.ts'
import type { TransactionalSource } from './transactional-sources.ts'

type RecordsBatch = Batch<TopicRecord<unknown, unknown>>

/** Reads one topic (or several, or a pattern) with a consumer that other readers may share. */
export function topicReader(given: {
  readonly spec: TopicSpec
  readonly options: ReaderOptions
  readonly control: TopicControl
  readonly hooks: TopicHooks
  /** By lane, the offset at which reading ends; undefined: reading does not end. */
  readonly ends: ReadonlyMap<string, number> | undefined
  readonly consumer: GroupConsumer
  /** The transactional id under which the offsets are committed; undefined: `commit` commits them. */
  readonly transactionalId: string | undefined
  /** Called once, when the reader is closed. */
  closed(): Promise<void>
}): SourceReader<unknown> & TransactionalSource {
  const { spec, options, control, hooks, ends, consumer, transactionalId, closed } = given
  const { signal } = options
  let open = true
  const lanes = readerLanes({ options, control, hooks, ends, consumer, transactional: transactionalId !== undefined })
  const { wake } = lanes
  const subscriber: TopicSubscriber = {
    name: spec.name,
    topics: spec.topics,
    copartitionedWith: spec.copartitionedWith,
    transactionalId,
    startOffset: (_, partition) => spec.start(partition),
    trouble: rarely(options.trouble),
    assigned: lanes.assigned,
    revoked: lanes.revoked,
    endsAt: lanes.endsAt,
    fail: lanes.fail,
    push(batch) {
      if (open) lanes.push(batch)
    },
  }
  consumer.join(subscriber)
  const controlled: ControlledReader = lanes
  control.attach(controlled)

  function handOut(from: LaneBatch, decoded: DecodedBatch, position: number): RecordsBatch {
    const { batch, lane } = from
    lanes.handOut(lane, position)
    return messageBatch(batch, decoded, lane.lane, position, () => lanes.done(from))
  }

  /** The next batch for the engine; undefined if none waits. */
  function take(): MaybePromise<RecordsBatch | undefined> {
    for (let next = lanes.next(); next !== undefined; next = lanes.next()) {
      const from = next
      const { batch, lane } = from
      // A batch behind the end is not released, so that no more records of the partition are fetched.
      if (lane.reached >= lane.end) continue
      const decoded = decodeBatch(batch, spec, lane.contexts, lane.end)
      // The engine gets batches without messages as well: the offsets they skip count as handled in their turn.
      const position = Math.min(batch.nextOffset, lane.end)
      if (decoded.pending === undefined) return handOut(from, decoded, position)
      // A lane that was revoked meanwhile belongs to another member, even if the partition was assigned again since.
      return decoded.pending.then(() => (lanes.isRead(lane) ? handOut(from, decoded, position) : undefined))
    }
    return undefined
  }

  async function readLater(first: PromiseLike<RecordsBatch | undefined> | undefined) {
    let batch = await first
    while (batch === undefined) {
      if (!open || signal.aborted || lanes.ended()) {
        control.detach(controlled)
        return undefined
      }
      if (lanes.failure !== undefined) throw lanes.failure
      if (lanes.queued === 0) await lanes.wait()
      if (!signal.aborted && open) batch = await take()
    }
    return batch
  }

  signal.addEventListener('abort', wake)

  return {
    read() {
      consumer.start()
      if (signal.aborted || !open) return undefined
      const batch = take()
      return batch !== undefined && !isThenable(batch) ? batch : readLater(batch)
    },
    lag: lanes.lag,
    caughtUp: lanes.caughtUp,
    startOf: lanes.startOf,
    ready: lanes.ready,
    commit: lanes.commit,
    hold: lanes.hold,
    async rewind(names) {
      if (!open) return
      // A read that had ended may go on.
      control.attach(controlled)
      await lanes.rewind(names)
    },
    async close() {
      if (!open) return
      open = false
      signal.removeEventListener('abort', wake)
      control.detach(controlled)
      wake()
      try {
        await lanes.close()
      } finally {
        try {
          await consumer.leave(subscriber)
        } finally {
          await closed()
        }
      }
    },
  }
}
