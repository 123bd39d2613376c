import { createBatchRun } from './batch-run.ts'
import { isBatchSource } from './binding.ts'
import type { Binding } from './binding.ts'
import type { BindingRun } from './checkpointer.ts'
import { SnapstreamError } from './error.ts'
import { createFunctionSink } from './function-sink.ts'
import { createIteratorRun } from './iterator-run.ts'
import { createKeyedWorker } from './keyed-worker.ts'
import type { LaneRun, Worker } from './lane.ts'
import { Pace } from './pace.ts'
import type { Host, SinkWriter } from './protocol.ts'
import { createSequentialWorker } from './sequential-worker.ts'
import type { SourceRun } from './source-run.ts'
import { createStep } from './step.ts'
import type { Step } from './step.ts'
import type { Context, Source } from './types.ts'

export interface PlanOptions {
  readonly bindings: readonly Binding[]
  /** The writers of all topics and caches, by the object that was bound. */
  readonly writers: ReadonlyMap<unknown, SinkWriter<unknown>>
  readonly context: Context
  readonly host: Host
  readonly scope: Map<unknown, unknown>
  /** Aborted when reading has to end. */
  readonly reading: AbortSignal
  checkpoint(): Promise<void>
  fail(error: unknown): void
}

export interface Plan {
  readonly sources: readonly SourceRun[]
  readonly bindings: readonly BindingRun[]
}

/** Turns bindings into what runs: one run a source, however many bindings share it, and one step a binding. */
export function createPlan(options: PlanOptions): Plan {
  const { bindings, writers, context, host, scope, reading, checkpoint, fail } = options
  const pace = new Pace(host)
  const steps = new Map(bindings.map((binding) => [binding, createStepOf(binding)]))
  const runs = new Map<unknown, SourceRun>()
  for (const binding of bindings)
    for (const source of binding.sources) if (!runs.has(source)) runs.set(source, createSourceRun(source))

  function createStepOf(binding: Binding): Step {
    const writerOf = (sink: unknown) => writers.get(sink) ?? createFunctionSink(sink as (value: unknown) => unknown)
    const { deadLetter } = binding.policy
    return createStep({
      binding,
      outputs: binding.sinks.map(writerOf),
      deadLetter: deadLetter === undefined ? undefined : writerOf(deadLetter),
      context,
      pace,
    })
  }

  function createSourceRun(source: Source<unknown>): SourceRun {
    const readers = bindings.filter((binding) => binding.sources.includes(source))
    requireOneAtomic(readers, source)
    const [first] = readers
    if (first && readers.length === 1 && first.concurrency === 1 && !isBatchSource(source) && !Array.isArray(source))
      return createIteratorRun({ source, step: stepOf(first), timestamp: first.timestamp, pace, host })
    return createBatchRun({
      source,
      host,
      signal: reading,
      scope,
      checkpoint,
      createWorkers: (lane) => readers.map((binding) => createWorker(binding, source, lane)),
      restore: (from, lanes) => atomicOf(readers)?.positions?.(from, lanes),
    })
  }

  function createWorker(binding: Binding, source: Source<unknown>, lane: LaneRun): Worker {
    const { concurrency, timestamp } = binding
    const worker = { lane, step: stepOf(binding), pace, timestamp, fail }
    if (concurrency === 1) return createSequentialWorker(worker)
    const key = binding.key ?? (isBatchSource(source) ? source['~snapstream.key'] : undefined)
    return createKeyedWorker({ ...worker, concurrency, key: key as (message: unknown) => unknown })
  }

  function stepOf(binding: Binding): Step {
    return steps.get(binding) as Step
  }

  function targetsOf({ sinks, policy, use }: Binding): SinkWriter<unknown>[] {
    return [...sinks, policy.deadLetter, ...use]
      .map((target) => writers.get(target))
      .filter((writer) => writer !== undefined)
  }

  function atomicOf(some: readonly Binding[]): SinkWriter<unknown> | undefined {
    return some.flatMap(targetsOf).find((writer) => writer.atomic)
  }

  /** Effects and positions can only be kept together if one transaction sees all that a source's messages do. */
  function requireOneAtomic(readers: readonly Binding[], source: Source<unknown>) {
    const atomic = new Set(readers.flatMap(targetsOf).filter((writer) => writer.atomic))
    if (atomic.size === 0 || !isBatchSource(source)) return
    if (atomic.size === 1 && readers.length === 1) return
    const names = readers.map(({ name }) => name).join(', ')
    throw new SnapstreamError(
      'USAGE',
      `${names}: a source that feeds an atomic sink needs to feed that sink only, from one binding; ` +
        `it feeds ${atomic.size} atomic sinks from ${readers.length} bindings`,
    )
  }

  return {
    sources: [...runs.values()],
    bindings: bindings.map((binding) => ({
      name: binding.name,
      step: stepOf(binding),
      sources: binding.sources.map((source) => runs.get(source) as SourceRun),
      writers: targetsOf(binding),
    })),
  }
}
