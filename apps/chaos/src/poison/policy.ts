import type { OnError } from '@snapstream/core'
import type { Topic, TopicRecord } from '@snapstream/kafka'
import type { Order, Poison } from './order.ts'

export type PolicyName = 'skip' | 'function' | 'dead-letter' | 'stop' | 'function-stop'

/** An error policy and its expected effects. */
export interface Policy {
  readonly onError: OnError<TopicRecord<Order>>
  /** The number of retries by kind of poison: of the handler's call, or of the refused write. */
  readonly retries: Readonly<Record<Poison, number>>
  /** Whether the first poison ends the stream. Otherwise the stream reads every record. */
  readonly stops: boolean
}

const NONE = { undecodable: 0, throwing: 0, refused: 0 }
const RETRIES = 2
/** The retries that the policy function asks for, by error code. */
const ASKED = { DECODE_FAILED: 0, HANDLER_FAILED: 3, RECORD_TOO_LARGE: 1 } as const

export function policyOf(name: PolicyName, dead: Topic<Uint8Array>): Policy {
  if (name === 'skip' || name === 'stop') return { onError: name, retries: NONE, stops: name === 'stop' }
  if (name === 'function-stop') return { onError: () => 'stop', retries: NONE, stops: true }
  if (name === 'dead-letter')
    return {
      onError: { retries: RETRIES, backoffMs: 1, deadLetter: dead },
      // Decoding is not retried.
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
