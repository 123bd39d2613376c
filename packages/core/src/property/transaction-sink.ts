import { isThenable } from '../adapter/promise.ts'
import type { Host } from '../host.ts'
import type { Checkpoint, Origin, SinkWriter } from '../protocol.ts'
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
  /** The number of the output; -1: a dead letter; -2: a write to the state; -3: the output of a tick. */
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
  /** Takes a value into the transaction. */
  send(value: Value): void
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
  owns,
}: {
  readonly host: Host
  readonly plan: TransactionScenario['sink']
  readonly failAtFlush: number
  readonly violated: (what: string) => void
  /** Gets the values of committed transactions. */
  readonly values: Value[]
  /** The number of messages in flight. */
  readonly inFlight: () => number
  /** Whether the member has the lane of a message, and no other member. */
  readonly owns: (place: Place) => boolean
  readonly lanesOf: (positions: Checkpoint['positions']) => readonly LanePosition[]
}): TransactionSink {
  const sleep = (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms))
  let open: Value[] = []
  /** The values of the transaction that is flushed. */
  let flushing: Value[] | undefined
  /** Refuses a value after it was written. */
  const late = new Map<Value, () => Promise<void>>()
  /** The messages of which a value was refused so. */
  const refused = new WeakSet<object>()
  const held = new Map<Origin, Value[]>()
  let state: 'open' | 'failed' | 'over' = 'open'
  let flushes = 0
  const take = (value: Value) => {
    if (state !== 'open') return
    // While the lanes are stopped, what is written belongs to the transaction that is flushed.
    if (plan.flows) open.push(value)
    else (flushing ?? open).push(value)
  }
  const hold = (value: Value, origin: Origin | undefined) => {
    const own = origin && held.get(origin)
    if (own) own.push(value)
    else if (plan.flows && origin) held.set(origin, [value])
    else take(value)
  }
  /** Takes a value in the place of one that was refused. */
  const takeLate = (value: Value) => void (flushing ?? open).push(value)
  const transaction = {}

  /** Takes the values of each message when it counts as handled. */
  const flowing: Pick<SinkWriter<unknown>, 'release' | 'undo' | 'prepare'> = {
    release(origin) {
      held.get(origin)?.forEach(take)
      held.delete(origin)
    },
    undo: (origin) => void held.delete(origin),
    prepare() {
      flushing = open
      open = []
    },
  }
  /** Takes the values of each message when its attempt has succeeded. */
  const enclosing: Pick<SinkWriter<unknown>, 'enclose' | 'undo'> = {
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
  }

  const writer = (isDeadLetter: boolean): SinkWriter<unknown> => ({
    atomic: transaction,
    ...(plan.flows ? flowing : enclosing),
    write(given, origin) {
      if (isDeadLetter) {
        const { message } = given as { readonly message: Place }
        const letter: Value = { place: message, nth: -1, refusesLate: () => false }
        // The dead letter of an enclosed message is kept, and its other values are not.
        if (!plan.flows) return take(letter)
        return origin && refused.has(origin) ? takeLate(letter) : hold(letter, origin)
      }
      const value = given as Value
      const kept = origin?.keep?.()
      if (kept)
        late.set(value, () => {
          refused.add(kept)
          return kept.refuse(new Error('refused late'), () => takeLate(value))
        })
      hold(value, origin)
    },
    async flush({ positions }: Checkpoint): Promise<void | { readonly aborted: Error }> {
      if (!plan.flows) {
        if (inFlight() > 0) violated('a transaction is flushed while a message is in flight')
        flushing = open
        open = []
      }
      if (state === 'failed') violated('a failed transaction is flushed')
      const number = ++flushes
      const at = lanesOf(positions)
      await sleep(plan.prepareMs)
      let problem: Error | undefined
      while (!problem) {
        const again = (flushing ?? []).filter((value) => late.has(value) && value.refusesLate())
        if (again.length === 0) break
        flushing = flushing?.filter((value) => !again.includes(value))
        for (const value of again)
          await late
            .get(value)?.()
            .catch((error: Error) => (problem = error))
      }
      await sleep(plan.flushMs)
      const flushed = flushing ?? []
      flushing = undefined
      if (state === 'over') throw new Error('the member is dead')
      if (number === failAtFlush) throw new Error('the flush fails')
      const isFenced = at.some(({ isOwned }) => !isOwned())
      if (isFenced || problem || plan.aborts.includes(number)) {
        state = 'failed'
        return { aborted: problem ?? new Error(isFenced ? 'lanes were lost' : 'the broker aborts') }
      }
      for (const { nth, place } of flushed)
        if (nth === -3 && !owns(place)) violated(`the tick of a lost lane ${place.log}/${place.lane} is committed`)
      for (const { commit } of at) commit()
      values.push(...flushed)
      return undefined
    },
    async abort() {
      if (inFlight() > 0) violated('a transaction is aborted while a message is in flight')
      await sleep(plan.abortMs)
      open = []
      flushing = undefined
      held.clear()
      if (state === 'failed') state = 'open'
    },
    close() {
      state = 'over'
    },
  })

  return {
    writer,
    send: take,
    kill() {
      state = 'over'
    },
  }
}
