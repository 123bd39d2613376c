import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings, SaslSettings } from '../../driver/driver.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import { brokerSocket, requestFrame } from './broker-socket.ts'
import type { BrokerSocket, SocketRequest } from './broker-socket.ts'
import { dial } from './dial.ts'
import { requestApiVersions } from './api-versions.ts'
import type { Ask, BrokerApis } from './api-versions.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { BrokerAddress } from '../protocol/connection.ts'
import { kafkaErrorKind } from '../errors/error-table.ts'
import { protocolError } from '../errors/kafka-error.ts'
import { scram } from './scram.ts'

/** An authenticated socket to a broker whose API versions are known. */
export interface OpenSocket extends BrokerApis, Pick<BrokerSocket, 'mute' | 'isOpen' | 'close'> {
  /**
   * Sends a request once. Resolves with the bytes of the answer, from its correlation id on. Rejects with
   * `BROKER_UNREACHABLE` or `TLS_REFUSED`. If the session has expired, the socket authenticates first; rejects with
   * `AUTHENTICATION_REFUSED` if the broker refuses that.
   */
  request(request: SocketRequest): Promise<Buffer>
}

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
/** The first version of SaslAuthenticate whose answer has the lifetime of the session. */
const SAYS_LIFETIME = 1
/** The client authenticates again after this part of the lifetime. */
const RENEW_AT = 0.8
/** A shorter lifetime counts as this one. */
const SHORTEST_LIFETIME_MS = 1000
const RECEIVE_MAX_BYTES = 100_000_000

/**
 * Connects to a broker by plain TCP or TLS, requests its API versions, and authenticates. Makes one attempt. Rejects with
 * `BROKER_UNREACHABLE` (also if the signal is aborted), `TLS_REFUSED`, `AUTHENTICATION_REFUSED`, `UNSUPPORTED`, `USAGE` or
 * `KAFKA_FAILED`. The socket is closed before it rejects.
 *
 * When the lifetime of the session is over, the socket authenticates again before the next request.
 */
export async function openSocket(
  address: BrokerAddress,
  settings: ClientSettings,
  signal: AbortSignal,
): Promise<OpenSocket> {
  const { tls, sasl, clientId, requestTimeoutMs, receiveMaxBytes = RECEIVE_MAX_BYTES } = settings
  const socket = brokerSocket(await dial(address, tls, signal), address, requestTimeoutMs)
  const giveUp = () => void socket.close()
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()

  const ask: Ask = async (api, apiKey, version, body, form) => {
    const flexible = form === 'flexible'
    const frame = (correlationId: number) => requestFrame({ apiKey, version, flexible, correlationId, clientId }, body)
    const answer = await socket.request({ api, frame })
    return byteReader(answer.subarray(4), `the answer of the broker ${shownAddress(address)} to ${api}`, form)
  }

  /** When to authenticate again, by the monotonic clock. */
  let renewAt = Infinity
  let renewing: Promise<void> | undefined
  async function authenticate(user: SaslSettings, version: number): Promise<void> {
    const lifetimeMs = await login(user, version, ask, shownAddress(address))
    renewAt = lifetimeMs > 0 ? performance.now() + RENEW_AT * Math.max(SHORTEST_LIFETIME_MS, lifetimeMs) : Infinity
  }

  /** Authenticates again. Other requests wait: a broker accepts none of them meanwhile. */
  async function renew(user: SaslSettings): Promise<void> {
    renewing ??= authenticate(user, saslVersion(apis, address))
      .catch(async (error: unknown) => {
        await socket.close()
        throw error
      })
      .finally(() => (renewing = undefined))
    await renewing
  }

  let apis: BrokerApis
  try {
    apis = await requestApiVersions(ask, address)
    if (sasl) await authenticate(sasl, saslVersion(apis, address))
  } catch (error) {
    await socket.close()
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  socket.allow(receiveMaxBytes)
  return {
    ...apis,
    request: sasl
      ? async (request) => {
          if (renewing || performance.now() >= renewAt) await renew(sasl)
          return socket.request(request)
        }
      : socket.request,
    mute: socket.mute,
    isOpen: socket.isOpen,
    close: socket.close,
  }
}

/** Resolves with the lifetime of the session in ms; 0 for as long as the connection lasts. */
async function login(user: SaslSettings, version: number, ask: Ask, broker: string): Promise<number> {
  const { mechanism, username, password } = user
  let lifetimeMs = 0

  const handshake = await ask('SaslHandshake', SASL_HANDSHAKE, 1, text(mechanism))
  const errorCode = handshake.int16()
  if (errorCode !== 0) {
    const known = errorCode === UNSUPPORTED_SASL_MECHANISM ? handshake.array(handshake.string).slice(0, 10) : []
    const supported = known.length > 0 ? `; it supports ${shortened(known.join(', '))}` : ''
    throw loginRefused(broker, errorCode, `it does not accept ${mechanism}${supported}`)
  }

  await (mechanism === 'PLAIN' ? plain : scram)(user, async (message) => {
    const read = await ask('SaslAuthenticate', SASL_AUTHENTICATE, version, sized(message))
    const errorCode = read.int16()
    const said = read.nullableString()
    const answer = read.bytes()
    if (errorCode !== 0) throw loginRefused(broker, errorCode, saidWithout(password, said))
    if (version >= SAYS_LIFETIME) lifetimeMs = read.int64()
    return answer
  }).catch((error: unknown) => {
    // Errors of the mechanism itself do not name the broker yet.
    if (!SnapstreamError.is(error) || error.code !== 'AUTHENTICATION_REFUSED' || error.cause !== undefined) throw error
    throw new SnapstreamError(
      'AUTHENTICATION_REFUSED',
      `the login of ${username} at the broker ${broker} failed: ${error.message}`,
      { cause: error },
    )
  })
  return lifetimeMs
}

async function plain({ username, password }: SaslSettings, exchange: (message: Buffer) => Promise<Buffer>) {
  await exchange(Buffer.from(`\0${username}\0${password}`))
}

const UNSUPPORTED_SASL_MECHANISM = 33

function loginRefused(broker: string, errorCode: number, said: string): SnapstreamError {
  const { code, name, retriable } = kafkaErrorKind(errorCode)
  const cause = protocolError(errorCode, said)
  if (retriable)
    return new SnapstreamError('BROKER_UNREACHABLE', `the broker ${broker} accepts no login at the moment (${name})`, {
      cause,
    })
  return new SnapstreamError(
    code === 'KAFKA_FAILED' ? 'AUTHENTICATION_REFUSED' : code,
    `the broker ${broker} refuses the login: ${said} (${name}); check the user name, the password and the mechanism`,
    { cause },
  )
}

/** The message of the broker, unless it contains the password. */
function saidWithout(password: string, said: string | undefined): string {
  if (said === undefined || said === '') return 'no reason given'
  return said.includes(password) ? 'its message is not shown because it contains the password' : shortened(said)
}

const LONGEST_TEXT = 300
const shortened = (said: string) => (said.length > LONGEST_TEXT ? `${said.slice(0, LONGEST_TEXT)}...` : said)

function saslVersion({ versions }: BrokerApis, address: BrokerAddress): number {
  const known = versions.get(SASL_AUTHENTICATE)
  if (known && known.max >= 0 && known.min <= SAYS_LIFETIME) return Math.min(known.max, SAYS_LIFETIME)
  throw new SnapstreamError(
    'UNSUPPORTED',
    `the broker ${shownAddress(address)} cannot authenticate this client: it does not support SaslAuthenticate; use Kafka ` +
      '1.0 or later, and a listener with SASL',
  )
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
