import { isResource, isSinkTarget } from './binding.ts'
import type { Binding } from './binding.ts'
import { createCheckpointer } from './checkpointer.ts'
import { SnapstreamError, toError, toSnapstreamError } from './error.ts'
import { HALTED } from './lane.ts'
import { Pace } from './pace.ts'
import { createPlan } from './plan.ts'
import type { Plan } from './plan.ts'
import { deferred } from './promises.ts'
import type { Host, MaybePromise, SinkWriter } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { createShutdown } from './shutdown.ts'

export interface RunOptions {
  readonly bindings: readonly Binding[]
  readonly context: object
  readonly host: Host
  /** Whether signals of the process end the stream. */
  readonly signals: boolean
  readonly signal: AbortSignal | undefined
  readonly checkpointMs: number
  readonly shutdownMs: number
}

/** Opens everything, runs the bindings until they end, are stopped or fail, and closes everything again. */
export async function run({ bindings, host, checkpointMs, ...options }: RunOptions): Promise<void> {
  const closers: (() => MaybePromise<void>)[] = []
  const failures: Error[] = []
  const stopped = deferred()
  const shutdown = createShutdown(host, options.shutdownMs)
  const { reading, signal } = shutdown
  let plan: Plan = { sources: [], writers: [] }
  let checkpoint = async () => {}
  let cancelTick: (() => void) | undefined
  let finished = false

  const runtime: Runtime = {
    host,
    pace: new Pace(host),
    scope: new Map(),
    reading,
    signal,
    stop() {
      if (reading.aborted) return
      shutdown.begin()
      for (const source of plan.sources) source.halt()
      stopped.resolve()
    },
    fail(thrown) {
      // What fails because everything is closed already was given up before, and said so.
      if (thrown === HALTED || finished) return
      failures.push(toError(thrown))
      runtime.stop()
    },
    checkpoint: () => checkpoint(),
  }
  const { stop, fail, scope } = runtime

  const ignoreSignals = options.signals ? host.onSignal(stop) : undefined
  if (options.signal?.aborted) stop()
  options.signal?.addEventListener('abort', stop)
  try {
    await openAll()
    tick()
    const ended = Promise.all(plan.sources.map((source) => source.read().catch(sourceFailed)))
    await Promise.race([ended, stopped.promise])
    if (reading.aborted) await shutdown.drained(plan)
  } catch (error) {
    fail(error)
  }
  cancelTick?.()
  cancelTick = undefined
  await shutdown.within('the last checkpoint', checkpoint())
  for (const close of closers.toReversed()) await shutdown.within('closing', attempt(close))
  finished = true
  shutdown.end()
  ignoreSignals?.()
  options.signal?.removeEventListener('abort', stop)
  throwFirst()

  async function openAll() {
    const targets = new Set(bindings.flatMap(({ sinks, policy, use }) => [...use, ...sinks, policy.deadLetter]))
    const sources = bindings.flatMap((binding) => binding.sources)
    for (const resource of new Set([...targets, ...sources])) if (isResource(resource)) await open(resource)
    const writers = new Map<unknown, SinkWriter<unknown>>()
    for (const target of targets)
      if (isSinkTarget(target) && !reading.aborted) {
        const writer = await target['~snapstream.sink']({ signal, host, scope })
        closers.push(() => writer.close?.())
        writers.set(target, writer)
      }
    const made = createPlan(runtime, bindings, writers, { ...options.context, signal, stop })
    for (const source of made.sources) await open(source)
    if (reading.aborted) return
    plan = made
    checkpoint = createCheckpointer(plan, fail)
  }

  /** Waits for something to open, unless the stream is stopped first; either way it will be closed. */
  async function open(resource: { open(): Promise<void>; close(): MaybePromise<void> }) {
    if (reading.aborted) return
    const opened = resource.open()
    // Stopped while it was opening: how that ends does not matter any more.
    opened.catch(() => {})
    await Promise.race([opened, stopped.promise])
    closers.push(() => resource.close())
  }

  function tick() {
    cancelTick = host.setTimeout(async () => {
      await checkpoint()
      if (cancelTick !== undefined) tick()
    }, checkpointMs)
  }

  function sourceFailed(thrown: unknown) {
    fail(thrown === HALTED ? thrown : toSnapstreamError('SOURCE_FAILED', 'a source failed', thrown))
  }

  async function attempt(close: () => MaybePromise<void>) {
    try {
      await close()
    } catch (error) {
      failures.push(toError(error))
    }
  }

  function throwFirst() {
    const { undone } = shutdown
    if (undone.length > 0)
      failures.push(
        new SnapstreamError(
          'SHUTDOWN_TIMEOUT',
          `shutdownMs passed with this undone: ${undone.join('; ')}. It is not acknowledged and will come again`,
        ),
      )
    const [first, ...suppressed] = failures
    if (first === undefined) return
    // Nothing is lost in silence: what failed after the first failure travels with it.
    if (suppressed.length > 0) Object.assign(first, { suppressed })
    throw first
  }
}
