import { createIterableReader } from './iterable-reader.ts'
import { LaneRun } from './lane.ts'
import type { Worker } from './lane.ts'
import { isThenable } from './promises.ts'
import type { Batch, Host, Lane, MaybePromise, Position, Positions, ReaderOptions, SourceReader } from './protocol.ts'
import { isBatchSource } from './binding.ts'
import type { SourceRun } from './source-run.ts'
import type { Source } from './types.ts'

/** Reading ahead: while one batch of a lane is handled, one more may wait. */
const MAX_HELD = 2

export interface BatchRunOptions {
  readonly source: Source<unknown>
  readonly host: Host
  readonly signal: AbortSignal
  readonly scope: Map<unknown, unknown>
  /** One worker for each binding of the source. */
  createWorkers(lane: LaneRun): readonly Worker[]
  /** Positions that an atomic sink keeps for these lanes. */
  restore(source: unknown, lanes: readonly Lane[]): MaybePromise<Positions | void>
  checkpoint(): Promise<void>
}

/** A source that is read in batches and lanes, for any number of bindings. */
export function createBatchRun(options: BatchRunOptions): SourceRun {
  const { source, host, signal, scope, createWorkers, restore, checkpoint } = options
  const lanes = new Map<Lane, LaneRun>()
  /** Lanes that were given up and still have messages in flight. */
  const leaving = new Set<LaneRun>()
  /** The lanes whose positions were noted last. */
  let marked = new Map<Lane, LaneRun>()
  let reader: SourceReader<unknown>
  let assigns = false
  let halted = false

  function addLane(id: Lane): LaneRun {
    const lane = new LaneRun(id, host)
    lane.workers = createWorkers(lane)
    if (halted) lane.halt()
    lanes.set(id, lane)
    return lane
  }

  async function assigned(ids: readonly Lane[]): Promise<Positions | void> {
    assigns = true
    // A lane that comes back must not overtake what is still in flight from the last time.
    for (const lane of leaving) if (ids.includes(lane.id)) await lane.idle()
    for (const id of ids) if (!lanes.has(id)) addLane(id)
    return restore(source, ids)
  }

  async function revoked(ids: readonly Lane[], reason: 'revoked' | 'lost'): Promise<void> {
    const given = ids.map((id) => lanes.get(id)).filter((lane) => lane !== undefined)
    for (const lane of given) {
      lane.halt()
      leaving.add(lane)
      // A lost lane has another owner already: nothing of it may be committed from now on.
      if (reason === 'lost') forget(lane)
    }
    await Promise.all(given.map((lane) => lane.idle()))
    if (reason === 'revoked') await checkpoint()
    for (const lane of given) {
      forget(lane)
      leaving.delete(lane)
    }
  }

  function forget(lane: LaneRun) {
    if (lanes.get(lane.id) === lane) lanes.delete(lane.id)
  }

  function laneOf(batch: Batch<unknown>): LaneRun | undefined {
    const lane = lanes.get(batch.lane)
    // What comes for a lane that is not ours (any more) is not handled: its owner will get it.
    if (lane === undefined) return assigns ? undefined : addLane(batch.lane)
    return lane.halted ? undefined : lane
  }

  const readerOptions: ReaderOptions = { signal, host, scope, assigned, revoked }

  return {
    source,
    get lanes() {
      return [...lanes.values(), ...leaving]
    },
    async open() {
      reader = isBatchSource(source) ? await source['~snapstream.source'](readerOptions) : createIterableReader(source)
    },
    async read() {
      while (!halted) {
        const answer = reader.read()
        const batch = isThenable(answer) ? await answer : answer
        if (batch === undefined) break
        const lane = laneOf(batch)
        if (lane === undefined) continue
        lane.push(batch)
        if (lane.held.length > MAX_HELD) await lane.until(() => lane.held.length <= MAX_HELD || lane.halted)
      }
      await Promise.all([...lanes.values()].map((lane) => lane.until(() => lane.held.length === 0 || lane.halted)))
    },
    halt() {
      halted = true
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
    async commit(positions, kept) {
      // A lane may have gone, and even come back, since its position was noted: then it is not ours to commit.
      const own = [...positions].filter(([id]) => lanes.get(id) === marked.get(id))
      if (own.length === 0) return
      if (!kept) await reader.commit(new Map(own))
      for (const [id, position] of own) (marked.get(id) as LaneRun).committed = position
    },
    close: () => reader?.close(),
  }
}
