import { toError } from '@snapstream/core'
import type { Lane, ReaderOptions } from '@snapstream/core'
import type { TopicPartitionOffset } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { GroupConsumer } from './group-consumer.ts'
import { partitionLane } from './partition-lane.ts'
import type { PartitionLane } from './partition-lane.ts'
import type { TopicControl } from './topic-control.ts'

/** Stops lanes, and moves them to other offsets. */
export interface LaneMoves {
  /** Stops these lanes: from now on the engine handles only their messages in flight. */
  stop(some: readonly PartitionLane[]): void
  /** Stopped lanes go on, behind the last message that was handled. */
  resume(): void
  /** Goes on from these offsets once the messages in flight are handled. The offsets are committed at once. */
  seek(to: readonly TopicPartitionOffset[]): void
  /**
   * Goes on from the committed offsets of these lanes. The engine has stopped them already, and gets no batch from before. Never
   * rejects: an error goes to `fail`.
   */
  rewind(names: readonly Lane[]): Promise<void>
  /** Resolves when the moves of these lanes that are in progress are over. */
  settled(some: readonly PartitionLane[]): Promise<unknown>
}

export function laneMoves(context: {
  readonly options: Pick<ReaderOptions, 'assigned' | 'revoked'>
  readonly control: Pick<TopicControl, 'paused'>
  readonly consumer: Pick<GroupConsumer, 'seek' | 'release' | 'committed'>
  /** Whether the offsets are committed in transactions, and not by `commit` of the reader. */
  readonly transactional: boolean
  readonly lanes: Map<string, PartitionLane>
  /** By lane, the start of partitions that are still being assigned. */
  readonly arriving: Map<string, TopicPartitionOffset>
  /** Drops the batches of these lanes that wait for the engine. */
  drop(some: readonly PartitionLane[]): void
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Called when a lane goes on. */
  wake(): void
  fail(error: Error): void
}): LaneMoves {
  const { options, control, consumer, transactional, lanes, arriving, drop, commit, wake, fail } = context
  /** Moves in progress, by lane. The moves of one lane run one after another. */
  const moves = new Map<string, Promise<void>>()

  function stop(some: readonly PartitionLane[]): void {
    const reading = some.filter(({ stopped }) => stopped === undefined)
    if (reading.length === 0) return
    drop(reading)
    // The engine starts no message of them once this call has returned.
    const stopped = options
      .revoked(
        reading.map(({ lane }) => lane),
        'paused',
      )
      .catch((error: unknown) => fail(toError(error)))
    for (const lane of reading) lane.stopped = stopped
  }

  /** Runs work on a lane after its earlier moves. `isLast` tells whether no later move waits. */
  function inTurn(name: string, work: (isLast: () => boolean) => Promise<void>): Promise<void> {
    const isLast = () => moves.get(name) === moving
    const moving: Promise<void> = (moves.get(name) ?? Promise.resolve())
      .then(() => work(isLast))
      .catch((error: unknown) => fail(toError(error)))
      .then(() => {
        if (isLast()) moves.delete(name)
      })
    moves.set(name, moving)
    return moving
  }

  /** Moves a stopped lane on. `to`: the offset to go on from; undefined: behind the last handled message. */
  function move(name: string, to?: TopicPartitionOffset): void {
    void inTurn(name, async (isLast) => {
      const lane = await moved(name, to)
      if (lane !== undefined && isLast()) await goOn(lane)
    })
  }

  /** Resolves with the lane once the engine has released it; undefined if it left meanwhile, or was not stopped. */
  async function moved(name: string, to: TopicPartitionOffset | undefined): Promise<PartitionLane | undefined> {
    const lane = lanes.get(name)
    if (lane === undefined || (to === undefined && lane.stopped === undefined)) return undefined
    if (to !== undefined) stop([lane])
    await lane.stopped
    if (lanes.get(name) !== lane) return undefined
    if (to !== undefined) {
      lane.sought = to.offset
      // Commit at once: the next owner goes on from there, even if no message is handled here any more.
      await commit([to])
    }
    return lane
  }

  const isHere = (lane: PartitionLane) => lanes.get(lane.lane) === lane && !lane.leaving

  async function goOn(lane: PartitionLane): Promise<void> {
    if (!isHere(lane) || control.paused) return
    // From the call of `assigned` on, the engine may ask where the lane starts.
    lane.handled = lane.sought ?? (await handled(lane))
    const kept = (await options.assigned([lane.lane]))?.get(lane.lane)
    const offset = lane.sought ?? Number(kept ?? lane.handled)
    if (isHere(lane)) replace(lane, offset)
  }

  const handled = async (lane: PartitionLane) =>
    transactional ? ((await committedOffsets([lane])).get(lane.lane) ?? lane.handled) : lane.handled

  /** The committed offsets, by lane. */
  async function committedOffsets(some: readonly PartitionLane[]): Promise<ReadonlyMap<string, number>> {
    const committed = await consumer.committed(some.map(({ topic, partition }) => ({ topic, partition })))
    return new Map(committed.map((at) => [partitionKey(at), at.offset]))
  }

  /** Puts another lane in the place of one that is not read any more. */
  function replace({ topic, partition, lane: name, end, out }: PartitionLane, offset: number): void {
    const next = partitionLane(topic, partition, offset, end)
    lanes.set(name, next)
    consumer.seek({ topic, partition, offset })
    for (const batch of out) consumer.release(batch)
    out.clear()
    // `pause` may have been called meanwhile. The engine has got no message yet.
    if (control.paused) stop([next])
    wake()
  }

  return {
    stop,
    resume() {
      for (const lane of lanes.keys()) move(lane)
      wake()
    },
    seek(to) {
      for (const at of to) {
        const name = partitionKey(at)
        const lane = lanes.get(name)
        if (arriving.has(name)) arriving.set(name, at)
        else if (lane !== undefined) {
          stop([lane])
          move(name, at)
        }
      }
    },
    async rewind(names) {
      const isRead = (lane: PartitionLane) => !lane.leaving && lane.stopped === undefined
      // A stopped lane goes on from its committed offset anyway.
      const read = names.flatMap((name) => lanes.get(String(name)) ?? []).filter(isRead)
      if (read.length === 0) return
      drop(read)
      for (const lane of read) lane.stopped = Promise.resolve()
      const committed = committedOffsets(read)
      const rewound = read.map((lane) =>
        inTurn(lane.lane, async () => {
          const offset = (await committed).get(lane.lane) ?? lane.handled
          if (isHere(lane)) replace(lane, offset)
        }),
      )
      await Promise.all(rewound)
    },
    settled: (some) => Promise.all(some.flatMap(({ lane }) => moves.get(lane) ?? [])),
  }
}
