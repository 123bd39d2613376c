import { groupBy, isBatchSource, isResource, isSinkTarget, nameIn } from '../binding/binding.ts'
import type { Binding } from '../binding/binding.ts'
import { createCheckpointer, keepCheckpointing } from './checkpointer.ts'
import { toError } from '../describe.ts'
import { SnapstreamError, failure } from '../error.ts'
import type { Events } from '../observe/events.ts'
import { countAll } from '../observe/health.ts'
import { allowListeners } from '../host.ts'
import { HALTED } from './lane.ts'
import type { Logger } from '../observe/logger.ts'
import type { Monitor } from '../observe/monitor.ts'
import { Pace } from './pace.ts'
import { deferred } from '../adapter/promise.ts'
import { PROTOCOL_KEY, PROTOCOL_VERSION } from '../adapter/protocol-version.ts'
import type { Host } from '../host.ts'
import type { Lane, Lateness, MaybePromise, RestoreProgress } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import { transactionOf } from './sink.ts'
import { createTransaction } from './transaction.ts'
import { createSourceRun } from './source-run.ts'
import type { SourceRun } from './source-run.ts'
import { count, createTally, namesOf, note } from '../observe/tally.ts'
import type { Source } from '../types.ts'
import { startWatchdog } from '../observe/watchdog.ts'

/** `StreamOptions`, with their defaults. */
export interface RunOptions {
  readonly signal: AbortSignal | undefined
  readonly checkpointMs: number
  readonly shutdownMs: number
  readonly stallMs: number
  readonly exitOnStall: boolean
  readonly readyLag: number
  readonly logger: Logger | undefined
}

interface Closable {
  close?(): MaybePromise<void>
}

export interface Run extends RunOptions {
  readonly host: Host
  /** Whether the signals of the process end the stream. */
  readonly signals: boolean | undefined
  /** The run keeps it up to date. */
  readonly monitor: Monitor
}

/**
 * Opens everything, runs the bindings until they end, are stopped or fail, and closes everything again. `context`: the
 * fields that handlers get beside `signal` and `stop`.
 */
export async function run(bindings: readonly Binding[], context: object, given: Run): Promise<void> {
  const { host, signals, monitor, signal: asked, checkpointMs, shutdownMs, readyLag, logger } = given
  const closers: (() => Promise<void>)[] = []
  const failures: Error[] = []
  const undone: string[] = []
  const cancels: (() => void)[] = []
  const reading = new AbortController()
  const handling = new AbortController()
  const { signal } = handling
  // Any number of sources, sinks and handlers may listen to these.
  allowListeners(reading.signal, signal)
  const stopped = deferred()
  const late = deferred()
  const over = deferred()
  const emit = monitor.emitter(logger, host)
  const tallies = bindings.map(createTally)
  let checkpoint = async () => {}
  let endCheckpoints = () => {}
  let finished = false

  const runtime: Runtime = {
    host,
    pace: new Pace(host),
    scope: new Map<unknown, unknown>([[PROTOCOL_KEY, PROTOCOL_VERSION]]),
    reading: reading.signal,
    signal,
    context: { ...context, signal, stop: () => stop('stop') },
    readyLag,
    until: Infinity,
    fail(thrown, bound) {
      if (thrown === HALTED) return
      const name = nameIn(bindings, bound)
      failed(failure(name.startsWith('source') ? 'SOURCE_FAILED' : 'SINK_FAILED', name, thrown))
    },
    checkpoint: () => checkpoint(),
    emit,
    probe: monitor.probe,
    trouble: (role, concerned) => (error) => {
      for (const tally of concerned) note(tally, { lastError: { error, at: host.now() } })
      emit('trouble', () => ({ role, bindings: namesOf(concerned), error }))
    },
    flushing: new Map(),
    committing: new Map(),
    refusals: new Map(),
    writers: new Map(),
    transactions: new Map(),
  }
  let sources: readonly SourceRun[] = []
  const lanes = () => sources.flatMap((source) => source.lanes)
  const find = (bound: unknown) => sources.find(({ source }) => source === bound)
  Object.assign(monitor, { state: 'opening', failed: false, tallies, sources: [], states: [], host })

  if (signals) cancels.push(host.onSignal(() => stop('signal')))
  const abort = () => stop('abort')
  if (asked?.aborted) abort()
  asked?.addEventListener('abort', abort, { signal })
  try {
    cancels.push(startWatchdog(runtime, monitor, given))
    await openAll()
    if (!reading.signal.aborted) {
      monitor.state = 'running'
      emit('start', () => ({ bindings: namesOf(tallies) }))
    }
    endCheckpoints = keepCheckpointing(host, checkpointMs, checkpoint, monitor)
    while (!reading.signal.aborted && sources.some(({ ended }) => !ended)) {
      await Promise.race([Promise.all(sources.map((source) => source.read())), stopped.promise])
      // If the transaction with the last messages is aborted, they are read again.
      if (!reading.signal.aborted && sources.some(({ ended }) => !ended))
        await Promise.race([checkpoint(), stopped.promise])
    }
    if (reading.signal.aborted) await drain()
    else ending('ended')
  } catch (error) {
    failed(error)
  }
  endCheckpoints()
  await within(() => 'checkpoint', checkpoint())
  for (const close of closers.toReversed()) await close()
  finished = true
  countAll(monitor)
  for (const cancel of cancels) cancel()
  handling.abort()
  if (undone.length > 0) {
    failures.push(
      new SnapstreamError('SHUTDOWN_TIMEOUT', `not done within shutdownMs: ${undone.join('; ')}; raise shutdownMs`),
    )
  }
  const [first, ...suppressed] = failures
  for (const tally of tallies) note(tally, { sources: [], stalled: undefined })
  Object.assign(monitor, { state: 'idle', failed: !!first, sources: [], states: [] })
  // The first failure carries the later ones, so that none is lost.
  if (suppressed.length > 0) Object.assign(first as Error, { suppressed })
  emit('stop', () => ({ undone, error: first }))
  if (first) throw first

  /** Begins a graceful end, and starts its time limits. */
  function stop(reason: Events['stopping']['reason'], error?: Error) {
    if (reading.signal.aborted) return
    reading.abort()
    stopped.resolve()
    runtime.until = host.monotonic() + shutdownMs * 0.8
    for (const lane of lanes()) lane.halt()
    // At 80 % of the time the signal of handlers aborts. The run stops waiting for handlers at 90 %, and for all else at 100 %.
    const stages = [abortHandling, late.resolve, over.resolve]
    for (const [i, reach] of stages.entries()) cancels.push(host.setTimeout(reach, shutdownMs * (0.8 + i / 10)))
    ending(reason, error)
  }

  function abortHandling() {
    handling.abort()
    for (const lane of lanes()) lane.notify()
  }

  function ending(reason: Events['stopping']['reason'], error?: Error) {
    if (monitor.state === 'stopping') return
    monitor.state = 'stopping'
    emit('stopping', () => ({ reason, error }))
  }

  /** Waits for messages in flight while there is time, and notes those that are left. */
  async function drain() {
    // Messages that a source still gives while it ends are handled as well.
    await Promise.all(sources.map(({ source, idle }) => within(closing(source), idle(), late)))
    await host.yield()
    await Promise.race([Promise.all(lanes().map((lane) => lane.idle())), late.promise])
    for (const { id, loads } of lanes())
      for (const { tally, busy, givenUp } of loads) {
        const { name } = tally.binding
        if (busy > 0) undone.push(`${busy} in flight in ${name} (lane ${id})`)
        if (givenUp > 0) undone.push(`${givenUp} given up in ${name} (lane ${id})`)
      }
  }

  function closing(bound: unknown) {
    return () => `closing ${nameIn(bindings, bound)}`
  }

  /** Waits for a step of the end while there is time, and otherwise notes it as undone. Does not wait for an undone step again. */
  async function within(what: () => string, pending: Promise<unknown>, time = over) {
    let done = undone.length > 0 && undone.includes(what())
    if (!done) await Promise.race([pending.then(() => (done = true)), time.promise])
    // After the time is over, each step still has one turn of the event loop.
    if (!done) await host.yield()
    if (!done) undone.push(what())
  }

  function failed(thrown: unknown) {
    // Work that fails because everything is closed was noted as undone before.
    if (finished) return
    const error = toError(thrown)
    failures.push(error)
    monitor.failed = true
    stop('failure', error)
  }

  async function openAll() {
    const feeders = groupBy(tallies, ({ binding: { targets } }) => targets)
    const readers = groupBy(tallies, ({ binding: { sources } }) => sources)
    const used = new Set<unknown>(bindings.flatMap(({ use }) => use))
    for (const bound of new Map([...feeders, ...readers]).keys())
      // Other objects with these functions, such as files, are opened by their owner.
      if (isResource(bound) && (used.has(bound) || isBatchSource(bound) || isSinkTarget(bound)))
        await open(bound, () => bound.open(), bound)
    for (const [target, concerned] of feeders)
      if (isSinkTarget(target)) {
        const options = {
          signal,
          host,
          scope: runtime.scope,
          trouble: runtime.trouble('sink', concerned),
          checkpoint: () => checkpoint(),
          sources: [...new Set(concerned.flatMap(({ binding }) => binding.sources))],
          tick: (source: unknown, lane: Lane, message: object) =>
            monitor.state === 'running' && !!find(source)?.tick(target, lane, message),
          idle: (source: unknown, lane: Lane) => !!find(source)?.isIdle(lane),
          late(message: unknown, about: Lateness) {
            for (const tally of concerned) count(tally, 'late')
            emit('late', () => ({ bindings: namesOf(concerned), message, ...about }))
          },
          restore: (progress: RestoreProgress) =>
            emit('restore', () => ({ bindings: namesOf(concerned), ...progress })),
        }
        const writer = await open(target, () => target['~snapstream.sink'](options))
        if (!writer) continue
        runtime.writers.set(target, writer)
        if (writer.state) monitor.states.push(writer.state)
        const id = transactionOf(writer)
        if (id) runtime.transactions.set(id, createTransaction(target, writer))
      }
    monitor.sources = sources = [...readers].map(([source, concerned]) =>
      createSourceRun(runtime, source as Source<unknown>, concerned),
    )
    for (const { source, open: start } of sources) await open(source, start)
    if (!reading.signal.aborted) checkpoint = createCheckpointer(runtime, sources)
  }

  /** Opens a source, sink or resource, and adds its closer. Stops waiting when the stream is stopped. */
  async function open<T extends Closable | void>(
    bound: unknown,
    start: () => MaybePromise<T>,
    closer?: Closable,
  ): Promise<T | void> {
    if (reading.signal.aborted) return
    const fails = (thrown: unknown) => runtime.fail(thrown, bound)
    const opened = (async () => start())()
    const result = await Promise.race([opened, stopped.promise]).catch((thrown) => {
      // There is nothing to close.
      closer = {}
      fails(thrown)
    })
    // If the stream was stopped during the opening, an error of the opening no longer matters.
    const close = async () => ((await (closer ?? opened.catch(() => {}))) as Closable | undefined)?.close?.()
    closers.push(() => within(closing(bound), close().catch(fails)))
    return result
  }
}
