import type { Tally } from '../observe/tally.ts'
import type { Cursor } from './cursor.ts'
import { join, stateOf } from './join-states.ts'
import type { LaneRun } from './lane.ts'
import type { Runtime } from './runtime.ts'

/** Keeps the writes of a message that counts as handled. A promise: there is no room for more, so the next message waits. */
export type Releaser = (cursor: Cursor) => void | PromiseLike<void>

/** Makes the releaser of a binding on a lane: for its state and its transaction. Undefined if it has neither. */
export function createReleaser(runtime: Runtime, lane: LaneRun, tally: Tally): Releaser | undefined {
  const state = stateOf(runtime, tally)
  const { writer } = lane.transaction ?? {}
  if (!state && !writer?.release) return undefined
  return (cursor) => {
    // The messages of a lost lane are handled again, perhaps by another process.
    if (lane.lost) return undefined
    const room = state?.release(cursor)
    return join(room, writer?.release?.(cursor))
  }
}
