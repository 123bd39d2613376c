import { toSnapstreamError } from './error.ts'
import type { Plan } from './plan.ts'
import type { Checkpoint, Positions } from './protocol.ts'
import type { SourceRun } from './source-run.ts'

/**
 * Makes a checkpoint: makes durable and acknowledges what has been handled before the call. One round at a time; calls
 * that come during one share the next. Never rejects: what fails goes to `fail`, and there is no further checkpoint.
 */
export function createCheckpointer({ sources, writers }: Plan, fail: (error: Error) => void): () => Promise<void> {
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined
  let id = 0
  let failed = false

  async function round(): Promise<void> {
    const paused = sources.flatMap(({ atomic, lanes }) => (atomic ? lanes : []))
    const resume = () => paused.forEach((lane) => lane.resume())
    try {
      for (const lane of paused) lane.pause()
      for (const lane of paused) await lane.idle()

      // From here to the flushes nothing may be awaited: what is handled now is what has been written by now.
      const noted = new Map<SourceRun, Positions>()
      for (const source of sources) {
        const handled = source.handled()
        if (handled.size > 0) noted.set(source, handled)
      }
      const positions = new Map([...noted].map(([run, handled]) => [run.source, handled]))
      const checkpoint: Checkpoint = { id: ++id, positions }
      await allSettled(writers.filter((writer) => !writer.atomic).map((writer) => writer.flush(checkpoint)))
      await allSettled(writers.filter((writer) => writer.atomic).map((writer) => writer.flush(checkpoint)))
      resume()
      await allSettled([...noted].map(([source, handled]) => source.commit(handled)))
    } catch (error) {
      failed = true
      fail(toSnapstreamError('SINK_FAILED', 'a checkpoint failed', error))
    } finally {
      resume()
    }
  }

  return async function checkpoint(): Promise<void> {
    if (failed) return
    if (current !== undefined) {
      next ??= current.then(() => {
        next = undefined
        return checkpoint()
      })
      return next
    }
    current = round()
    await current
    current = undefined
  }
}

/** Like `Promise.all`, but waits for all of them also when one rejects, so that none goes on unseen. */
async function allSettled(pending: readonly unknown[]): Promise<void> {
  const results = await Promise.allSettled(pending)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
