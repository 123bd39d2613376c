import { isBatchSource } from './binding.ts'
import type { Binding } from './binding.ts'
import { Cursor } from './cursor.ts'
import { expectUsage } from './error.ts'
import { createKeyedWorker } from './keyed-worker.ts'
import type { LaneRun } from './lane.ts'
import type { SinkWriter } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { createSequentialWorker } from './sequential-worker.ts'
import { createSourceRun } from './source-run.ts'
import type { SourceRun } from './source-run.ts'
import { createStep } from './step.ts'
import type { Step } from './step.ts'

/**
 * Turns bindings into what runs: one run a source, however many bindings share it, and one step a binding. `writers`
 * holds those of all topics and caches, by the object that was bound.
 */
export function createSourceRuns(
  runtime: Runtime,
  bindings: readonly Binding[],
  writers: ReadonlyMap<unknown, SinkWriter<unknown>>,
): SourceRun[] {
  const steps = new Map(bindings.map((binding) => [binding, createStep(runtime, binding, writers)]))
  return [...new Set(bindings.flatMap(({ sources }) => sources))].map((source) => {
    const readers = bindings.filter(({ sources }) => sources.includes(source))
    const names = readers.map(({ name }) => name).join(', ')
    const batched = isBatchSource(source)
    const [atomic, ...others] = new Set(
      readers
        .flatMap(({ targets }) => targets.flatMap((target) => writers.get(target) ?? []))
        .filter((writer) => writer.atomic),
    )
    // Effects and positions can only be kept together if one transaction sees all that a source's messages do.
    expectUsage(
      !batched || !atomic || (others.length === 0 && readers.length === 1),
      `what a source with an atomic sink feeds (${names})`,
      'that sink only, from one binding',
      readers,
    )

    const createWorkers = (lane: LaneRun) =>
      readers.map((binding) => {
        const { concurrency, timestamp, key = batched && source['~snapstream.key'] } = binding
        const step = steps.get(binding) as Step
        const newCursor = () => new Cursor(lane, timestamp)
        return concurrency === 1
          ? createSequentialWorker(runtime, lane, step, newCursor())
          : createKeyedWorker(runtime, lane, step, newCursor, concurrency, key as (message: unknown) => unknown)
      })
    const direct = readers.every(({ concurrency }) => concurrency === 1) && readers.length === 1
    return createSourceRun(runtime, source, names, createWorkers, direct, atomic)
  })
}
