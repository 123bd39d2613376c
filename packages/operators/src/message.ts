import { describe, SnapstreamError } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { OperatorKey } from '@snapstream/core/adapter'
import type { OperatorStep } from './step.ts'

/** A message with a key: a record of a topic, or an object of `map`. */
export interface Keyed<K extends OperatorKey = OperatorKey> {
  /** The key; null for none, which is an error of the message. */
  readonly key: K | null
}

/** The keys of messages. */
export type KeyOf<M> = M extends { readonly key: infer K } ? Extract<K, OperatorKey> : never

/** The key of a message. Throws `HANDLER_FAILED` if it has none. */
export function keyOf<M extends Keyed>(message: M, operator: string): KeyOf<M> {
  const { key } = message
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return key as KeyOf<M>
  if (key instanceof Uint8Array) return key as KeyOf<M>
  throw new SnapstreamError(
    'HANDLER_FAILED',
    key === null || key === undefined
      ? `${operator} needs messages with a key, and this one has none; let onError skip it, or give it a key: bind the topic to another one with keys, or put map(...) before ${operator}`
      : `${operator} needs keys that are strings, numbers, booleans or bytes, got ${describe(key)}; put map(...) before ${operator}`,
  )
}

/** The time that a message has itself, in ms since the epoch. Undefined: none. */
export function ownTime(message: unknown): number | undefined {
  const { timestamp } = message as { readonly timestamp?: unknown }
  // Kafka's -1 stands for none.
  return typeof timestamp === 'number' && timestamp >= 0 ? timestamp : undefined
}

/** The event time of a message. `timestamp`: as the step got it. Throws `HANDLER_FAILED` if there is none. */
export function timeOf(message: unknown, timestamp: number | undefined, operator: string): number {
  const time = ownTime(message) ?? timestamp
  if (time !== undefined) return time
  throw new SnapstreamError(
    'HANDLER_FAILED',
    `${operator} goes by event time, and the message has no timestamp; put map(source, (message) => ({ ...message, timestamp })) before ${operator}, in ms since the epoch`,
  )
}

/** The time of what an operator makes of a message, for the next one: the message may not be a part of it. */
export function timeFor(
  next: OperatorStep<never>,
  message: unknown,
  timestamp: number | undefined,
): number | undefined {
  return next.passed ? (ownTime(message) ?? timestamp) : timestamp
}

/** Whether a message deletes its key: its value is null or undefined. */
export function isTombstone(message: object): boolean {
  return 'value' in message && (message.value === null || message.value === undefined)
}

/** Refuses a promise, and undefined, as the answer of a function that folds. Throws `USAGE`. */
export function expectSum<V>(sum: V, what: string): V {
  expectSync(sum, what)
  if (sum === undefined)
    throw new SnapstreamError(
      'USAGE',
      `${what} returned undefined; it returns the new value, also where nothing changes`,
    )
  return sum
}

/** Refuses a promise as the answer of a user's function. Throws `USAGE`. */
export function expectSync(answer: unknown, what: string): void {
  if (typeof answer === 'object' && isThenable(answer)) {
    // Its error would be unhandled.
    answer.then(undefined, () => {})
    throw new SnapstreamError(
      'USAGE',
      `${what} returned a promise; operators run in one step, so wait in the handler of the binding`,
    )
  }
}
