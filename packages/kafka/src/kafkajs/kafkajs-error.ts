import { SnapstreamError, toError } from '@snapstream/core'
import { shownAddress } from '../wire/broker-address.ts'
import { connectionError } from '../wire/connection-error.ts'
import type { BrokerAddress } from '../wire/connection.ts'

/** The fields that KafkaJS's errors have, whichever of their classes it is. */
interface KafkaJSErrorLike extends Error {
  readonly type?: string
}

const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSLockTimeout',
])
const UNSUPPORTED = new Set(['UNSUPPORTED_VERSION', 'KafkaJSServerDoesNotSupportApiKey', 'KafkaJSNotImplemented'])
const REFUSED = new Set([
  'KafkaJSSASLAuthenticationError',
  'SASL_AUTHENTICATION_FAILED',
  'ILLEGAL_SASL_STATE',
  'UNSUPPORTED_SASL_MECHANISM',
])
/** What was wrong with the connection while somebody was authenticated: KafkaJS keeps its message only. */
const BROKE_DOWN = /closed|Connection error|timed out|timeout|Not connected/iu

/** KafkaJS wraps errors in errors: the one that says what happened. */
function rootOf(error: unknown): KafkaJSErrorLike {
  let root: KafkaJSErrorLike = toError(error)
  while (root.name.startsWith('KafkaJS') && root.type === undefined && root.cause instanceof Error) root = root.cause
  return root
}

/** What KafkaJS threw as a SnapstreamError. `doing` completes "could not ...". */
export function kafkajsError(error: unknown, address: BrokerAddress, doing: string): SnapstreamError {
  if (SnapstreamError.is(error)) return error
  const root = rootOf(error)
  const kind = root.type ?? root.name
  if (UNREACHABLE.has(kind)) return connectionError(root, address)
  const what = `could not ${doing} the broker ${shownAddress(address)}: ${root.message}`
  if (REFUSED.has(kind))
    return BROKE_DOWN.test(root.message)
      ? new SnapstreamError('BROKER_UNREACHABLE', what, { cause: error })
      : new SnapstreamError('AUTHENTICATION_REFUSED', `${what}; check the mechanism, the user name and the password`, {
          cause: error,
        })
  return new SnapstreamError(UNSUPPORTED.has(kind) ? 'UNSUPPORTED' : 'KAFKA_FAILED', what, { cause: error })
}
