import type { Lane, MaybePromise } from '@snapstream/core'
import type { Progress } from './progress.ts'
import { untilAborted } from './until-aborted.ts'

/** A part of a store or table, while this process has a lane of its partition. */
interface LanePart {
  readonly partition: number
  /** Whether messages may use it. */
  readonly isOpen: boolean
  /** Called once it is open and no lane has it any more. Resolves when it writes nothing any more. */
  close(): MaybePromise<void>
}

/** The parts whose lanes this process has. */
export interface OpenParts<P> {
  /** The parts that messages may use, by partition. */
  readonly open: ReadonlyMap<number, P>
  /** Whether a lane has the part, or waits for it. */
  has(partition: number): boolean
  /** The part of a lane; undefined while it is not open. */
  ofLane(lane: Lane): P | undefined
  /** Opens the part of a lane, unless another lane has it open. Resolves also when `signal` is aborted. */
  acquire(source: unknown, lane: Lane, signal: AbortSignal): Promise<void> | undefined
  /** Gives the part of a lane up, unless another lane has it. */
  release(source: unknown, lane: Lane): void
  /** Gives all parts up. Resolves when nothing is written to them any more. */
  close(): Promise<void>
}

/** A part while a lane has it. */
interface Held<P> {
  readonly part: P
  /** The lanes that have it, by source. */
  readonly lanes: Map<unknown, Set<Lane>>
  /** Aborted when the last lane has given it up. */
  readonly given: AbortController
  readonly opening: Promise<void>
}

interface OpenPartsOptions<P> {
  readonly progress: Progress
  partitionOfLane(lane: Lane): number
  create(partition: number): P
  /** Restores a part and opens it, unless `signal` is aborted meanwhile. Not called while the part is still in use. */
  openPart(part: P, signal: AbortSignal): Promise<void>
}

export function createOpenParts<P extends LanePart>(options: OpenPartsOptions<P>): OpenParts<P> {
  const { progress, partitionOfLane, create, openPart } = options
  const held = new Map<number, Held<P>>()
  const open = new Map<number, P>()
  /** By partition, the end of the last opening or closing: two must not write to a part at once. */
  const settled = new Map<number, Promise<unknown>>()
  /** Of lanes whose messages were handled. */
  const byLane = new Map<Lane, P>()

  async function openInTurn(part: P, signal: AbortSignal): Promise<void> {
    const { partition } = part
    await settled.get(partition)?.catch(() => {})
    if (signal.aborted) return
    progress.begin(partition)
    try {
      await openPart(part, signal)
    } finally {
      progress.end(partition)
    }
    if (!part.isOpen) return
    if (signal.aborted) await part.close()
    else open.set(partition, part)
  }

  function begin(partition: number): Held<P> {
    const part = create(partition)
    const controller = new AbortController()
    const opening = openInTurn(part, controller.signal)
    settled.set(partition, opening)
    // The lanes that wait for it get its error.
    opening.catch(() => {})
    return { part, lanes: new Map(), given: controller, opening }
  }

  function giveUp(partition: number, { part, given }: Held<P>): void {
    held.delete(partition)
    given.abort()
    byLane.clear()
    if (open.get(partition) !== part) return
    open.delete(partition)
    settled.set(partition, Promise.resolve(part.close()))
  }

  return {
    open,
    has: (partition) => held.has(partition),
    ofLane(lane) {
      const known = byLane.get(lane)
      if (known !== undefined) return known
      const part = open.get(partitionOfLane(lane))
      if (part !== undefined) byLane.set(lane, part)
      return part
    },
    acquire(source, lane, signal) {
      const partition = partitionOfLane(lane)
      const one = held.get(partition) ?? begin(partition)
      held.set(partition, one)
      const { lanes, part, opening } = one
      lanes.set(source, (lanes.get(source) ?? new Set()).add(lane))
      return part.isOpen ? undefined : Promise.race([opening, untilAborted(signal)])
    },
    release(source, lane) {
      const partition = partitionOfLane(lane)
      const one = held.get(partition)
      if (one === undefined) return
      const lanes = one.lanes.get(source)
      lanes?.delete(lane)
      if (lanes?.size === 0) one.lanes.delete(source)
      if (one.lanes.size === 0) giveUp(partition, one)
    },
    async close() {
      for (const [partition, one] of held) giveUp(partition, one)
      await Promise.allSettled(settled.values())
    },
  }
}
