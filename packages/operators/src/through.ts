import type { Context, Through, ThroughParts } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import { chain, chainOf } from './chain.ts'
import type { Chain, Input, Operator } from './chain.ts'
import { checkProtocol } from './check-protocol.ts'
import { createChainClock } from './clock.ts'
import type { ChainClock } from './clock.ts'
import { createResults } from './results.ts'
import type { Frame, OperatorStep } from './step.ts'
import { Tick } from './tick.ts'

/** An operator with one input. */
export interface SingleOperator<M, R> extends Omit<Operator<R>, 'connect'> {
  /** Makes its step in front of `next`. */
  connect(next: OperatorStep<R>, frame: Frame): OperatorStep<M>
}

/** Puts an operator behind a source or another operator. Throws `USAGE`. */
export function through<M, R, S>(input: Input<M, S>, operator: SingleOperator<M, R>): Through<R, S> {
  return throughOf<R, S>([chainOf(input, operator.name)], {
    ...operator,
    connect: (next, frame) => [operator.connect(next, frame)],
  })
}

/** Puts an operator behind several inputs. Throws `USAGE`. @public */
export function throughOf<R, S>(inputs: readonly Chain<unknown>[], operator: Operator<R>): Through<R, S> {
  checkProtocol()
  const made = chain(inputs, operator)
  const clock = made.timing && createChainClock(made.stores, made.timing)
  const parts: ThroughParts<R, S> = {
    name: made.name,
    sources: made.sources as ThroughParts<R, S>['sources'],
    // Gates first: they tell that topics do not go together, in the words of the operator.
    use: [...made.use, ...made.stores, ...(clock ? [clock] : [])],
    single: made.single,
    sequential: made.sequential,
    bind(handler) {
      const handle = createHandler(made, clock, handler)
      return { handler: handle, ...(clock && { timestamp: clock.timeOf }) }
    },
  }
  return { '~snapstream.through': parts, '~snapstream.chain': made } as Through<R, S>
}

/** Puts the operators of a chain before a handler. */
function createHandler<R>(
  made: Chain<R>,
  clock: ChainClock | undefined,
  handler: (result: R, context: Context) => unknown,
): (message: unknown, context: Context) => unknown {
  const results = createResults(handler, clock)
  const frame: Frame & { root: unknown; attempt: number } = {
    root: undefined,
    attempt: 0,
    get source() {
      return clock?.source
    },
    get lane() {
      return clock?.lane
    },
    now: () => clock?.now() ?? Date.now(),
    late: (timestamp, time) => clock?.late(timestamp, time),
  }
  const steps = made.connect(results.step, frame) as readonly OperatorStep<unknown>[]
  const [first] = steps
  const only = steps.length === 1 ? first : undefined

  function run(message: unknown): void {
    frame.root = message
    frame.attempt++
    results.begin()
    if (clock && message instanceof Tick) for (const step of steps) step.tick?.(message)
    else (only ?? steps[made.sources.indexOf(clock?.source as never)] ?? first)?.message(message, undefined)
  }

  if (made.stores.length === 0)
    return (message, context) => {
      run(message)
      return results.end(message, context)
    }

  /** Waits for what the stores load, and begins again. */
  async function reload(thrown: unknown, message: unknown, context: Context): Promise<unknown> {
    const at = clock?.at
    for (let loading = loadingOf(thrown); loading;) {
      for (const store of made.stores) store['~snapstream.operator'].of(message).undo()
      await loading
      clock?.resume(at)
      loading = undefined
      try {
        run(message)
      } catch (again) {
        loading = loadingOf(again)
        if (!loading) throw again
      }
    }
    return results.end(message, context)
  }

  return (message, context) => {
    try {
      run(message)
    } catch (thrown) {
      if (loadingOf(thrown)) return reload(thrown, message, context)
      throw thrown
    }
    return results.end(message, context)
  }
}

/** The promise of what a store loads, if it threw because of that. */
function loadingOf(thrown: unknown): PromiseLike<void> | undefined {
  const { '~snapstream.loading': loading } = Object(thrown) as { '~snapstream.loading'?: PromiseLike<void> }
  return isThenable(loading) ? loading : undefined
}
