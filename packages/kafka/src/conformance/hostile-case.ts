import type { SaslSettings } from '../driver/driver.ts'
import type { Script } from './fake-broker.ts'

export interface HostileCase {
  /** The misbehaviour. */
  readonly name: string
  readonly script: Script
  /** What the driver is used for meanwhile. */
  readonly does: 'ask' | 'read' | 'group' | 'commit' | 'write' | 'transact'
  /** Matches the code and the message of the error, as `CODE: message`. */
  readonly expect: RegExp
  /** The driver reports a `trouble` and retries at a slow pace; it does not throw. */
  readonly told?: true
  readonly tls?: true
  readonly sasl?: SaslSettings['mechanism']
  /** No answer comes, or none that can be read: the driver gives up after a time limit. */
  readonly silent?: true
}

export type Answers = NonNullable<Script['answers']>
export type Rest = Partial<Omit<HostileCase, 'name' | 'script' | 'does' | 'expect'>>

/** A good broker, apart from these answers. */
export const answering = (
  name: string,
  does: HostileCase['does'],
  answers: Answers,
  expect: RegExp,
  rest: Rest = {},
): HostileCase => ({ name, does, script: { answers }, expect, ...rest })

export const random = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919 + 13) & 0xff))

/** An error code that Kafka does not have. */
export const NO_SUCH_CODE = 999
export const LARGEST: number = 2 ** 31 - 1
