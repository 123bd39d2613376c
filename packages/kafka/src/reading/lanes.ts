import type { Lane, Position, Positions, ReaderOptions } from '@snapstream/core'
import { createCondition } from '@snapstream/core/adapter'
import type { RecordBatch, TopicPartition, TopicPartitionOffset, TransactionalProducer } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { TopicControl } from './topic-control.ts'
import type { GroupConsumer, TopicSubscriber } from './group-consumer.ts'
import { laneMoves } from './lane-moves.ts'
import type { LaneMoves } from './lane-moves.ts'
import { partitionLane } from './partition-lane.ts'
import type { PartitionLane } from './partition-lane.ts'
import type { TopicHooks } from './topic-hooks.ts'
import type { TransactionalSource } from './transactional-sources.ts'

export interface LaneBatch {
  readonly batch: RecordBatch
  readonly lane: PartitionLane
}

/**
 * The lanes of one reader: their assignment (`assigned`, `revoked`), their control (`pause`, `resume`, `seek`), and the batches
 * that wait for the engine. Only its functions write a `PartitionLane`.
 */
export interface ReaderLanes
  extends
    Pick<TopicSubscriber, 'assigned' | 'revoked' | 'push' | 'endsAt' | 'fail'>,
    Pick<LaneMoves, 'resume' | 'seek' | 'rewind'>,
    TransactionalSource {
  /** The reason why reading cannot go on; undefined while it goes on. */
  readonly failure: Error | undefined
  /** The number of batches that wait for the engine. */
  readonly queued: number
  /** Resolves at the next `wake`. Call it right after the check, without an await in between. */
  wait(): Promise<void>
  wake(): void
  /** The next batch of a lane that is read. */
  next(): LaneBatch | undefined
  /** Whether the engine may get messages of this lane: false once it was stopped, revoked or replaced. */
  isRead(lane: PartitionLane): boolean
  /** Records that the engine gets a batch of the lane, which ends before `position`. */
  handOut(lane: PartitionLane, position: number): void
  /** Marks a batch as handled by the engine. */
  done(batch: LaneBatch): void
  /** Commits positions that the engine has handled, without those of lanes that left or were sought. */
  commit(positions: Positions): Promise<void>
  /** Whether every lane has reached its end. Always false for a topic that is read without an end. */
  ended(): boolean
  /** The known number of offsets behind these positions; undefined while the end of no lane is known. */
  lag(handled: Positions): number | undefined
  /** Whether nothing is behind this position of a lane, or behind its start, as far as its end is known. */
  caughtUp(name: Lane, handled: Position | undefined): boolean
  /** Where a lane goes on of which the engine has handled no message; undefined for a lane that is not there yet. */
  startOf(name: Lane): Position | undefined
  /** Whether partitions were assigned, or none is left. `lagKnown`: also whether the end of each lane is known. */
  ready(lagKnown: boolean): boolean
  /** The partitions of this reader, including those that are being assigned. */
  partitions(): readonly TopicPartition[]
  pause(): void
  /** Drops waiting batches, and calls `onRevoked` for the remaining partitions. */
  close(): Promise<void>
}

export function readerLanes(context: {
  readonly options: Pick<ReaderOptions, 'assigned' | 'revoked'>
  readonly control: Pick<TopicControl, 'paused'>
  readonly hooks: TopicHooks
  /** By lane, the offset at which reading ends; undefined: reading does not end. */
  readonly ends: ReadonlyMap<string, number> | undefined
  readonly consumer: Pick<GroupConsumer, 'commit' | 'commitIn' | 'committed' | 'seek' | 'release'>
  /** Whether the offsets are committed in transactions, by `hold`. */
  readonly transactional: boolean
}): ReaderLanes {
  const { options, control, hooks, ends, consumer, transactional } = context
  const lanes = new Map<string, PartitionLane>()
  /** By lane, the start of partitions that are still being assigned. `seek` replaces the offset. */
  const arriving = new Map<string, TopicPartitionOffset>()
  const queue: LaneBatch[] = []
  const { notify: wake, next: wait } = createCondition()
  let failure: Error | undefined
  /** Whether the last assignment left this reader without a partition. */
  let leftOut = false

  function fail(error: Error): void {
    failure ??= error
    wake()
  }

  const isRead = (lane: PartitionLane) => lanes.get(lane.lane) === lane && !lane.leaving && lane.stopped === undefined

  const moves = laneMoves({
    options,
    control,
    consumer,
    transactional,
    lanes,
    arriving,
    drop: dropQueued,
    commit: commitOffsets,
    wake,
    fail,
  })

  // ---- assigned partitions ----------------------------------------------------------------------------------------

  async function assigned(partitions: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    const starts = new Map(partitions.map((at) => [partitionKey(at), at]))
    for (const [lane, at] of starts) arriving.set(lane, at)
    await hooks.assigned(partitions)
    // For a paused topic, the engine learns of the lane when it is resumed.
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
      // A partition that was added after the topic was opened has nothing to read.
      const end = ends === undefined ? Infinity : (ends.get(lane) ?? 0)
      const added = partitionLane(topic, partition, start, end)
      if (!reading) added.stopped = Promise.resolve()
      lanes.set(lane, added)
    }
    // `pause` or `resume` may have been called meanwhile.
    if (control.paused) moves.stop([...lanes.values()])
    else if (!reading) moves.resume()
    leftOut = lanes.size === 0
    wake()
    if (sought.length > 0) await commitOffsets(sought)
    return answered
  }

  // ---- revoked partitions -----------------------------------------------------------------------------------------

  /** Settles when all hand-overs in progress are over. */
  let handingOver: Promise<unknown> = Promise.resolve()

  function revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    const done = handOver(partitions, reason)
    handingOver = Promise.allSettled([handingOver, done])
    return done
  }

  async function handOver(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    const going = partitions.flatMap((at) => lanes.get(partitionKey(at)) ?? [])
    dropQueued(going)
    for (const lane of going) lane.leaving = true
    const forget = () => {
      for (const lane of going) if (lanes.get(lane.lane) === lane) lanes.delete(lane.lane)
    }
    // A partition that is revoked can be committed until it is handed over.
    if (reason === 'lost') forget()
    await options.revoked(partitions.map(partitionKey), reason)
    // The next owner has to go on from the offset that the lane was sought to.
    if (reason === 'revoked') await moves.settled(going)
    await hooks.revoked(partitions, reason)
    forget()
  }

  // ---- batches ----------------------------------------------------------------------------------------------------

  function dropQueued(some: readonly PartitionLane[]): void {
    const kept = queue.filter(({ lane }) => !some.includes(lane))
    queue.splice(0, queue.length, ...kept)
  }

  let committing = Promise.resolve()

  /** Commits offsets, one call after another, so that the last call counts. */
  function commitOffsets(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const committed = committing.then(() => consumer.commit(offsets))
    committing = committed.catch(() => {})
    return committed
  }

  /** Resolves with false if a lane was lost. Undefined stands for a lane that was lost before. */
  async function commitIn(
    producer: TransactionalProducer,
    held: ReadonlyMap<PartitionLane | undefined, number>,
  ): Promise<boolean> {
    const offsets: TopicPartitionOffset[] = []
    for (const [lane, offset] of held) {
      if (lane === undefined || lanes.get(lane.lane) !== lane) return false
      const { topic, partition, sought } = lane
      // The offset of a seek is committed already.
      if (sought === undefined) offsets.push({ topic, partition, offset })
    }
    return consumer.commitIn(producer, offsets)
  }

  return {
    assigned,
    revoked,
    seek: moves.seek,
    resume: moves.resume,
    rewind: moves.rewind,
    pause: () => moves.stop([...lanes.values()]),
    partitions: () => [...[...lanes.values()].filter(({ leaving }) => !leaving), ...arriving.values()],
    get failure() {
      return failure
    },
    fail,
    get queued() {
      return queue.length
    },
    wait,
    wake,
    push(batch) {
      const lane = lanes.get(partitionKey(batch))
      if (lane === undefined) return
      lane.out.add(batch)
      lane.logEnd = batch.endOffset
      // The batch of a stopped lane is not released, so that no more records are fetched. It is read again later.
      if (lane.stopped !== undefined) return
      queue.push({ batch, lane })
      wake()
    },
    endsAt(end) {
      const lane = lanes.get(partitionKey(end))
      if (lane !== undefined) lane.logEnd = end.offset
    },
    next: () => queue.shift(),
    isRead,
    handOut(lane, position) {
      lane.reached = position
      lane.handling++
    },
    done({ lane, batch }) {
      lane.handling--
      if (!lane.out.delete(batch)) return
      consumer.release(batch)
      // A read may be waiting to end.
      if (ends !== undefined) wake()
    },
    async commit(positions) {
      const offsets: TopicPartitionOffset[] = []
      for (const [name, position] of positions) {
        const lane = lanes.get(String(name))
        // The offset of the seek is committed already.
        if (lane === undefined || lane.sought !== undefined) continue
        const { topic, partition } = lane
        lane.handled = Number(position)
        offsets.push({ topic, partition, offset: lane.handled })
      }
      await commitOffsets(offsets)
    },
    hold(positions) {
      const held = new Map([...positions].map(([name, position]) => [lanes.get(String(name)), Number(position)]))
      return (producer) => commitIn(producer, held)
    },
    ended() {
      if (ends === undefined || queue.length > 0 || control.paused) return false
      if (lanes.size === 0) return leftOut
      // While the engine handles messages, the lane may still be stopped, and has to be read again then.
      for (const { reached, end, handling, stopped } of lanes.values())
        if (reached < end || handling > 0 || stopped !== undefined) return false
      return true
    },
    lag(handled) {
      let lag: number | undefined
      for (const { lane, logEnd, end, handled: start, stopped } of lanes.values()) {
        // A stopped lane is behind on purpose.
        if (logEnd === undefined || stopped !== undefined) continue
        lag = (lag ?? 0) + Math.max(0, Math.min(logEnd, end) - Number(handled.get(lane) ?? start))
      }
      return lag
    },
    caughtUp(name, handled) {
      const lane = lanes.get(String(name))
      if (lane === undefined || lane.logEnd === undefined || lane.stopped !== undefined) return false
      return Math.min(lane.logEnd, lane.end) <= Number(handled ?? lane.handled)
    },
    startOf: (name) => lanes.get(String(name))?.handled,
    ready: (lagKnown) =>
      (leftOut || lanes.size > 0) &&
      !(lagKnown && [...lanes.values()].some(({ logEnd, stopped }) => logEnd === undefined && stopped === undefined)),
    async close() {
      queue.length = 0
      await handingOver
      const left = [...lanes.values()].filter(({ leaving }) => !leaving)
      await hooks.revoked(
        left.map(({ topic, partition }) => ({ topic, partition })),
        'revoked',
      )
    },
  }
}
