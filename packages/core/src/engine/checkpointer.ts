import { countAll } from '../observe/health.ts'
import type { Monitor } from '../observe/monitor.ts'
import type { Checkpoint, Host, MaybePromise } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import type { SourceRun } from './source-run.ts'

/**
 * Returns a function that makes a checkpoint: it makes the messages that were handled before the call durable, and
 * acknowledges them. One checkpoint runs at a time; calls during it share the next one. The function never rejects: an error
 * goes to `fail`, and ends all further checkpoints.
 */
export function createCheckpointer(runtime: Runtime, sources: readonly SourceRun[]): () => Promise<void> {
  const { host, fail, emit, flushing, committing, refusals, writers } = runtime
  /** One writer for each transaction, by bound object. */
  const atomicWriters = new Map(
    new Map(
      [...writers].flatMap((entry) => {
        const { atomic } = entry[1]
        return atomic ? [[atomic === true ? entry : atomic, entry]] : []
      }),
    ).values(),
  )
  const given = new Map(sources.map((run) => [run.source, run]))
  let current = Promise.resolve()
  let next: Promise<void> | undefined
  let id = 0
  let failed = false
  /** A message was left half done: an atomic sink has to drop all values since its last flush. */
  let torn = false

  /** Calls all targets and waits for all of them, even if one fails, so that no call is left unobserved. */
  async function all<T>(
    targets: ReadonlyMap<unknown, T>,
    waiting: Map<unknown, number>,
    call: (target: T) => MaybePromise<void> | undefined,
  ): Promise<void> {
    const attempt = async ([bound, target]: readonly [unknown, T]) => {
      waiting.set(bound, Infinity)
      try {
        await call(target)
      } catch (error) {
        failed = true
        fail(error, bound)
      } finally {
        waiting.delete(bound)
      }
    }
    if (!failed) await Promise.all([...targets].map(attempt))
  }

  /** The lanes that feed an atomic sink. */
  const atomic = () => sources.flatMap(({ atomic, lanes }) => (atomic ? lanes : []))

  async function round(): Promise<void> {
    if (failed) return
    const start = host.monotonic()
    runtime.paused = true
    for (const lane of atomic()) lane.setOpen(false)
    for (const lane of atomic()) {
      await lane.idle()
      torn ||= lane.torn
    }

    // No await between here and the flushes: the values of exactly the noted messages have been written by now.
    const noted = sources.map((run) => [run.source, run.note()] as const)
    const checkpoint: Checkpoint = { id: ++id, positions: new Map(noted.filter(([, handled]) => handled.size > 0)) }
    const flush = () => all(writers, flushing, (writer) => (writer.atomic ? undefined : writer.flush(checkpoint)))
    await flush()
    // Of what this checkpoint acknowledges, no value may be refused later. A refusal leads to a retry or a dead letter, which
    // has to be flushed and may be refused again.
    for (
      let late = [...refusals.keys()];
      !failed && late.length > 0;
      late = late.filter((kept) => refusals.has(kept))
    ) {
      await Promise.all(late.map(async (kept) => refusals.get(kept))).catch(() => (failed = true))
      for (const kept of late) refusals.delete(kept)
      await flush()
    }
    await all(atomicWriters, flushing, (writer) => (torn ? undefined : writer.flush(checkpoint)))
    runtime.paused = false
    for (const lane of atomic()) lane.setOpen(true)
    await all(given, committing, (source) => source.commit())
    if (!failed)
      emit('checkpoint', () => ({
        id,
        durationMs: Math.round(host.monotonic() - start),
        lanes: noted.reduce((sum, [, handled]) => sum + handled.size, 0),
      }))
  }

  return () =>
    (next ??= current.then(() => {
      next = undefined
      current = round()
      return current
    }))
}

/** Makes a checkpoint `everyMs` after the one before, and brings the counts for health up to date. Returns a function that ends this. */
export function keepCheckpointing(
  host: Host,
  everyMs: number,
  checkpoint: () => Promise<void>,
  monitor: Monitor,
): () => void {
  let cancel: () => void
  let over = false
  const arm = () => {
    cancel = host.setTimeout(async () => {
      await checkpoint()
      countAll(monitor)
      if (!over) arm()
    }, everyMs)
  }
  arm()
  return () => {
    over = true
    cancel()
  }
}
