import type { Batch, MaybePromise, Positions, ReaderOptions, SourceReader } from '@snapstream/core'
import type { RecordBatch, TopicPartitionOffset } from '../driver/driver.ts'
import { wakeUp } from '../driver/wake-up.ts'
import { isThenable } from '../topic/thenable.ts'
import type { TopicRecord } from '../topic/topic-record.ts'
import type { TopicSpec } from '../topic/topic-spec.ts'
import { decodeBatch } from './decode-batch.ts'
import type { GroupConsumer, GroupMember } from './group-consumer.ts'
import { laneOf, laneState } from './lane-state.ts'
import type { LaneState } from './lane-state.ts'
import { messageBatch } from './message-batch.ts'

type RecordsBatch = Batch<TopicRecord<unknown, unknown>>

export interface TopicReaderOptions {
  readonly spec: TopicSpec
  readonly options: ReaderOptions
  /** Per lane, where reading ends; undefined: it does not end. */
  readonly ends: ReadonlyMap<string, number> | undefined
  /** Called with the reader's side of the consumer, which it is to share with others. */
  join(member: GroupMember): GroupConsumer
  /** Called once, when the reader is closed. */
  closed(): Promise<void>
}

/** Reads one topic (or several, or a pattern) through a consumer that is shared. */
export function topicReader({ spec, options, ends, join, closed }: TopicReaderOptions): SourceReader<unknown> {
  const { signal } = options
  const lanes = new Map<string, LaneState>()
  const queue: { readonly batch: RecordBatch; readonly lane: LaneState }[] = []
  const { wake, wait } = wakeUp()
  let failure: Error | undefined
  let open = true
  /** The last that was heard is that there is no partition for this reader. */
  let leftOut = false

  const member: GroupMember = {
    name: spec.name,
    topics: spec.topics,
    offset: spec.offset,
    async assigned(partitions) {
      const starts = new Map(partitions.map((at) => [laneOf(at), at]))
      const answer = starts.size > 0 ? await options.assigned([...starts.keys()]) : undefined
      const answered: TopicPartitionOffset[] = []
      for (const [lane, { topic, partition, offset }] of starts) {
        const kept = answer?.get(lane)
        const start = kept === undefined ? offset : Number(kept)
        if (kept !== undefined) answered.push({ topic, partition, offset: start })
        // What was added to the topic after it was opened is not part of what there was then.
        lanes.set(lane, laneState(topic, partition, start, ends === undefined ? Infinity : (ends.get(lane) ?? 0)))
      }
      leftOut = lanes.size === 0
      wake()
      return answered
    },
    async revoked(partitions, reason) {
      const given = partitions.map((at) => [laneOf(at), lanes.get(laneOf(at))] as const)
      drop((lane) => given.some(([, state]) => state === lane))
      // Until they are handed over, what was handled of them can still be committed.
      if (reason === 'lost') forget()
      await options.revoked(
        given.map(([lane]) => lane),
        reason,
      )
      forget()

      function forget() {
        for (const [lane, state] of given) if (lanes.get(lane) === state) lanes.delete(lane)
      }
    },
    push(batch) {
      const lane = lanes.get(laneOf(batch))
      if (!open || lane === undefined) return
      queue.push({ batch, lane })
      wake()
    },
    fail(error) {
      failure ??= error
      wake()
    },
  }
  const consumer = join(member)

  function drop(which: (lane: LaneState) => boolean): void {
    const kept = queue.filter(({ lane }) => !which(lane))
    queue.splice(0, queue.length, ...kept)
  }

  /** The next batch that has something to hand out, if there is one now. */
  function take(): MaybePromise<RecordsBatch | undefined> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { batch, lane } = next
      // What lies behind the end is kept, so that no more of it is fetched.
      if (lane.reached >= lane.end) continue
      const decoded = decodeBatch(batch, spec, lane.contexts, lane.end)
      const position = Math.min(batch.nextOffset, lane.end)
      if (decoded.messages.length === 0) {
        lane.reached = position
        consumer.release(batch)
        continue
      }
      const made = () => {
        lane.handed = position
        lane.reached = position
        return messageBatch(batch, decoded, lane.lane, position, () => consumer.release(batch))
      }
      // A lane that was given up meanwhile belongs to others, also if it has come back since.
      if (decoded.pending !== undefined)
        return decoded.pending.then(() => (lanes.get(lane.lane) === lane ? made() : undefined))
      return made()
    }
    return undefined
  }

  function ended(): boolean {
    if (!open || signal.aborted) return true
    if (ends === undefined || queue.length > 0) return false
    if (lanes.size === 0) return leftOut
    for (const { reached, end } of lanes.values()) if (reached < end) return false
    return true
  }

  async function readLater(first: PromiseLike<RecordsBatch | undefined> | undefined) {
    let batch = await first
    while (batch === undefined) {
      if (ended()) return undefined
      if (failure !== undefined) throw failure
      if (queue.length === 0) await wait()
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
    async commit(positions: Positions) {
      const offsets: TopicPartitionOffset[] = []
      for (const [lane, position] of positions) {
        const state = lanes.get(String(lane))
        if (state === undefined) continue
        const { topic, partition, handed, reached } = state
        const offset = Number(position)
        offsets.push({ topic, partition, offset: offset === handed ? reached : offset })
      }
      await consumer.commit(offsets)
    },
    async close() {
      if (!open) return
      open = false
      signal.removeEventListener('abort', wake)
      queue.length = 0
      wake()
      try {
        await consumer.leave(member)
      } finally {
        await closed()
      }
    },
  }
}
