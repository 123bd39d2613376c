import { countAll } from '../observe/health.ts'
import type { Monitor } from '../observe/monitor.ts'
import type { Host } from '../host.ts'
import type { Checkpoint } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import type { SourceRun } from './source-run.ts'
import { endTransaction, statesIn } from './end-transaction.ts'
import { idle, setPaused } from './transaction.ts'

/**
 * Returns a function that makes a checkpoint: it makes the messages that were handled before the call durable, and
 * acknowledges them. One checkpoint runs at a time; calls during it share the next one. The function never rejects: an error
 * goes to `fail`, and ends all further checkpoints.
 */
export function createCheckpointer(runtime: Runtime, sources: readonly SourceRun[]): () => Promise<void> {
  const { host, fail, emit, flushing, committing, refusals, writers, transactions } = runtime
  const given = new Map(sources.map((run) => [run.source, run]))
  const atomic = new Set([...transactions.values()].flatMap((transaction) => statesIn(runtime, transaction)))
  /** The sinks with state that no transaction commits. */
  const stateful = [...writers].filter(([, { state }]) => state && !atomic.has(state))
  let current = Promise.resolve()
  let next: Promise<void> | undefined
  let id = 0
  let failed = false

  /** Calls all targets and waits for all of them, even if one fails, so that no call is left unobserved. */
  async function all<T>(
    targets: Iterable<readonly [bound: unknown, target: T]>,
    waiting: Map<unknown, number>,
    call: (target: T) => unknown,
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

  async function round(): Promise<void> {
    if (failed) return
    const start = host.monotonic()
    let aborted = false
    const stopped = [...transactions.values()].filter(({ writer }) => !writer.release)
    for (const transaction of stopped) setPaused(transaction, true)
    for (const transaction of stopped) await idle(transaction)

    // No await between here and the flushes: the values of exactly the noted messages have been written by now.
    const noted = sources.map((run) => [run.source, run.note()] as const)
    const checkpoint: Checkpoint = { id: ++id, positions: new Map(noted.filter(([, handled]) => handled.size > 0)) }
    // A state may still write into the transaction that ends here.
    for (const { state } of writers.values()) state?.prepare(checkpoint)
    for (const { writer } of transactions.values()) writer.prepare?.(checkpoint)
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
    await all(stateful, flushing, ({ state }) => state?.commit(checkpoint))
    const ending = [...transactions.values()].map((transaction) => [transaction.bound, transaction] as const)
    await all(ending, flushing, async (transaction) => {
      if (await endTransaction(runtime, transaction, checkpoint)) aborted = true
    })
    await all(given, committing, (source) => source.commit())
    if (!failed && !aborted)
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
