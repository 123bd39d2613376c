import { isResource, isSinkTarget } from './binding.ts'
import type { Binding } from './binding.ts'
import { createCheckpointer } from './checkpointer.ts'
import type { Checkpointer } from './checkpointer.ts'
import { SnapstreamError, toError } from './error.ts'
import { HALTED } from './lane.ts'
import { createPlan } from './plan.ts'
import type { Plan } from './plan.ts'
import { deferred } from './promises.ts'
import type { Host, MaybePromise, SinkWriter } from './protocol.ts'
import { createShutdown } from './shutdown.ts'
import type { Context } from './types.ts'

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
export async function run(options: RunOptions): Promise<void> {
  const { bindings, host, checkpointMs } = options
  const scope = new Map<unknown, unknown>()
  const closers: (() => MaybePromise<void>)[] = []
  const failures: Error[] = []
  const stopped = deferred()
  const shutdown = createShutdown(host, options.shutdownMs)
  let plan: Plan = { sources: [], bindings: [] }
  let checkpointer: Checkpointer | undefined
  let finished = false

  function stop() {
    if (!shutdown.begin()) return
    for (const source of plan.sources) source.halt()
    stopped.resolve()
  }

  function fail(thrown: unknown) {
    // What fails because everything is closed already was given up before, and said so.
    if (thrown === HALTED || finished) return
    failures.push(toError(thrown))
    stop()
  }

  const stopListening = listen(options, stop)
  let cancelTick: (() => void) | undefined
  try {
    await openAll()
    tick()
    const ended = Promise.all(plan.sources.map((source) => source.read().catch(sourceFailed)))
    await Promise.race([ended, stopped.promise])
    if (shutdown.begun) await shutdown.drained(plan)
  } catch (error) {
    fail(error)
  }
  stopTicking()
  await shutdown.within('the last checkpoint', checkpointer?.checkpoint())
  for (const close of closers.toReversed()) await shutdown.within('closing', attempt(close))
  finished = true
  shutdown.end()
  stopListening()
  report(failures, shutdown.undone)

  async function openAll() {
    const targets = new Set(bindings.flatMap(({ sinks, policy, use }) => [...use, ...sinks, policy.deadLetter]))
    const resources = new Set([...targets, ...bindings.flatMap(({ sources }) => sources)].filter(isResource))
    for (const resource of resources) await opening(resource.open(), () => resource.close())
    const writers = new Map<unknown, SinkWriter<unknown>>()
    for (const target of targets) {
      if (!isSinkTarget(target) || shutdown.begun) continue
      const writer = await target['~snapstream.sink']({ signal: shutdown.signal, host, scope })
      closers.push(() => writer.close?.())
      writers.set(target, writer)
    }
    const context: Context = { ...options.context, signal: shutdown.signal, stop }
    const checkpoint = async () => checkpointer?.checkpoint()
    const made = createPlan({ bindings, writers, context, host, scope, reading: shutdown.reading, checkpoint, fail })
    for (const source of made.sources) await opening(source.open(), () => source.close())
    if (shutdown.begun) return
    plan = made
    checkpointer = createCheckpointer({ ...made, fail })
  }

  /** Waits for something to open, unless the stream is stopped first; either way it will be closed. */
  async function opening(pending: MaybePromise<void>, close: () => MaybePromise<void>) {
    if (shutdown.begun) return
    const opened = Promise.resolve(pending)
    await Promise.race([opened, stopped.promise])
    closers.push(close)
    // Stopped while it was opening: how that ends does not matter any more.
    opened.catch(() => {})
  }

  function tick() {
    cancelTick = host.setTimeout(async () => {
      await checkpointer?.checkpoint()
      if (cancelTick !== undefined) tick()
    }, checkpointMs)
  }

  function stopTicking() {
    cancelTick?.()
    cancelTick = undefined
  }

  function sourceFailed(thrown: unknown) {
    const cause = toError(thrown)
    const known = thrown === HALTED || SnapstreamError.is(cause)
    fail(known ? thrown : new SnapstreamError('SOURCE_FAILED', `a source failed: ${cause.message}`, { cause }))
  }

  async function attempt(close: () => MaybePromise<void>) {
    try {
      await close()
    } catch (error) {
      failures.push(toError(error))
    }
  }
}

function listen({ host, signals, signal }: RunOptions, stop: () => void): () => void {
  const stopListening = signals ? host.onSignal(stop) : () => {}
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  return () => {
    stopListening()
    signal?.removeEventListener('abort', stop)
  }
}

function report(failures: readonly Error[], undone: readonly string[]) {
  const late = undone.length > 0 ? [new SnapstreamError('SHUTDOWN_TIMEOUT', timeoutMessage(undone))] : []
  const [first, ...others] = [...failures, ...late]
  if (first === undefined) return
  // Nothing is lost in silence: what failed after the first failure travels with it.
  if (others.length > 0) Object.defineProperty(first, 'suppressed', { value: others, configurable: true })
  throw first
}

function timeoutMessage(undone: readonly string[]): string {
  return `shutdownMs passed and this was left undone: ${undone.join('; ')}. What was in flight is not acknowledged and will come again`
}
