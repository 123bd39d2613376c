import { isBatchSource } from './binding.ts'
import type { Binding } from './binding.ts'
import { Cursor } from './cursor.ts'
import { expectUsage } from './error.ts'
import { createFunctionSink } from './function-sink.ts'
import { createKeyedWorker } from './keyed-worker.ts'
import type { LaneRun, Worker } from './lane.ts'
import type { SinkWriter } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import { createSequentialWorker } from './sequential-worker.ts'
import { createSourceRun } from './source-run.ts'
import type { SourceRun } from './source-run.ts'
import { createStep } from './step.ts'
import type { Step } from './step.ts'
import type { Context, Source } from './types.ts'

export interface Plan {
  readonly sources: readonly SourceRun[]
  /** Of all sinks, dead letters and of what is in `use`, each once. */
  readonly writers: readonly SinkWriter<unknown>[]
}

/**
 * Turns bindings into what runs: one run a source, however many bindings share it, and one step a binding. `writers`
 * holds those of all topics and caches, by the object that was bound.
 */
export function createPlan(
  runtime: Runtime,
  bindings: readonly Binding[],
  writers: ReadonlyMap<unknown, SinkWriter<unknown>>,
  context: Context,
): Plan {
  const writerOf = (sink: unknown) => writers.get(sink) ?? createFunctionSink(sink as (value: unknown) => unknown)
  const steps = new Map<Binding, Step>()
  for (const binding of bindings) {
    const { deadLetter } = binding.policy
    const outputs = binding.sinks.map(writerOf)
    steps.set(
      binding,
      createStep({
        binding,
        outputs,
        deadLetter: deadLetter === undefined ? undefined : writerOf(deadLetter),
        context,
        pace: runtime.pace,
      }),
    )
  }
  function createRun(source: Source<unknown>): SourceRun {
    const readers = bindings.filter((binding) => binding.sources.includes(source))
    const names = readers.map(({ name }) => name).join(', ')
    const atomic = readers.flatMap(targetsOf).filter((writer) => writer.atomic)
    // Effects and positions can only be kept together if one transaction sees all that a source's messages do.
    expectUsage(
      !isBatchSource(source) || atomic.length === 0 || (new Set(atomic).size === 1 && readers.length === 1),
      `what a source with an atomic sink feeds (${names})`,
      'that sink only, from one binding',
      readers,
    )
    return createSourceRun(runtime, {
      source,
      names,
      direct: readers.length === 1 && readers[0]?.concurrency === 1,
      createWorkers: (lane) => readers.map((binding) => createWorker(binding, source, lane)),
      atomicSink: atomic[0],
    })
  }

  function createWorker(binding: Binding, source: Source<unknown>, lane: LaneRun): Worker {
    const { concurrency, timestamp } = binding
    const step = steps.get(binding) as Step
    const newCursor = () => new Cursor(lane, timestamp)
    if (concurrency === 1) return createSequentialWorker(runtime, lane, step, newCursor())
    const key = (binding.key ?? (isBatchSource(source) && source['~snapstream.key'])) as (message: unknown) => unknown
    return createKeyedWorker(runtime, lane, step, { concurrency, key, newCursor })
  }

  function targetsOf({ sinks, policy, use }: Binding): SinkWriter<unknown>[] {
    return [...sinks, policy.deadLetter, ...use].flatMap((target) => writers.get(target) ?? [])
  }

  const sources = [...new Set(bindings.flatMap((binding) => binding.sources))].map(createRun)
  return { sources, writers: [...writers.values()] }
}
