import type { Batch, MaybePromise, Positions, ReaderOptions, SourceReader } from '@snapstream/core'
import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { rarely } from '../driver/rarely.ts'
import { wakeUp } from '../driver/wake-up.ts'
import { isThenable } from '../topic/thenable.ts'
import type { ControlledReader, TopicControl } from '../topic/topic-control.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import type { TopicSpec } from '../topic/topic-spec.ts'
import { decodeBatch } from '../record/decode-batch.ts'
import type { DecodedBatch } from '../record/decode-batch.ts'
import type { GroupConsumer, GroupMember } from './group-consumer.ts'
import type { TopicHooks } from './topic-hooks.ts'
import { laneMoves } from './lane-moves.ts'
import { laneOf, laneState } from './lane-state.ts'
import type { LaneState } from './lane-state.ts'
import { messageBatch } from './message-batch.ts'

type RecordsBatch = Batch<TopicRecord<unknown, unknown>>

export interface TopicReaderOptions {
  readonly spec: TopicSpec
  readonly options: ReaderOptions
  readonly control: TopicControl
  readonly hooks: TopicHooks
  /** Per lane, where reading ends; undefined: it does not end. */
  readonly ends: ReadonlyMap<string, number> | undefined
  /** Called with the reader's side of the consumer, which it is to share with others. */
  join(member: GroupMember): GroupConsumer
  /** Called once, when the reader is closed. */
  closed(): Promise<void>
}

/** Reads one topic (or several, or a pattern) through a consumer that is shared. */
export function topicReader(given: TopicReaderOptions): SourceReader<unknown> {
  const { spec, options, control, hooks, ends, join, closed } = given
  const { signal } = options
  const lanes = new Map<string, LaneState>()
  /** Behind the last record that could have been read, when a lane was looked into last. */
  const ahead = new WeakMap<LaneState, number>()
  const queue: { readonly batch: RecordBatch; readonly lane: LaneState }[] = []
  const { wake, wait } = wakeUp()
  let failure: Error | undefined
  let open = true
  /** The last that was heard is that there is no partition for this reader. */
  let leftOut = false
  let committing = Promise.resolve()
  /** By lane, where partitions begin that are still being assigned. `seek` puts another place there. */
  const arriving = new Map<string, TopicPartitionOffset>()

  const moves = laneMoves({
    options,
    lanes,
    paused: () => control.paused,
    drop,
    commit,
    consumer: () => consumer,
    wake,
    fail,
  })

  /** Partitions that are being given up, and what was called for them. */
  let givingUp: Promise<unknown> = Promise.resolve()

  async function giveUp(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    const given = partitions.flatMap((at) => lanes.get(laneOf(at)) ?? [])
    drop(given)
    for (const state of given) state.leaving = true
    const forget = () => {
      for (const state of given) if (lanes.get(state.lane) === state) lanes.delete(state.lane)
    }
    // Until they are handed over, what was handled of them can still be committed.
    if (reason === 'lost') forget()
    await options.revoked(partitions.map(laneOf), reason)
    // Who owns them next has to go on from where they were sought.
    if (reason === 'revoked') await moves.settled(given)
    await hooks.revoked(partitions, reason)
    forget()
  }

  const member: GroupMember = {
    name: spec.name,
    topics: spec.topics,
    copartitionedWith: spec.copartitionedWith,
    startOffset: (_, partition) => spec.start(partition),
    async assigned(partitions) {
      const starts = new Map(partitions.map((at) => [laneOf(at), at]))
      for (const [lane, at] of starts) arriving.set(lane, at)
      await hooks.assigned(partitions)
      // While it is paused the engine is not told: it will be when reading goes on.
      const reading = !control.paused
      const answer = reading && starts.size > 0 ? await options.assigned([...starts.keys()]) : undefined
      const answered: TopicPartitionOffset[] = []
      const sought: TopicPartitionOffset[] = []
      for (const [lane, at] of starts) {
        const { topic, partition } = at
        const { offset } = arriving.get(lane) ?? at
        const isSought = arriving.get(lane) !== at
        arriving.delete(lane)
        if (isSought) sought.push({ topic, partition, offset })
        const kept = isSought ? offset : answer?.get(lane)
        const start = kept === undefined ? offset : Number(kept)
        if (kept !== undefined) answered.push({ topic, partition, offset: start })
        // What was added to the topic after it was opened is not part of what there was then.
        const end = ends === undefined ? Infinity : (ends.get(lane) ?? 0)
        const state = laneState(topic, partition, start, end)
        if (!reading) state.stopped = Promise.resolve()
        lanes.set(lane, state)
      }
      // Either may have been called meanwhile.
      if (control.paused) moves.stop([...lanes.values()])
      else if (!reading) moves.resume([...lanes.values()])
      leftOut = lanes.size === 0
      wake()
      if (sought.length > 0) await commit(sought)
      return answered
    },
    revoked(partitions, reason) {
      const given = giveUp(partitions, reason)
      givingUp = Promise.allSettled([givingUp, given])
      return given
    },
    push(batch) {
      const lane = lanes.get(laneOf(batch))
      if (!open || lane === undefined) return
      lane.out.add(batch)
      ahead.set(lane, batch.endOffset)
      // What comes of a lane that is stopped is kept, so that no more of it is fetched, and read again later.
      if (lane.stopped !== undefined) return
      queue.push({ batch, lane })
      wake()
    },
    endsAt(end) {
      const lane = lanes.get(laneOf(end))
      if (lane !== undefined) ahead.set(lane, end.offset)
    },
    trouble: rarely(options.trouble),
    fail,
  }
  const consumer = join(member)

  const controlled: ControlledReader = {
    partitions: () => [...[...lanes.values()].filter(({ leaving }) => !leaving), ...arriving.values()],
    pause: () => moves.stop([...lanes.values()]),
    resume() {
      moves.resume([...lanes.values()])
      wake()
    },
    seek(to) {
      for (const at of to)
        if (arriving.has(laneOf(at))) arriving.set(laneOf(at), at)
        else moves.seek(at)
    },
  }
  control.attach(controlled)

  function fail(error: Error): void {
    failure ??= error
    wake()
  }

  function drop(states: readonly LaneState[]): void {
    const kept = queue.filter(({ lane }) => !states.includes(lane))
    queue.splice(0, queue.length, ...kept)
  }

  /** One after the other: what was committed last counts. */
  function commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const committed = committing.then(() => consumer.commit(offsets))
    committing = committed.catch(() => {})
    return committed
  }

  function release(lane: LaneState, batch: RecordBatch): void {
    if (!lane.out.delete(batch)) return
    consumer.release(batch)
    // What ends may have been waiting for it.
    if (ends !== undefined) wake()
  }

  function handOut(lane: LaneState, batch: RecordBatch, decoded: DecodedBatch, position: number): RecordsBatch {
    lane.reached = position
    lane.handling++
    return messageBatch(batch, decoded, lane.lane, position, () => {
      lane.handling--
      release(lane, batch)
    })
  }

  /** The next batch that has something to hand out, if there is one now. */
  function take(): MaybePromise<RecordsBatch | undefined> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { batch, lane } = next
      // What lies behind the end is kept, so that no more of it is fetched.
      if (lane.reached >= lane.end) continue
      const decoded = decodeBatch(batch, spec, lane.contexts, lane.end)
      // One without messages is handed out as well: what it went past counts as handled when its turn comes.
      const position = Math.min(batch.nextOffset, lane.end)
      if (decoded.pending === undefined) return handOut(lane, batch, decoded, position)
      // A lane that was given up meanwhile belongs to others, also if it has come back since.
      const current = () => lanes.get(lane.lane) === lane && !lane.leaving && lane.stopped === undefined
      return decoded.pending.then(() => (current() ? handOut(lane, batch, decoded, position) : undefined))
    }
    return undefined
  }

  function ended(): boolean {
    if (!open || signal.aborted) return true
    if (ends === undefined || queue.length > 0 || control.paused) return false
    if (lanes.size === 0) return leftOut
    // While anything is being handled it may still be stopped, and has to be read again then.
    for (const { reached, end, handling, stopped } of lanes.values())
      if (reached < end || handling > 0 || stopped !== undefined) return false
    return true
  }

  async function readLater(first: PromiseLike<RecordsBatch | undefined> | undefined) {
    let batch = await first
    while (batch === undefined) {
      if (ended()) {
        control.detach(controlled)
        return undefined
      }
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
    lag(handled: Positions) {
      const known = [...lanes.values()].flatMap((state) => {
        const last = ahead.get(state)
        // What is stopped is behind on purpose.
        if (last === undefined || state.stopped !== undefined) return []
        const position = Number(handled.get(state.lane) ?? state.handled)
        return Math.max(0, Math.min(last, state.end) - position)
      })
      return known.length > 0 ? known.reduce((sum, count) => sum + count) : undefined
    },
    ready: (lagKnown) =>
      (leftOut || lanes.size > 0) &&
      !(lagKnown && [...lanes.values()].some((state) => !ahead.has(state) && state.stopped === undefined)),
    async commit(positions: Positions) {
      const offsets: TopicPartitionOffset[] = []
      for (const [lane, position] of positions) {
        const state = lanes.get(String(lane))
        // What was sought is committed already, and counts more.
        if (state === undefined || state.sought !== undefined) continue
        const { topic, partition } = state
        state.handled = Number(position)
        offsets.push({ topic, partition, offset: state.handled })
      }
      await commit(offsets)
    },
    async close() {
      if (!open) return
      open = false
      signal.removeEventListener('abort', wake)
      control.detach(controlled)
      queue.length = 0
      wake()
      try {
        await givingUp
        const owned = [...lanes.values()].filter(({ leaving }) => !leaving)
        await hooks.revoked(
          owned.map(({ topic, partition }) => ({ topic, partition })),
          'revoked',
        )
      } finally {
        await leave()
      }
    },
  }

  async function leave(): Promise<void> {
    try {
      await consumer.leave(member)
    } finally {
      await closed()
    }
  }
}
