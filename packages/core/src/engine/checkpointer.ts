import type { Checkpoint, MaybePromise } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import type { SourceRun } from './source-run.ts'

/**
 * Makes a checkpoint: makes durable and acknowledges what has been handled before the call. One round at a time; calls
 * that come during one share the next. Never rejects: what fails goes to `fail`, and there is no further checkpoint.
 */
export function createCheckpointer(runtime: Runtime, sources: readonly SourceRun[]): () => Promise<void> {
  const { host, fail, emit, flushing, committing, refusals, writers } = runtime
  /** One writer for each transaction, by what was bound. */
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
  /** Something was left half done: of what an atomic sink has since its last flush, nothing may stay. */
  let torn = false

  /** Waits for all of them, also when one fails, so that none goes on unseen. */
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

    // From here to the flushes nothing may be awaited: what is handled now is what has been written by now.
    const noted = sources.map((run) => [run.source, run.note()] as const)
    const checkpoint: Checkpoint = { id: ++id, positions: new Map(noted.filter(([, handled]) => handled.size > 0)) }
    const flush = () => all(writers, flushing, (writer) => (writer.atomic ? undefined : writer.flush(checkpoint)))
    await flush()
    // Of what is acknowledged here nothing is refused later: what a refusal leaves behind, a dead letter or a retry, is
    // flushed, and may be refused again.
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
