import { toError } from '@snapstream/core'
import type { ReaderOptions } from '@snapstream/core'
import type { TopicPartitionOffset } from '../driver/driver.ts'
import type { GroupConsumer } from './group-consumer.ts'
import { laneOf, laneState } from './lane-state.ts'
import type { LaneState } from './lane-state.ts'

/** Stops lanes of a reader, and lets them go on there or elsewhere. */
export interface LaneMoves {
  /** From now on no message of them is handled but those in flight. What was read of them is dropped. */
  stop(states: readonly LaneState[]): void
  /** Stops a lane and, once what is in flight is finished and acknowledged, goes on from there. */
  seek(to: TopicPartitionOffset): void
  /** Goes on with lanes that were stopped, behind what is handled. */
  resume(states: readonly LaneState[]): void
  /** Resolves when none of them is being sought any more. */
  settled(states: readonly LaneState[]): Promise<unknown>
}

export interface LaneMovesOptions {
  readonly options: Pick<ReaderOptions, 'assigned' | 'revoked'>
  /** Those that are this member's, by name. */
  readonly lanes: Map<string, LaneState>
  readonly paused: () => boolean
  readonly drop: (states: readonly LaneState[]) => void
  readonly commit: (offsets: readonly TopicPartitionOffset[]) => Promise<void>
  readonly consumer: () => Pick<GroupConsumer, 'seek' | 'release'>
  readonly wake: () => void
  readonly fail: (error: Error) => void
}

export function laneMoves(context: LaneMovesOptions): LaneMoves {
  const { options, lanes, paused, drop, commit, consumer, wake, fail } = context
  /** By lane; in each they come one after the other. */
  const moves = new Map<string, Promise<void>>()

  function stop(states: readonly LaneState[]): void {
    const reading = states.filter(({ stopped }) => stopped === undefined)
    if (reading.length === 0) return
    drop(reading)
    // Once this has returned the engine takes up no message of them any more.
    const names = reading.map(({ lane }) => lane)
    const stopped = options.revoked(names, 'paused').catch((error: unknown) => fail(toError(error)))
    for (const state of reading) state.stopped = stopped
  }

  /** `to`: where to go on; undefined: behind what is handled. */
  function move(lane: string, to?: TopicPartitionOffset): void {
    const moving: Promise<void> = (moves.get(lane) ?? Promise.resolve())
      .then(() => step(lane, to, () => moves.get(lane) === moving))
      .catch((error: unknown) => fail(toError(error)))
      .then(() => {
        if (moves.get(lane) === moving) moves.delete(lane)
      })
    moves.set(lane, moving)
  }

  async function step(lane: string, to: TopicPartitionOffset | undefined, isLast: () => boolean): Promise<void> {
    const state = lanes.get(lane)
    // Given up meanwhile, or going on already.
    if (state === undefined || (to === undefined && state.stopped === undefined)) return
    if (to !== undefined) stop([state])
    await state.stopped
    if (lanes.get(lane) !== state) return
    if (to !== undefined) {
      state.sought = to.offset
      // At once: whoever owns it next goes on from there, also if nothing more is handled here.
      await commit([to])
    }
    if (isLast()) await goOn(state)
  }

  async function goOn(state: LaneState): Promise<void> {
    const { topic, partition, lane, end } = state
    const mayGoOn = () => lanes.get(lane) === state && !state.leaving && !paused()
    if (!mayGoOn()) return
    const kept = (await options.assigned([lane]))?.get(lane)
    if (lanes.get(lane) !== state || state.leaving) return
    const offset = state.sought ?? (kept === undefined ? state.handled : Number(kept))
    const next = laneState(topic, partition, offset, end)
    lanes.set(lane, next)
    consumer().seek({ topic, partition, offset })
    for (const batch of state.out) consumer().release(batch)
    // Paused while the engine was being told: nothing was handed out yet.
    if (paused()) stop([next])
    wake()
  }

  return {
    stop,
    seek(to) {
      const lane = laneOf(to)
      const state = lanes.get(lane)
      if (state === undefined) return
      stop([state])
      move(lane, to)
    },
    resume(states) {
      for (const { lane } of states) move(lane)
    },
    settled: (states) => Promise.all(states.flatMap(({ lane }) => moves.get(lane) ?? [])),
  }
}
