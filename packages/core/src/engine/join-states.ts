import type { Tally } from '../observe/tally.ts'
import type { LaneState, SinkWriter } from '../protocol.ts'
import type { Runtime } from './runtime.ts'

/** The states of all that a binding writes to or uses, as one; undefined if there is none. */
export function stateOf({ writers }: Pick<Runtime, 'writers'>, { binding }: Tally): LaneState | undefined {
  return joinStates(binding.targets.map((target) => writers.get(target)))
}

/** The states of these sinks as one; undefined if none of them has state. */
export function joinStates(writers: Iterable<SinkWriter<never> | undefined>): LaneState | undefined {
  const states = [...new Set([...writers].flatMap((writer) => writer?.state ?? []))]
  if (states.length < 2) return states[0]
  return {
    async open(source, lane, signal) {
      const opening = states.map(async (state) => state.open(source, lane, signal))
      try {
        await Promise.all(opening)
      } finally {
        // Of a lane that was given up, no call may be pending when the lane is opened again.
        if (signal.aborted) await Promise.allSettled(opening)
      }
    },
    close: (source, lane, reason) => states.forEach((state) => state.close(source, lane, reason)),
    begin(origin) {
      for (const state of states) state.begin(origin)
    },
    ...(states.some(({ turn }) => turn) && {
      turn(origin) {
        let room: void | PromiseLike<void> = undefined
        for (const state of states) room = join(room, state.turn?.(origin))
        return room
      },
    }),
    undo: (origin) => states.forEach((state) => state.undo(origin)),
    release(origin) {
      let room: void | PromiseLike<void> = undefined
      for (const state of states) room = join(room, state.release(origin))
      return room
    },
    prepare: (checkpoint) => states.forEach((state) => state.prepare(checkpoint)),
    async commit(checkpoint) {
      await Promise.all(states.map(async (state) => state.commit(checkpoint)))
    },
    abort: () => states.forEach((state) => state.abort()),
    restoring: () => states.flatMap((state) => state.restoring()),
  }
}

type Room = void | PromiseLike<void>

/** Waits for both. */
export function join(one: Room, other: Room): Room {
  return one && other ? Promise.all([one, other]).then(() => {}) : (one ?? other)
}
