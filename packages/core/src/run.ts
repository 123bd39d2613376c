import { isResource, isSinkTarget } from './binding.ts'
import type { Binding } from './binding.ts'
import { createCheckpointer } from './checkpointer.ts'
import { SnapstreamError, failure, toError } from './error.ts'
import { HALTED } from './lane.ts'
import { Pace } from './pace.ts'
import { createSourceRuns } from './plan.ts'
import type { Host, MaybePromise, SinkWriter } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { createShutdown } from './shutdown.ts'
import type { SourceRun } from './source-run.ts'

interface Closable {
  close?(): MaybePromise<void>
}

/**
 * Opens everything, runs the bindings until they end, are stopped or fail, and closes everything again. `signals`: those
 * of the process end the stream.
 */
export async function run(
  bindings: readonly Binding[],
  given: object,
  host: Host,
  signals: boolean,
  asked: AbortSignal | undefined,
  checkpointMs: number,
  shutdownMs: number,
): Promise<void> {
  const closers: MaybePromise<Closable | void>[] = []
  const failures: Error[] = []
  const shutdown = createShutdown(host, shutdownMs)
  const { reading, signal, begun, undone } = shutdown
  const scope = new Map()
  let sources: readonly SourceRun[] = []
  let checkpoint = async () => {}
  let cancelTick: (() => void) | undefined
  let finished = false

  const runtime: Runtime = {
    host,
    pace: new Pace(host),
    scope,
    reading,
    signal,
    context: { ...given, signal, stop },
    fail(thrown) {
      if (thrown !== HALTED) failed(failure('SOURCE_FAILED', 'a source', thrown))
    },
    checkpoint: () => checkpoint(),
  }
  const { fail } = runtime

  const ignoreSignals = signals && host.onSignal(stop)
  if (asked?.aborted) stop()
  asked?.addEventListener('abort', stop, { signal })
  try {
    await openAll()
    tick()
    await Promise.race([Promise.all(sources.map((source) => source.read().catch(fail))), begun])
    if (reading.aborted) await shutdown.drained(sources.flatMap(({ lanes }) => lanes))
  } catch (error) {
    failed(error)
  }
  cancelTick?.()
  cancelTick = undefined
  await shutdown.within('the last checkpoint', checkpoint())
  for (const closer of closers.toReversed()) await shutdown.within('closing', close(closer).catch(failed))
  finished = true
  shutdown.end()
  if (ignoreSignals) ignoreSignals()
  if (undone.length > 0)
    failures.push(
      new SnapstreamError(
        'SHUTDOWN_TIMEOUT',
        `shutdownMs passed with this undone: ${undone.join('; ')}. It is not acknowledged and will come again`,
      ),
    )
  const [first, ...suppressed] = failures
  // Nothing is lost in silence: what failed after the first failure travels with it.
  if (suppressed.length > 0) Object.assign(first as Error, { suppressed })
  if (first) throw first

  function stop() {
    if (reading.aborted) return
    shutdown.begin()
    for (const { lanes } of sources) for (const lane of lanes) lane.halt()
  }

  function failed(thrown: unknown) {
    // What fails because everything is closed already was given up before, and said so.
    if (finished) return
    failures.push(toError(thrown))
    stop()
  }

  async function openAll() {
    const targets = new Set<unknown>(bindings.flatMap((binding) => binding.targets))
    for (const resource of new Set([...targets, ...bindings.flatMap((binding) => binding.sources)]))
      if (isResource(resource)) await open(() => resource.open(), resource)
    const writers = new Map<unknown, SinkWriter<unknown>>()
    for (const target of targets)
      if (isSinkTarget(target)) {
        const writer = await open(() => target['~snapstream.sink']({ signal, host, scope }))
        if (writer) writers.set(target, writer)
      }
    sources = createSourceRuns(runtime, bindings, writers)
    for (const source of sources) await open(() => source.open())
    if (!reading.aborted) checkpoint = createCheckpointer(sources, [...writers.values()], fail)
  }

  /** Waits for something to open, unless the stream is stopped first; either way it will be closed. */
  async function open<T extends Closable | void>(start: () => MaybePromise<T>, closer?: Closable): Promise<T | void> {
    if (reading.aborted) return
    const opened = Promise.resolve(start())
    const result = await Promise.race([opened, begun])
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
      if (cancelTick) tick()
    }, checkpointMs)
  }
}
