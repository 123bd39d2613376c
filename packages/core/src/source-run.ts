import { isBatchSource } from './binding.ts'
import { createIterableSource } from './iterable-source.ts'
import { LaneRun } from './lane.ts'
import type { Worker } from './lane.ts'
import { isThenable } from './promises.ts'
import type { Lane, MaybePromise, Position, Positions, SinkWriter, SourceReader } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import type { Source } from './types.ts'

/** Reading ahead: while one batch of a lane is handled, one more may wait. */
const MAX_HELD = 2

/** One source in a run. It is read once, however many bindings share it. */
export interface SourceRun {
  /** The object that was bound: its identity is what makes a source one. */
  readonly source: unknown
  /** Whether it feeds an atomic sink. */
  readonly atomic: boolean
  readonly lanes: readonly LaneRun[]
  open(): Promise<void>
  /** Reads until the source has ended and everything is handled. Rejects when the source fails. */
  read(): Promise<void>
  /** No further message is started. */
  halt(): void
  /** Per lane, what every binding has handled and the source has not been told. Empty when there is nothing new. */
  handled(): Map<Lane, Position>
  /**
   * Tells the source that what `handled` answered last is durable; lanes that were given up in the meantime are left
   * out. With an atomic sink, which has kept the positions, the source itself is not told.
   */
  commit(positions: Positions): Promise<void>
  close(): MaybePromise<void>
}

export interface SourceRunOptions {
  readonly source: Source<unknown>
  /** Of the bindings that read it. */
  readonly names: string
  /** For an iterable: it feeds one binding, one message at a time. */
  readonly direct: boolean
  /** One worker for each binding of the source. */
  createWorkers(lane: LaneRun): readonly Worker[]
  /** The atomic sink it feeds. */
  readonly atomicSink: SinkWriter<unknown> | undefined
}

export function createSourceRun(runtime: Runtime, options: SourceRunOptions): SourceRun {
  const { source, names, direct, createWorkers, atomicSink } = options
  const atomic = atomicSink !== undefined
  const { host, scope, reading, checkpoint } = runtime
  const lanes = new Map<Lane, LaneRun>()
  /** Lanes that were given up and still have messages in flight. */
  const leaving = new Set<LaneRun>()
  /** The lanes whose positions were noted last. */
  let marked = new Map<Lane, LaneRun>()
  let reader: SourceReader<unknown> | undefined
  let assigns = false

  function addLane(id: Lane): LaneRun {
    const lane = new LaneRun(id, names, host)
    lane.workers = createWorkers(lane)
    if (reading.aborted) lane.halt()
    lanes.set(id, lane)
    return lane
  }

  async function assigned(ids: readonly Lane[]): Promise<Positions | void> {
    assigns = true
    // A lane that comes back must not overtake what is still in flight from the last time.
    for (const lane of leaving) if (ids.includes(lane.id)) await lane.idle()
    for (const id of ids) if (!lanes.has(id)) addLane(id)
    return atomicSink?.positions?.(source, ids)
  }

  async function revoked(ids: readonly Lane[], reason: 'revoked' | 'lost'): Promise<void> {
    const given = [...lanes.values()].filter((lane) => ids.includes(lane.id))
    for (const lane of given) {
      lane.halt()
      leaving.add(lane)
      // A lost lane has another owner already: nothing of it may be committed from now on.
      if (reason === 'lost') lanes.delete(lane.id)
    }
    for (const lane of given) await lane.idle()
    if (reason === 'revoked') await checkpoint()
    for (const lane of given) {
      leaving.delete(lane)
      if (lanes.get(lane.id) === lane) lanes.delete(lane.id)
    }
  }

  return {
    source,
    atomic,
    get lanes() {
      return [...lanes.values(), ...leaving]
    },
    async open() {
      const target = isBatchSource(source) ? source : createIterableSource(source, direct)
      reader = await target['~snapstream.source']({ signal: reading, host, scope, assigned, revoked })
    },
    async read() {
      while (reader && !reading.aborted) {
        const answer = reader.read()
        const batch = isThenable(answer) ? await answer : answer
        if (batch === undefined) break
        // What comes for a lane that is not ours (any more) is not handled: its owner will get it.
        const lane = lanes.get(batch.lane) ?? (assigns ? undefined : addLane(batch.lane))
        if (lane === undefined || lane.halted) continue
        lane.push(batch)
        if (lane.held.length > MAX_HELD) await lane.until(() => lane.held.length <= MAX_HELD || lane.halted)
      }
      for (const lane of lanes.values()) await lane.until(() => lane.held.length === 0 || lane.halted)
    },
    halt() {
      for (const lane of lanes.values()) lane.halt()
    },
    handled() {
      marked = new Map()
      const positions = new Map<Lane, Position>()
      for (const [id, lane] of lanes) {
        const position = lane.handled()
        if (position === undefined || position === lane.committed) continue
        positions.set(id, position)
        marked.set(id, lane)
      }
      return positions
    },
    async commit(positions) {
      // A lane may have gone, and even come back, since its position was noted: then it is not ours to commit.
      const own = [...positions].filter(([id]) => lanes.get(id) === marked.get(id))
      if (own.length === 0) return
      if (!atomic) await reader?.commit(new Map(own))
      for (const [id, position] of own) (marked.get(id) as LaneRun).committed = position
    },
    close: () => reader?.close(),
  }
}
