import { failure } from './error.ts'
import type { Checkpoint, MaybePromise, SinkWriter } from './protocol.ts'
import type { SourceRun } from './source-run.ts'

/**
 * Makes a checkpoint: makes durable and acknowledges what has been handled before the call. One round at a time; calls
 * that come during one share the next. Never rejects: what fails goes to `fail`, and there is no further checkpoint.
 */
export function createCheckpointer(
  sources: readonly SourceRun[],
  writers: readonly SinkWriter<unknown>[],
  fail: (error: unknown) => void,
): () => Promise<void> {
  let current = Promise.resolve()
  let next: Promise<void> | undefined
  let id = 0
  let failed = false

  /** Waits for all of them, also when one fails, so that none goes on unseen. */
  async function all<T>(targets: readonly T[], call: (target: T) => MaybePromise<void> | undefined): Promise<void> {
    const attempt = async (target: T) => {
      try {
        await call(target)
      } catch (error) {
        failed = true
        fail(failure('SINK_FAILED', 'a checkpoint', error))
      }
    }
    if (!failed) await Promise.all(targets.map(attempt))
  }

  async function round(): Promise<void> {
    if (failed) return
    const paused = sources.flatMap(({ atomic, lanes }) => (atomic ? lanes : []))
    for (const lane of paused) lane.open = false
    for (const lane of paused) await lane.idle()

    // From here to the flushes nothing may be awaited: what is handled now is what has been written by now.
    const noted = sources.map((run) => [run.source, run.note()] as const)
    const checkpoint: Checkpoint = { id: ++id, positions: new Map(noted.filter(([, handled]) => handled.size > 0)) }
    await all(writers, (writer) => (writer.atomic ? undefined : writer.flush(checkpoint)))
    await all(writers, (writer) => (writer.atomic ? writer.flush(checkpoint) : undefined))
    for (const lane of paused) lane.resume()
    await all(sources, (source) => source.commit())
  }

  return () =>
    (next ??= current.then(() => {
      next = undefined
      current = round()
      return current
    }))
}
