import type { SaslSettings } from '../driver/driver.ts'
import type { Script } from './fake-broker.ts'

export interface HostileCase {
  /** What the broker does. */
  readonly name: string
  readonly script: Script
  /** What is tried with it. */
  readonly does: 'ask' | 'read' | 'group' | 'commit' | 'write'
  /** The code and the message of the error. */
  readonly expect: RegExp
  /** It is told as a trouble and tried again, without hurry, instead of thrown. */
  readonly told?: true
  readonly tls?: true
  readonly sasl?: SaslSettings['mechanism']
  readonly more?: { readonly receiveMaxBytes?: number }
}

export type Answers = NonNullable<Script['answers']>
export type Rest = Partial<Omit<HostileCase, 'name' | 'script' | 'does' | 'expect'>>

/** A broker that is a good one but for some of its answers. */
export const answering = (
  name: string,
  does: HostileCase['does'],
  answers: Answers,
  expect: RegExp,
  rest: Rest = {},
): HostileCase => ({ name, does, script: { answers }, expect, ...rest })

export const random = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919 + 13) & 0xff))

/** An error that is none of Kafka's. */
export const NO_SUCH_CODE = 999
export const LARGEST: number = 2 ** 31 - 1
