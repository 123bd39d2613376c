import { isBatchSource } from '../binding/binding.ts'
import { expectUsage } from '../error.ts'
import { createIterableReader } from './iterable-source.ts'
import type { IteratorReader } from './iterable-source.ts'
import { createKeyedWorker } from './keyed-worker.ts'
import { createLane } from './lane.ts'
import type { LaneRun } from './lane.ts'
import type { Batch, BatchSource, Lane, Position, Positions, SinkTarget, SourceReader } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import { createSequentialWorker } from './sequential-worker.ts'
import { namesOf } from '../observe/tally.ts'
import type { Tally, WatchedSource } from '../observe/tally.ts'
import { sharesTransaction } from './sink.ts'
import type { Source } from '../types.ts'

/** One source in a run. It is read once, however many bindings share it. */
export interface SourceRun extends WatchedSource {
  /** The object that was bound: its identity is what makes a source one. */
  readonly source: unknown
  /** Whether it feeds an atomic sink. */
  readonly atomic: boolean
  readonly lanes: readonly LaneRun[]
  /** Everything of it is read and handled. */
  readonly ended: boolean
  /** How many messages it knows to be still to be handled. */
  lag(): number | undefined
  /** It had what it was to read, and was at most `readyLag` behind, when this was looked at, then or earlier; or it has ended. */
  readonly ready: boolean
  /** Answers with what is to be closed. */
  readonly open: () => Promise<Pick<SourceReader<unknown>, 'close'>>
  /** Resolves once an iterator that waited has ended, as far as it does. */
  idle(): Promise<unknown>
  /** Reads until the source has ended and everything is handled, or it fails. Never rejects. */
  read(): Promise<void>
  /** Notes the positions of lanes that every binding has handled and the source was not told yet. Empty without progress. */
  note(): Positions
  /**
   * Tells the source that what was noted is durable; lanes that were given up in the meantime are left out. With an
   * atomic sink, which has kept the positions, the source itself is not told.
   */
  commit(): Promise<void>
}

/** `tallies`: of the bindings that read it. */
export function createSourceRun(runtime: Runtime, source: Source<unknown>, tallies: readonly Tally[]): SourceRun {
  const { host, reading, readyLag, checkpoint, emit, writers } = runtime
  const readers = tallies.map(({ binding }) => binding)
  const names = namesOf(tallies)
  const batched = isBatchSource(source)
  /** The number of batches of a lane to hold: while one is handled, one more may wait. Messages of an iterator are handled at once. */
  const ahead = batched ? 2 : Math.min(...readers.map(({ concurrency }) => concurrency)) - 1
  const targets = readers.flatMap((binding) => binding.targets) as (Partial<SinkTarget<unknown>> | undefined)[]
  const fed = targets.flatMap((target) => writers.get(target) ?? [])
  const [atomicSink, ...others] = new Set(fed.filter((writer) => writer.atomic))
  // Effects and positions can only be kept together if one transaction sees all that a source's messages do.
  expectUsage(
    !atomicSink || (readers.length === 1 && others.every((other) => sharesTransaction(other, atomicSink))),
    `the exactly-once cache of ${names.join(' and ')}`,
    'the only one that its source feeds; for another, read the source under another groupId',
    fed,
  )
  /** Sinks of this process alone, also behind those that hand on. */
  const keptBy = [
    ...new Set(
      targets
        .flatMap((target) => [target, ...((target?.['~snapstream.targets'] ?? []) as typeof targets)])
        .flatMap((target) => target?.['~snapstream.local'] ?? []),
    ),
  ]
  const lanes = new Map<Lane, LaneRun>()
  /** Lanes that were given up and still have messages in flight. */
  const leaving = new Set<LaneRun>()
  let noted: (readonly [LaneRun, Position])[] = []
  let reader: (SourceReader<unknown> & Partial<IteratorReader>) | undefined
  let assigns = false
  let ended = false
  let ready = false

  const fail = (thrown: unknown) => runtime.fail(thrown, source)
  const late = (message: unknown) => emit('late', () => ({ bindings: names, message }))

  const createWorkers = (lane: LaneRun) =>
    lane.loads.map((load) =>
      (load.tally.binding.concurrency === 1 ? createSequentialWorker : createKeyedWorker)(runtime, lane, load),
    )

  function addLane(id: Lane): LaneRun {
    const lane = createLane(runtime, {
      id,
      tallies,
      createWorkers,
      atomic: !!atomicSink,
      unique: !batched,
      keyOf: (source as Partial<BatchSource<unknown>>)['~snapstream.key'],
      fail,
      late,
    })
    lanes.set(id, lane)
    return lane
  }

  async function assigned(ids: readonly Lane[]): Promise<Positions | void> {
    assigns = true
    emit('assigned', () => ({ bindings: names, lanes: ids }))
    // A lane that comes back must not overtake what is still in flight from the last time.
    for (const lane of leaving) if (ids.includes(lane.id)) await lane.idle()
    for (const id of ids) if (!lanes.has(id)) addLane(id)
    return atomicSink?.positions?.(source, ids)
  }

  async function revoked(ids: readonly Lane[], reason: 'revoked' | 'lost' | 'paused'): Promise<void> {
    emit('revoked', () => ({ bindings: names, lanes: ids, reason }))
    const given = ids.flatMap((id) => lanes.get(id) ?? [])
    const fedBy = given.filter((lane) => lane.handled() !== undefined).map(({ id }) => id)
    if (reason !== 'paused' && keptBy.length > 0 && fedBy.length > 0)
      emit('moved', () => ({ bindings: names, lanes: fedBy, keptBy }))
    // A sink that stores its own positions may checkpoint after the lane is lost.
    const gone = reason === 'lost' && !atomicSink?.positions
    for (const lane of given) {
      lane.revoke(gone)
      leaving.add(lane)
      if (gone) lanes.delete(lane.id)
    }
    // oxlint-disable-next-line typescript/await-thenable -- called in a handler, that one is in flight only afterwards
    for (const lane of await given) await lane.idle()
    if (!gone) await checkpoint()
    for (const lane of given) {
      lane.count()
      leaving.delete(lane)
      if (lanes.get(lane.id) === lane) lanes.delete(lane.id)
    }
  }

  async function readAll(): Promise<void> {
    // One variable, let go of before the next is waited for: a batch may be large, and the wait long.
    let batch: Batch<unknown> | undefined
    while (reader && !reading.aborted) {
      batch = await reader.read()
      if (!batch) break
      // A batch of a lane that was revoked is not handled: its owner gets it.
      const lane = lanes.get(batch.lane) ?? (assigns ? undefined : addLane(batch.lane))
      if (lane && (!lane.halted || !batched)) {
        lane.push(batch)
        batch = undefined
        await lane.rest(ahead)
        if (!batched) await lane.until(() => lane.open || lane.halted)
      }
    }
    for (const lane of lanes.values()) await lane.rest(0)
    ended = true
  }

  /** How far each lane is, where it has got anywhere. */
  function handled(): typeof noted {
    return [...lanes.values()].flatMap((lane) => {
      const position = lane.handled()
      return position === undefined ? [] : [[lane, position] as const]
    })
  }

  const toPositions = (places: typeof noted) => new Map(places.map(([lane, position]) => [lane.id, position]))

  const lag = () => reader?.lag?.(toPositions(handled()))

  const run: SourceRun = {
    source,
    atomic: !!atomicSink,
    get lanes() {
      // One that is being given up is in both.
      return [...new Set([...lanes.values(), ...leaving])]
    },
    get ended() {
      return ended
    },
    lag,
    get ready() {
      return (ready ||= ended || (reader?.ready?.(readyLag < Infinity) !== false && (lag() ?? 0) <= readyLag))
    },
    async open() {
      await atomicSink?.positions?.(source, [])
      const direct = readers.length === 1 && readers[0]?.concurrency === 1
      const trouble = runtime.trouble('source', tallies)
      const options = { signal: reading, host, scope: runtime.scope, assigned, revoked, trouble }
      reader = batched
        ? await source['~snapstream.source'](options)
        : createIterableReader(source, { direct, signal: runtime.signal, late })
      const opened = reader
      return {
        close() {
          // A checkpoint that is still under way acknowledges nothing any more.
          reader = undefined
          return opened.close()
        },
      }
    },
    idle: async () => reader?.idle?.(),
    read: () => readAll().catch(fail),
    note() {
      noted = handled().filter(([lane, position]) => position !== lane.committed)
      return toPositions(noted)
    },
    async commit() {
      // A lane may have gone, and even come back, since its position was noted: then it is not ours to commit.
      const own = noted.filter(([lane]) => lanes.get(lane.id) === lane)
      if (own.length > 0 && !atomicSink) await reader?.commit(toPositions(own))
      for (const [lane, position] of own) lane.committed = position
    },
  }
  for (const tally of tallies) tally.sources.push(run)
  return run
}
