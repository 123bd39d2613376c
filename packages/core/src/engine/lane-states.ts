import { deferred } from '../adapter/promise.ts'
import type { Lane, LaneState } from '../protocol.ts'
import type { LaneRun } from './lane.ts'

/** Opens and closes the parts of a state that belong to the lanes of a source. */
export interface LaneStates {
  /** Opens the part of a new lane, unless it is open. The lane opens once the part is open. */
  open(lane: LaneRun): void
  /** These lanes are being given up: their parts need not open any more. Returns the function that closes the parts. */
  leave(ids: readonly Lane[]): () => void
  /** Changes with each record that is restored for a waiting lane; empty while no lane waits. */
  readonly progress: string
}

interface Part {
  /** The latest run of its lane. */
  lane: LaneRun
  /** Aborted when the part need not open any more. */
  readonly unwanted: AbortController
  /** Its state was called. */
  called: boolean
  /** Pending while it opens. */
  opening: Promise<void> | undefined
}

/** `source`: the bound source. `ending`: aborted when reading has to end. */
export function createLaneStates(
  state: LaneState,
  source: unknown,
  ending: AbortSignal,
  fail: (thrown: unknown) => void,
): LaneStates {
  const parts = new Map<Lane, Part>()
  /** By lane, resolves when its last part is closed and no call of it is pending. */
  const closed = new Map<Lane, Promise<unknown>>()

  function createPart(lane: LaneRun): Part {
    const unwanted = new AbortController()
    const { signal } = unwanted
    ending.addEventListener('abort', () => unwanted.abort(), { signal })
    const part: Part = { lane, unwanted, called: false, opening: undefined }
    const open = async () => {
      await closed.get(lane.id)
      if (signal.aborted) return
      part.called = true
      await state.open(source, lane.id, signal)
    }
    part.opening = open()
      .catch((thrown) => signal.aborted || fail(thrown))
      .then(() => (part.opening = undefined))
    return part
  }

  return {
    open(lane) {
      const part = parts.get(lane.id) ?? createPart(lane)
      parts.set(lane.id, part)
      part.lane = lane
      if (part.opening) lane.wait(part.opening)
    },
    leave(ids) {
      const left = ids.flatMap((id) => parts.get(id) ?? [])
      const over = deferred()
      for (const part of left) {
        const { id } = part.lane
        part.unwanted.abort()
        parts.delete(id)
        closed.set(id, Promise.all([part.opening, over.promise]))
      }
      return () => {
        for (const { lane, called } of left) if (called) state.close(source, lane.id, lane.lost ? 'lost' : 'revoked')
        over.resolve()
      }
    },
    get progress() {
      const waiting = [...parts.values()].filter(({ opening }) => opening)
      if (waiting.length === 0) return ''
      const restored = state.restoring().map(({ role, done }) => role === 'active' && done)
      return [waiting.length, ...restored].join()
    },
  }
}
