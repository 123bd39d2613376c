import { isResource, isSinkTarget } from './binding.ts'
import type { Binding } from './binding.ts'
import { createCheckpointer } from './checkpointer.ts'
import { SnapstreamError, failure, toError } from './error.ts'
import type { Events } from './events.ts'
import { countAll } from './health.ts'
import { HALTED } from './lane.ts'
import type { Logger } from './logger.ts'
import type { Monitor } from './monitor.ts'
import { Pace } from './pace.ts'
import { deferred } from './promises.ts'
import type { Host, MaybePromise, SinkWriter } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { createSourceRun } from './source-run.ts'
import { createTally, namesOf } from './tally.ts'
import { startWatchdog } from './watchdog.ts'

/** `StreamOptions`, with their defaults. */
export interface RunOptions {
  readonly signal: AbortSignal | undefined
  readonly checkpointMs: number
  readonly shutdownMs: number
  readonly stallMs: number
  readonly exitOnStall: boolean
  readonly logger: Logger | undefined
}

interface Closable {
  close?(): MaybePromise<void>
}

/**
 * Opens everything, runs the bindings until they end, are stopped or fail, and closes everything again. `signals`: those
 * of the process end the stream. `monitor`: is kept up to date with it.
 */
export async function run(
  bindings: readonly Binding[],
  given: object,
  host: Host,
  signals: boolean,
  { signal: asked, checkpointMs, shutdownMs, logger, ...limits }: RunOptions,
  monitor: Monitor,
): Promise<void> {
  const closers: MaybePromise<Closable | void>[] = []
  const failures: Error[] = []
  const undone: string[] = []
  const cancels: (() => void)[] = []
  const reading = new AbortController()
  const handling = new AbortController()
  const { signal } = handling
  const stopped = deferred()
  const late = deferred()
  const over = deferred()
  const scope = new Map()
  const emit = monitor.emitter(logger)
  const tallies = bindings.map(createTally)
  let checkpoint = async () => {}
  let cancelTick = () => {}
  let endWatch = () => {}
  let ticking = true
  let finished = false

  const runtime: Runtime = {
    host,
    pace: new Pace(host),
    scope,
    reading: reading.signal,
    signal,
    context: { ...given, signal, stop: () => stop('stop') },
    fail(thrown) {
      if (thrown !== HALTED) failed(failure('SOURCE_FAILED', 'a source', thrown))
    },
    checkpoint: () => checkpoint(),
    emit,
    trouble: (role, concerned) => (error) => {
      for (const tally of concerned) tally.lastError = { error, at: host.now() }
      emit('trouble', () => ({ role, bindings: namesOf(concerned), error }))
    },
    flushing: new Map(),
    committing: new Map(),
    refusals: new Map(),
    paused: false,
  }
  const { fail } = runtime
  const lanes = () => monitor.sources.flatMap((source) => source.lanes)
  Object.assign(monitor, { state: 'opening', failed: false, tallies, sources: [], now: () => host.now() })

  if (signals) cancels.push(host.onSignal(() => stop('signal')))
  const abort = () => stop('abort')
  if (asked?.aborted) abort()
  asked?.addEventListener('abort', abort, { signal })
  try {
    endWatch = startWatchdog(runtime, monitor, limits)
    await openAll()
    if (!reading.signal.aborted) {
      monitor.state = 'running'
      emit('start', () => ({ bindings: namesOf(tallies) }))
    }
    tick()
    await Promise.race([Promise.all(monitor.sources.map((source) => source.read().catch(fail))), stopped.promise])
    if (reading.signal.aborted) await drain()
    else ending('ended')
  } catch (error) {
    failed(error)
  }
  ticking = false
  cancelTick()
  await within('the checkpoint', checkpoint())
  for (const closer of closers.toReversed()) await within('closing', close(closer).catch(failed))
  finished = true
  endWatch()
  countAll(monitor)
  for (const cancel of cancels) cancel()
  handling.abort()
  if (undone.length > 0)
    failures.push(new SnapstreamError('SHUTDOWN_TIMEOUT', `not done in shutdownMs: ${undone.join('; ')}`))
  const [first, ...suppressed] = failures
  for (const tally of tallies) tally.stalled = undefined
  Object.assign(monitor, { state: 'idle', failed: !!first, sources: [] })
  // Nothing is lost in silence: what failed after the first failure travels with it.
  if (suppressed.length > 0) Object.assign(first as Error, { suppressed })
  emit('stop', () => ({ undone, error: first }))
  if (first) throw first

  /** Begins a graceful end: from now on everything has its time. */
  function stop(reason: Events['stopping']['reason'], error?: Error) {
    if (reading.signal.aborted) return
    reading.abort()
    stopped.resolve()
    for (const lane of lanes()) lane.halt()
    // First handlers are told, then nobody waits for them, then nobody waits for anything.
    const stages = [abortHandling, late.resolve, over.resolve]
    for (const [i, reach] of stages.entries()) cancels.push(host.setTimeout(reach, shutdownMs * (0.8 + i / 10)))
    ending(reason, error)
  }

  function abortHandling() {
    handling.abort()
    for (const lane of lanes()) lane.changed()
  }

  function ending(reason: Events['stopping']['reason'], error?: Error) {
    if (monitor.state === 'stopping') return
    monitor.state = 'stopping'
    emit('stopping', () => ({ reason, error }))
  }

  /** Waits for what is in flight, as long as there is time. */
  async function drain() {
    // What a source still gives when it is told to end is handled as well.
    await host.yield()
    await Promise.race([Promise.all(lanes().map((lane) => lane.idle())), late.promise])
    for (const { id, busy, names } of lanes())
      if (busy > 0) undone.push(`${busy} in flight in ${names.join(', ')} (lane ${id})`)
  }

  /** Waits for a step of the end, as long as there is time; before `stop` there is. */
  async function within(what: string, pending: Promise<void>) {
    const done = pending.then(() => true)
    if (!(await Promise.race([done, over.promise]))) undone.push(what)
  }

  function failed(thrown: unknown) {
    // What fails because everything is closed already was given up before, and said so.
    if (finished) return
    const error = toError(thrown)
    failures.push(error)
    monitor.failed = true
    stop('failure', error)
  }

  async function openAll() {
    const targets = new Set<unknown>(bindings.flatMap((binding) => binding.targets))
    const bound = new Set(bindings.flatMap((binding) => binding.sources))
    for (const resource of new Set([...targets, ...bound]))
      if (isResource(resource)) await open(() => resource.open(), resource)
    const writers = new Map<unknown, SinkWriter<unknown>>()
    for (const target of targets)
      if (isSinkTarget(target)) {
        const trouble = runtime.trouble(
          'sink',
          tallies.filter(({ binding }) => binding.targets.includes(target)),
        )
        const writer = await open(() =>
          target['~snapstream.sink']({ signal, host, scope, trouble, checkpoint: () => checkpoint() }),
        )
        if (writer) writers.set(target, writer)
      }
    const sources = [...bound].map((source) => {
      const readers = tallies.filter(({ binding }) => binding.sources.includes(source))
      return createSourceRun(runtime, source, readers, writers)
    })
    monitor.sources = sources
    for (const source of sources) await open(source.open)
    if (!reading.signal.aborted) checkpoint = createCheckpointer(runtime, sources, writers)
  }

  /** Waits for something to open, unless the stream is stopped first; either way it will be closed. */
  async function open<T extends Closable | void>(start: () => MaybePromise<T>, closer?: Closable): Promise<T | void> {
    if (reading.signal.aborted) return
    const opened = Promise.resolve(start())
    const result = await Promise.race([opened, stopped.promise])
    // Stopped while it was opening: how that ends does not matter any more.
    closers.push(closer ?? opened.catch(() => {}))
    return result
  }

  async function close(closer: MaybePromise<Closable | void>) {
    await (await closer)?.close?.()
  }

  function tick() {
    cancelTick = host.setTimeout(async () => {
      await checkpoint()
      countAll(monitor)
      if (ticking) tick()
    }, checkpointMs)
  }
}
