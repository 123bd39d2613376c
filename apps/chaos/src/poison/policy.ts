import type { OnError } from '@snapstream/core'
import type { Topic, TopicRecord } from '@snapstream/kafka'
import type { Order, Poison } from './order.ts'

export type PolicyName = 'skip' | 'function' | 'dead-letter' | 'stop' | 'function-stop'

/** What a policy has to lead to. */
export interface Policy {
  readonly onError: OnError<TopicRecord<Order>>
  /** How often each is tried again: the handler's call, or the one write that was refused. */
  readonly retries: Readonly<Record<Poison, number>>
  /** What ends it; else everything is read. */
  readonly stops: boolean
}

const NONE = { undecodable: 0, throwing: 0, refused: 0 }
const RETRIES = 2
/** By what is said of a message; what fails to decode says what is wrong with it. */
const ASKED = { DECODE_FAILED: 0, HANDLER_FAILED: 3, RECORD_TOO_LARGE: 1 } as const

export function policyOf(name: PolicyName, dead: Topic<Uint8Array>): Policy {
  if (name === 'skip' || name === 'stop') return { onError: name, retries: NONE, stops: name === 'stop' }
  if (name === 'function-stop') return { onError: () => 'stop', retries: NONE, stops: true }
  if (name === 'dead-letter')
    return {
      onError: { retries: RETRIES, backoffMs: 1, deadLetter: dead },
      // What does not decode will not decode.
      retries: { undecodable: 0, throwing: RETRIES, refused: RETRIES },
      stops: false,
    }
  return {
    onError: (error, _, attempt) =>
      attempt <= ((ASKED as Record<string, number>)[codeOf(error)] ?? 0) ? 'retry' : 'skip',
    retries: { undecodable: ASKED.DECODE_FAILED, throwing: ASKED.HANDLER_FAILED, refused: ASKED.RECORD_TOO_LARGE },
    stops: false,
  }
}

export const CODES: Readonly<Record<Poison, string>> = {
  undecodable: 'DECODE_FAILED',
  throwing: 'HANDLER_FAILED',
  refused: 'RECORD_TOO_LARGE',
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : CODES.throwing)
