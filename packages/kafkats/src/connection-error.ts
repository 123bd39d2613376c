import { SnapstreamError } from '@snapstream/core'
import { brokerUnreachable, connectionError } from '@snapstream/kafka/wire'
import type { BrokerAddress } from '@snapstream/kafka/wire'

/** What must not appear in an error, whoever words it. */
export type Secrets = readonly string[]

const AUTHENTICATION = new Set(['SaslAuthenticationError', 'UnsupportedSaslMechanismError', 'IllegalSaslStateError'])
/** UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE, SASL_AUTHENTICATION_FAILED. */
const AUTHENTICATION_CODES = new Set([33, 34, 58])
const CLOSED = new Set(['ConnectionClosedError', 'NetworkError'])

/**
 * What the client or a socket rejected with, as a SnapstreamError: `BROKER_UNREACHABLE`, `TLS_REFUSED`,
 * `AUTHENTICATION_REFUSED`, `UNSUPPORTED` or `KAFKA_FAILED`. `doing` is the request that was not answered.
 */
export function refusal(thrown: unknown, address: BrokerAddress, doing: string, secrets: Secrets): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const error = withoutSecrets(thrown, secrets)
  const { errorCode, code } = error as { readonly errorCode?: number; readonly code?: string }
  const broker = `the broker ${shown(address)}`
  if (AUTHENTICATION.has(error.name) || AUTHENTICATION_CODES.has(errorCode ?? 0))
    return new SnapstreamError(
      'AUTHENTICATION_REFUSED',
      `${broker} does not let this user in: ${error.message}; check the name, the password and the mechanism`,
      { cause: error },
    )
  if (error.name === 'UnsupportedVersionError')
    return new SnapstreamError(
      'UNSUPPORTED',
      `${broker} speaks no version of ${doing} that this driver knows: ${error.message}; kafkajs knows older ones`,
      { cause: error },
    )
  if (CLOSED.has(error.name))
    return brokerUnreachable(address, `closed the connection instead of an answer to ${doing}: ${error.message}`, error)
  // Node's errors of sockets have a code that is a word.
  if (typeof code === 'string') return connectionError(error, address)
  return new SnapstreamError(
    'KAFKA_FAILED',
    `${broker} gave no answer to ${doing} that can be read: ${error.message}`,
    {
      cause: error,
    },
  )
}

/** The broker was told the password, and nothing keeps it from repeating it in what it says. */
function withoutSecrets(thrown: unknown, secrets: Secrets): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const texts = textsOf(error)
  if (!secrets.some((secret) => texts.some((text) => text.includes(secret)))) return error
  const { errorCode, code } = error as { readonly errorCode?: number; readonly code?: string }
  const told = Object.assign(new Error('what was said about it holds a secret, and is left out'), { errorCode, code })
  told.name = error.name
  delete told.stack
  return told
}

/** All that an error and what caused it would show: as it is, since quoting it would hide a secret with a quote in it. */
function textsOf(error: unknown, depth = 0): string[] {
  if (typeof error === 'string') return [error]
  if (typeof error !== 'object' || error === null || depth > 5) return []
  return Object.getOwnPropertyNames(error).flatMap((name) =>
    textsOf((error as Record<string, unknown>)[name], depth + 1),
  )
}

export function connectTimedOut(address: BrokerAddress, ms: number): SnapstreamError {
  return brokerUnreachable(address, `was not connected to within ${ms} ms`)
}

export function timedOut(address: BrokerAddress, api: string, ms: number): SnapstreamError {
  return brokerUnreachable(address, `did not answer ${api} within ${Math.round(ms)} ms; the connection was closed`)
}

export function closedError(address: BrokerAddress): SnapstreamError {
  return brokerUnreachable(address, 'cannot be asked any more: the connection is closed')
}

function shown({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
