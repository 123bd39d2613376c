import { isThenable } from '../adapter/promise.ts'
import type { Checkpoint, Host, Origin, SinkWriter } from '../protocol.ts'
import type { TransactionScenario } from './transaction-scenario.ts'

/** A message, by its place. */
export interface Place {
  readonly log: number
  readonly lane: number
  readonly index: number
  readonly key: number
}

/** A value on its way to the sink: an output of a message, or the message as a dead letter. */
export interface Value {
  readonly place: Place
  /** The number of the output; -1: a dead letter. */
  readonly nth: number
  /** Refuses the value before a flush, as often as it returns true. */
  readonly refusesLate: () => boolean
}

/** A lane in a transaction. */
interface LanePosition {
  /** Whether the lane has the owner that it had when the transaction was flushed. */
  readonly isOwned: () => boolean
  readonly commit: () => void
}

/** The sink of a member, and its dead letter sink, which share a transaction. */
export interface TransactionSink {
  writer(isDeadLetter: boolean): SinkWriter<unknown>
  /** No call has an effect any more. */
  kill(): void
}

export function createTransactionSink({
  host,
  plan,
  failAtFlush,
  violated,
  values,
  inFlight,
  lanesOf,
}: {
  readonly host: Host
  readonly plan: TransactionScenario['sink']
  readonly failAtFlush: number
  readonly violated: (what: string) => void
  /** Gets the values of committed transactions. */
  readonly values: Value[]
  /** The number of messages in flight. */
  readonly inFlight: () => number
  readonly lanesOf: (positions: Checkpoint['positions']) => readonly LanePosition[]
}): TransactionSink {
  const sleep = (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))
  let open: Value[] = []
  const late = new Map<Value, (() => void) | undefined>()
  const held = new Map<Origin, Value[]>()
  let state: 'open' | 'failed' | 'over' = 'open'
  let flushes = 0
  const take = (value: Value) => {
    if (state === 'open') open.push(value)
  }
  const transaction = {}

  const writer = (isDeadLetter: boolean): SinkWriter<unknown> => ({
    atomic: transaction,
    pipelined: plan.pipelined,
    write(given, origin) {
      if (isDeadLetter) {
        const { message } = given as { readonly message: Place }
        return take({ place: message, nth: -1, refusesLate: () => false })
      }
      const value = given as Value
      const kept = origin?.keep?.()
      if (kept) late.set(value, () => kept.refuse(new Error('refused late'), () => take(value)))
      const own = origin && held.get(origin)
      if (own) own.push(value)
      else take(value)
    },
    enclose<T>(handle: () => T, origin: Origin): T {
      held.set(origin, [])
      const end = (keeps: boolean) => {
        if (keeps) held.get(origin)?.forEach(take)
        held.delete(origin)
      }
      const outcome = handle()
      if (!isThenable(outcome)) {
        end(true)
        return outcome
      }
      return outcome.then(
        (skipped) => {
          end(skipped !== true)
          return skipped
        },
        (error: unknown) => {
          end(false)
          throw error
        },
      ) as T
    },
    undo: (origin) => void held.set(origin, []),
    async prepare() {
      if (isDeadLetter) return
      await sleep(plan.prepareMs)
      for (const value of open.filter(({ refusesLate }) => refusesLate())) {
        const refuse = late.get(value)
        if (!refuse) continue
        open = open.filter((other) => other !== value)
        refuse()
      }
    },
    async flush({ positions }: Checkpoint): Promise<void | { readonly aborted: Error }> {
      if (inFlight() > 0) violated('a transaction is flushed while a message is in flight')
      if (state === 'failed') violated('a failed transaction is flushed')
      // Without pipelining, values that are written while the flush is pending belong to it.
      let flushed: readonly Value[] = []
      const seal = () => {
        flushed = open
        open = []
      }
      if (plan.pipelined) seal()
      const number = ++flushes
      const at = lanesOf(positions)
      await sleep(plan.flushMs)
      if (state === 'over') throw new Error('the member is dead')
      if (number === failAtFlush) throw new Error('the flush fails')
      const isFenced = at.some(({ isOwned }) => !isOwned())
      if (isFenced || plan.aborts.includes(number)) {
        state = 'failed'
        return { aborted: new Error(isFenced ? 'lanes were lost' : 'the broker aborts') }
      }
      for (const { commit } of at) commit()
      if (!plan.pipelined) seal()
      values.push(...flushed)
      return undefined
    },
    async abort() {
      if (inFlight() > 0) violated('a transaction is aborted while a message is in flight')
      await sleep(plan.abortMs)
      open = []
      if (state === 'failed') state = 'open'
    },
    close() {
      state = 'over'
    },
  })

  return {
    writer,
    kill() {
      state = 'over'
    },
  }
}
