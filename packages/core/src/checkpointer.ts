import { SnapstreamError, toError } from './error.ts'
import type { Checkpoint, Position, Lane, SinkWriter } from './protocol.ts'
import type { SourceRun } from './source-run.ts'
import type { Step } from './step.ts'

/** A binding in a run. */
export interface BindingRun {
  readonly name: string
  readonly step: Step
  readonly sources: readonly SourceRun[]
  /** Everything to flush before what the binding has handled is acknowledged. */
  readonly writers: readonly SinkWriter<unknown>[]
}

export interface CheckpointerOptions {
  readonly sources: readonly SourceRun[]
  readonly bindings: readonly BindingRun[]
  /** A sink or a source failed; there will be no further checkpoint. */
  fail(error: Error): void
}

export interface Checkpointer {
  /**
   * Makes durable and acknowledges what has been handled before the call. One round at a time; calls that come during
   * one share the next. Never rejects: what fails goes to `fail`.
   */
  checkpoint(): Promise<void>
}

export function createCheckpointer({ sources, bindings, fail }: CheckpointerOptions): Checkpointer {
  const atomicFeeds = new Map<SinkWriter<unknown>, readonly SourceRun[]>()
  for (const binding of bindings)
    for (const writer of binding.writers) if (writer.atomic) atomicFeeds.set(writer, binding.sources)
  const quiesced = new Set([...atomicFeeds.values()].flat())
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined
  let rounds = 0
  let failed = false

  async function round(): Promise<void> {
    const paused = [...quiesced].flatMap((source) => [...source.lanes])
    try {
      for (const lane of paused) lane.pause()
      await Promise.all(paused.map((lane) => lane.idle()))

      // From here to the flushes nothing may be awaited: what is handled now is what has been written by now.
      const noted = new Map<SourceRun, Map<Lane, Position>>()
      for (const source of sources) {
        const handled = source.handled()
        if (handled.size > 0) noted.set(source, handled)
      }
      const concerned = bindings.filter(
        ({ step, sources }) => step.takeTouched() || sources.some((one) => noted.has(one)),
      )
      if (concerned.length === 0) return
      const id = ++rounds
      const writers = new Set(concerned.flatMap((binding) => binding.writers))
      const checkpointOf = (some: Iterable<SourceRun>): Checkpoint => ({
        id,
        positions: new Map(
          [...some].flatMap((one) => (noted.has(one) ? [[one.source, noted.get(one) ?? new Map()]] : [])),
        ),
      })
      const everything = checkpointOf(noted.keys())
      await allSettledOrThrow([...writers].filter((writer) => !writer.atomic).map((writer) => writer.flush(everything)))
      await allSettledOrThrow(
        [...writers]
          .filter((writer) => writer.atomic)
          .map((writer) => writer.flush(checkpointOf(atomicFeeds.get(writer) ?? []))),
      )
      for (const lane of paused) lane.resume()
      await commit(noted)
    } catch (thrown) {
      failed = true
      const cause = toError(thrown)
      fail(
        SnapstreamError.is(cause)
          ? cause
          : new SnapstreamError('SINK_FAILED', `a sink failed: ${cause.message}`, { cause }),
      )
    } finally {
      for (const lane of paused) lane.resume()
    }
  }

  async function commit(noted: ReadonlyMap<SourceRun, Map<Lane, Position>>) {
    try {
      await Promise.all([...noted].map(([source, positions]) => source.commit(positions, quiesced.has(source))))
    } catch (thrown) {
      const cause = toError(thrown)
      throw SnapstreamError.is(cause)
        ? cause
        : new SnapstreamError('SOURCE_FAILED', `a source failed to commit: ${cause.message}`, { cause })
    }
  }

  async function checkpoint(): Promise<void> {
    if (failed) return
    if (current === undefined) {
      current = round()
      await current
      current = undefined
      return
    }
    next ??= current.then(async () => {
      next = undefined
      await checkpoint()
    })
    await next
  }

  return { checkpoint }
}

/** Like `Promise.all`, but waits for all of them also when one rejects, so that none goes on unseen. */
async function allSettledOrThrow(pending: readonly unknown[]): Promise<void> {
  const results = await Promise.allSettled(pending)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
