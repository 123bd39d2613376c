import { describe, SnapstreamError } from '@snapstream/core'
import type { SinkTarget, Source, Through } from '@snapstream/core'
import type { AnyStore } from './any-store.ts'
import type { Frame, OperatorStep } from './step.ts'

/** A source, or an operator whose results are the messages. `S`: the messages of the sources. */
export type Input<M, S = M> = Source<M> | Through<M, S>

/** How a chain goes by time. */
export interface Timing {
  /** The time after which a partition without messages moves with the wall clock, in ms. */
  readonly idleMs: number
}

/** Sources and the operators behind them, which are not bound yet. */
export interface Chain<T> {
  /** The name of the last operator. */
  readonly name: string
  readonly sources: readonly Source<never>[]
  /** The stores of the operators, each once. */
  readonly stores: readonly AnyStore[]
  /** The resources that it uses beside stores: the gates of several inputs, and tables. */
  readonly use: readonly SinkTarget<never>[]
  /** The objects that only one binding may have. */
  readonly single: readonly object[]
  /** Whether the messages of a lane have to come one after another. */
  readonly sequential: boolean
  /** Undefined: no operator goes by time. */
  readonly timing: Timing | undefined
  /** Makes the steps in front of `next`: one for each source, in their order. */
  connect(next: OperatorStep<T>, frame: Frame): readonly OperatorStep<never>[]
}

/** A chain that is a through: others are made of it. */
interface Chained<T> {
  readonly '~snapstream.chain': Chain<T>
}

/** The chain of a through; a source is a chain without operators. Throws `USAGE` for a through of another package. */
export function chainOf<M, S>(input: Input<M, S>, operator: string): Chain<M> {
  const { '~snapstream.chain': chain } = Object(input) as Partial<Chained<M>>
  if (chain !== undefined) return chain
  if ('~snapstream.through' in Object(input))
    throw new SnapstreamError(
      'USAGE',
      `${operator} takes a source or an operator of @snapstream/operators, got a through of another package; bind that one to a topic, and read the topic`,
    )
  const isSource = typeof input === 'object' || typeof input === 'function'
  if (!isSource || input === null)
    throw new SnapstreamError(
      'USAGE',
      `${operator} takes a topic, a cache, an iterable such as [1, 2] or an operator, got ${describe(input)}`,
    )
  return {
    name: operator,
    sources: [input as Source<never>],
    stores: [],
    use: [],
    single: [],
    sequential: false,
    timing: undefined,
    connect: (next) => [next],
  }
}

/** An operator between its inputs and the next one. */
export interface Operator<R> {
  /** Its name, for errors. */
  readonly name: string
  /** The store of its state. An operator with a store is bound once. */
  readonly store?: AnyStore | undefined
  /** Lets the messages of its inputs through one after another. An operator with a gate is bound once. */
  readonly gate?: SinkTarget<never> | undefined
  /** The resources that it reads, such as tables. */
  readonly use?: readonly SinkTarget<never>[] | undefined
  /** Whether the messages of a lane have to come one after another. */
  readonly sequential?: boolean
  /** Undefined: it does not go by time. */
  readonly timing?: Timing | undefined
  /** Makes its steps in front of `next`: one for each input. */
  connect(next: OperatorStep<R>, frame: Frame): readonly OperatorStep<never>[]
}

/** The chain of an operator behind its inputs. Throws `USAGE` if two of them have a store in common. */
export function chain<R>(inputs: readonly Chain<unknown>[], operator: Operator<R>): Chain<R> {
  const { name, store, gate, use = [], sequential = false, timing } = operator
  const gates = gate ? [gate] : []
  const stores = [...inputs.flatMap((input) => input.stores), ...(store ? [store] : [])]
  const twice = stores.find((one, i) => stores.indexOf(one) !== i)
  if (twice !== undefined)
    throw new SnapstreamError(
      'USAGE',
      `${twice['~snapstream.operator'].title} is in ${name} and in another operator before it; give each operator a store of its own`,
    )
  const timings = [...inputs.map((input) => input.timing), timing].filter((one) => one !== undefined)
  return {
    name,
    sources: inputs.flatMap(({ sources }) => sources),
    stores,
    use: [...new Set([...gates, ...inputs.flatMap((input) => input.use), ...use])],
    single: [...inputs.flatMap(({ single }) => single), ...(store ? [store] : []), ...gates],
    sequential: sequential || inputs.some((input) => input.sequential),
    timing: timings.length === 0 ? undefined : { idleMs: Math.min(...timings.map(({ idleMs }) => idleMs)) },
    connect(next, frame) {
      const steps = operator.connect(next, frame)
      return inputs.flatMap((input, i) => input.connect(steps[i] as OperatorStep<unknown>, frame))
    },
  }
}
