import { isBatchSource, nameIn } from '../binding/binding.ts'
import { expectUsage } from '../error.ts'
import { createIterableReader } from './iterable-source.ts'
import type { IteratorReader } from './iterable-source.ts'
import { createKeyedWorker } from './keyed-worker.ts'
import { joinStates } from './join-states.ts'
import { createLaneStates } from './lane-states.ts'
import { createLane } from './lane.ts'
import type { LaneRun, Progress } from './lane.ts'
import type { Batch, BatchSource, Lane, Position, Positions, SinkTarget, SourceReader } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import { createSequentialWorker } from './sequential-worker.ts'
import { namesOf } from '../observe/tally.ts'
import type { Tally, WatchedSource } from '../observe/tally.ts'
import { transactionOf } from './sink.ts'
import { tear } from './transaction.ts'
import type { Feeder, Transaction } from './transaction.ts'
import type { Source } from '../types.ts'

/** One source in a run. It is read once, however many bindings share it. */
export interface SourceRun extends WatchedSource, Feeder {
  /** The bound object. Bindings with the same object share the source. */
  readonly source: unknown
  /** The transaction of the atomic sinks that it feeds. */
  readonly transaction: Transaction | undefined
  readonly lanes: readonly LaneRun[]
  /** All its messages have been read and handled, and committed if they may have to be read again. */
  readonly ended: boolean
  /** The number of messages that are still to be handled; undefined if the source does not know. */
  lag(): number | undefined
  /** The source has ended, or this property was once read while it had its lanes and was at most `readyLag` behind. */
  readonly ready: boolean
  /** Opens the reader. Resolves with the object to close at the end. */
  readonly open: () => Promise<Pick<SourceReader<unknown>, 'close'>>
  /** Ends an iterator that waits for its next message. Resolves once it has ended. */
  idle(): Promise<unknown>
  /** Reads until the source has ended and everything is handled, or it fails. Never rejects. */
  read(): Promise<void>
  /** Hands a tick to a lane, for `tick` of `SinkOptions`. */
  tick(target: unknown, lane: Lane, message: object): boolean
  /** For `idle` of `SinkOptions`. */
  isIdle(lane: Lane): boolean
  /**
   * Notes the positions that every binding has handled and that are not acknowledged yet, and those of lanes with ticks. Empty
   * without progress.
   */
  note(): Positions
  /**
   * Commits the noted positions to the source, except those of lanes that were given up in the meantime. With an atomic sink,
   * which has stored the positions, it does not commit them to the source.
   */
  commit(): Promise<void>
}

/** Makes the run of a source. `tallies`: those of the bindings that read it. */
export function createSourceRun(runtime: Runtime, source: Source<unknown>, tallies: readonly Tally[]): SourceRun {
  const { host, reading, readyLag, checkpoint, emit, writers, transactions } = runtime
  const fail = (thrown: unknown) => runtime.fail(thrown, source)
  const readers = tallies.map(({ binding }) => binding)
  const names = namesOf(tallies)
  const batched = isBatchSource(source)
  /** The number of batches of a lane to hold: while one is handled, one more may wait. Messages of an iterator are handled at once. */
  const ahead = batched ? 2 : Math.min(...readers.map(({ concurrency }) => concurrency)) - 1
  const targets = readers.flatMap((binding) => binding.targets) as (Partial<SinkTarget<unknown>> | undefined)[]
  const fed = targets.flatMap((target) => writers.get(target) ?? [])
  const [transaction, ...others] = new Set(fed.flatMap((writer) => transactions.get(transactionOf(writer)) ?? []))
  const atomicSink = transaction?.writer
  // Effects and positions can only be stored together if one transaction has all effects of the source's messages.
  expectUsage(
    !transaction || (readers.length === 1 && others.length === 0),
    `the exactly-once sink of ${names.join(' and ')}`,
    'the only one of its source; for another, read the source under another groupId',
    fed,
  )
  for (const target of targets) {
    const writer = writers.get(target)
    // One could not be kept or dropped with the other.
    expectUsage(
      !transaction || !writer?.state || writer.state.readOnly || writer.state.volatile || writer.atomic,
      `${nameIn(readers, target)}, a store beside an exactly-once sink,`,
      'exactly once too; set exactlyOnce on both',
      target,
    )
  }
  const state = joinStates(fed)
  const states = state && createLaneStates(state, source, reading, fail)
  /** The names of the local sinks, including those behind sinks that pass values on. */
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
  let noted: Progress[] = []
  let reader: (SourceReader<unknown> & Partial<IteratorReader>) | undefined
  let assigns = false
  let reads: Promise<void> | undefined
  let ended = false
  /** It was rewound after its reader had ended. */
  let rewound = false
  let ready = false

  /** Its only worker reads the iterator itself, and nothing comes between its messages. */
  const direct =
    readers.every(({ concurrency, through }, i) => i === 0 && concurrency === 1 && !through?.sequential) && !state?.turn

  const unhandled = (message: unknown) => emit('unhandled', () => ({ bindings: names, message }))

  const createWorkers = (lane: LaneRun) =>
    lane.loads.map((load) =>
      (load.tally.binding.concurrency === 1 ? createSequentialWorker : createKeyedWorker)(runtime, lane, load),
    )

  function addLane(id: Lane): LaneRun {
    const lane = createLane(runtime, {
      id,
      source,
      tallies,
      createWorkers,
      transaction,
      unique: !batched,
      keyOf: (source as Partial<BatchSource<unknown>>)['~snapstream.key'],
      fail,
      unhandled,
    })
    lanes.set(id, lane)
    states?.open(lane)
    return lane
  }

  async function assigned(ids: readonly Lane[]): Promise<Positions | void> {
    assigns = true
    emit('assigned', () => ({ bindings: names, lanes: ids }))
    // A lane that is assigned again must not overtake its messages that are still in flight.
    for (const lane of leaving) if (ids.includes(lane.id)) await lane.idle()
    for (const id of ids) if (!lanes.has(id)) addLane(id)
    return atomicSink?.positions?.(source, ids)
  }

  async function revoked(ids: readonly Lane[], reason: 'revoked' | 'lost' | 'paused'): Promise<void> {
    emit('revoked', () => ({ bindings: names, lanes: ids, reason }))
    const given = ids.flatMap((id) => lanes.get(id) ?? [])
    const fedBy = given.filter((lane) => lane.handled() !== undefined || lane.note()).map(({ id }) => id)
    if (reason !== 'paused' && keptBy.length > 0 && fedBy.length > 0)
      emit('moved', () => ({ bindings: names, lanes: fedBy, keptBy }))
    const close = reason === 'paused' ? undefined : states?.leave(ids)
    // A sink that stores its own positions may checkpoint after the lane is lost.
    const gone = reason === 'lost' && !atomicSink?.positions
    for (const lane of given) {
      lane.revoke(gone)
      leaving.add(lane)
      if (gone) lanes.delete(lane.id)
    }
    // oxlint-disable-next-line typescript/await-thenable -- called in a handler, that one is in flight only afterwards
    for (const lane of await given) await lane.idle()
    let aborting: Promise<void> | undefined
    if (!gone) await checkpoint()
    else if (transaction && given.some(({ torn }) => torn)) {
      tear(transaction)
      // Not awaited: the other lanes are rewound, and their source may have to take part in a rebalance for that.
      aborting = checkpoint()
    }
    for (const lane of given) {
      lane.count()
      leaving.delete(lane)
      if (lanes.get(lane.id) === lane) lanes.delete(lane.id)
    }
    // A transaction that is being committed may have writes of a lost lane.
    if (aborting && close) void aborting.then(close).catch(fail)
    else close?.()
  }

  const openAt = (lane: LaneRun) => lane.until(() => lane.open || lane.halted)

  async function readAll(): Promise<void> {
    // One variable, cleared before each wait: a batch may be large, and the wait long.
    let batch: Batch<unknown> | undefined
    // A message that is taken from an iterator has to be handled, so its lane has to be open before.
    if (!batched && states) await openAt(addLane(0))
    do {
      while (reader && !reading.aborted) {
        batch = await reader.read()
        if (!batch) break
        // A batch of a revoked lane is not handled here: the new owner of the lane reads it again.
        const lane = lanes.get(batch.lane) ?? (assigns ? undefined : addLane(batch.lane))
        if (lane && (!lane.halted || !batched)) {
          lane.push(batch)
          batch = undefined
          await lane.rest(ahead)
          if (!batched) await openAt(lane)
        }
      }
      rewound = false
      for (const lane of lanes.values()) await lane.rest(0)
    } while (rewound)
    ended = true
  }

  /** The positions of the lanes that have one. */
  const toPositions = (places: readonly (readonly [LaneRun, Position | undefined])[]): Positions =>
    new Map(places.flatMap(([{ id }, position]) => (position === undefined ? [] : [[id, position]])))

  const lag = () => reader?.lag?.(toPositions([...lanes.values()].map((lane) => [lane, lane.handled()])))

  /** Those of lanes with ticks alone are where they started. */
  const allPositions = () =>
    toPositions(noted.map(({ lane, position = reader?.startOf?.(lane.id) }) => [lane, position]))

  /** The lane, if it may start messages, but for a checkpoint. */
  function live(id: Lane): LaneRun | undefined {
    const lane = lanes.get(id)
    return lane?.halted || lane?.waits ? undefined : lane
  }

  const run: SourceRun = {
    source,
    tallies,
    transaction,
    get lanes() {
      // A lane that is being given up may be in both.
      return [...new Set([...lanes.values(), ...leaving])]
    },
    get ended() {
      const pending = (lane: LaneRun) => !lane.empty() || (atomicSink?.abort && (lane.dirty() || lane.torn))
      return ended && ![...lanes.values()].some(pending)
    },
    lag,
    get ready() {
      return (ready ||=
        ended || (!run.restored && reader?.ready?.(readyLag < Infinity) !== false && (lag() ?? 0) <= readyLag))
    },
    get restored() {
      return states?.progress ?? ''
    },
    async open() {
      await atomicSink?.accepts?.(source)
      const trouble = runtime.trouble('source', tallies)
      const options = { signal: reading, host, scope: runtime.scope, assigned, revoked, trouble }
      reader = batched
        ? await source['~snapstream.source'](options)
        : createIterableReader(source, { direct, signal: runtime.signal, unhandled })
      const opened = reader
      const fits = !atomicSink?.abort || opened.rewind
      if (!fits) await opened.close()
      expectUsage(
        fits,
        `what feeds the exactly-once sink of ${names.join(' and ')}`,
        'a source that can be rewound, such as a topic with a groupId',
        source,
      )
      return {
        close() {
          // A checkpoint that is still under way acknowledges nothing any more.
          reader = undefined
          states?.leave([...lanes.keys()])
          return opened.close()
        },
      }
    },
    idle: async () => reader?.idle?.(),
    async read() {
      await (reads ??= readAll().catch(fail))
      // Ticks come after the end, too, while other sources go on.
      for (const lane of lanes.values()) await lane.rest(0)
    },
    tick: (target, id, message) =>
      // Of a lane that is being assigned, the reader does not know the start.
      (batched ? !reader?.startOf || reader.startOf(id) !== undefined : !direct) && !!live(id)?.tick(target, message),
    isIdle(id) {
      const lane = live(id)
      return !!lane?.empty() && (ended || !!reader?.caughtUp?.(id, lane.handled()))
    },
    note() {
      noted = [...lanes.values()].flatMap((lane) => lane.note() ?? [])
      return allPositions()
    },
    async commit() {
      // A lane may have been revoked, and even assigned again, since its position was noted. That position must not be committed.
      noted = noted.filter(({ lane }) => lanes.get(lane.id) === lane)
      const positions = allPositions()
      if (positions.size > 0 && !atomicSink) await reader?.commit(positions)
      for (const progress of noted) progress.lane.acknowledge(progress)
    },
    rewind() {
      const torn = [...lanes.values()].filter((lane) => lane.torn)
      const ids = torn.flatMap((lane) => (leaving.has(lane) ? [] : lane.id))
      if (reading.aborted) return ids
      for (const lane of torn) {
        lane.count()
        lanes.delete(lane.id)
      }
      leaving.clear()
      const back = ids.map(addLane)
      if (ids.length > 0) {
        rewound = true
        // Not awaited: the lanes get no batch before it is done, and it may have to wait for lanes that are given up.
        const going = (async () => reader?.rewind?.(ids))()
        const over = going.catch((thrown: unknown) => void (reading.aborted || fail(thrown)))
        // A tick would commit the position from before.
        for (const lane of back) lane.wait(over)
        if (ended) {
          ended = false
          reads = readAll().catch(fail)
        }
      }
      return ids
    },
  }
  for (const tally of tallies) tally.sources.push(run)
  transaction?.feeders.push(run)
  return run
}
