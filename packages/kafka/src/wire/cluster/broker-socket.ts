import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { SnapstreamError, toError } from '@snapstream/core'
import type { TlsSettings } from '../../driver/driver.ts'
import { brokerUnreachable, connectionError } from '../errors/connection-error.ts'
import type { BrokerAddress } from '../protocol/connection.ts'
import { FrameError, frameReader } from './frame-reader.ts'

/** One request over a socket. */
export interface SocketRequest {
  /** The name of the request, for error messages. */
  readonly api: string
  /** The whole frame, its length included. */
  readonly frame: (correlationId: number) => Buffer
  /** The time that the broker may wait before it answers, in ms, in addition to the time-out of requests. Default 0. */
  readonly waitMs?: number
  /**
   * False: the broker sends no answer (Produce without acknowledgement); the request resolves once the socket is writable.
   * Default true.
   */
  readonly answered?: boolean
}

/** Requests and answers over one socket. Its errors are `BROKER_UNREACHABLE` and `TLS_REFUSED`. */
export interface BrokerSocket {
  /** Sends a request. Resolves with the bytes of the answer, from its correlation id on. */
  request(request: SocketRequest): Promise<Buffer>
  /** Extends the time-out of requests: the broker has announced that it does not read from this socket for a while. */
  mute(throttleMs: number): void
  /** Sets the largest size of an answer, in bytes. Until then the limit is that of a handshake. */
  allow(limitBytes: number): void
  /** Whether requests can be sent, as far as is known. */
  readonly isOpen: boolean
  /** Closes at once; requests in flight reject. Resolves when the socket is closed; never rejects. */
  close(): Promise<void>
}

/** The largest answer before authentication: the same limit that brokers have for clients. */
const HANDSHAKE_BYTES = 524_288
/** Node fires a timer at once if it is longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
const LAST_CORRELATION_ID = 2 ** 31 - 1
const NOTHING = Buffer.alloc(0)

interface Waiting {
  readonly api: string
  readonly correlationId: number
  readonly resolve: (answer: Buffer) => void
  readonly reject: (error: Error) => void
}

/**
 * Sends requests over a socket. A broker answers them in order. Bytes that are not the next answer end the socket, as the
 * answers behind them cannot be found any more. A late answer ends it too, as the connection may be dead.
 */
export function brokerSocket(socket: Socket, address: BrokerAddress, requestTimeoutMs: number): BrokerSocket {
  const frames = frameReader(HANDSHAKE_BYTES)
  let waiting: Waiting[] = []
  let correlationId = 0
  /** The error that ended the socket. */
  let end: Error | undefined
  let mutedUntil = 0
  const closed = new Promise<void>((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

  function fail(error: Error): void {
    if (end) return
    end = error
    socket.destroy()
    const rejected = waiting
    waiting = []
    for (const { reject } of rejected) reject(error)
  }

  /** An error of the socket, with the name of the first request that waits. */
  function gone(what: string, cause?: unknown): SnapstreamError {
    const instead = waiting[0] ? ` instead of an answer to ${waiting[0].api}` : ''
    const why = cause instanceof FrameError ? `: ${cause.message}` : ''
    return brokerUnreachable(address, what + instead + why, cause)
  }

  function receive(frame: Buffer): void {
    const [first] = waiting
    const id = frame.readInt32BE(0)
    if (!first || id !== first.correlationId) {
      fail(gone(`sent an answer with the unknown correlation id ${id}`))
      return
    }
    waiting.shift()
    first.resolve(frame)
  }

  socket.on('data', (chunk: Buffer) => {
    if (end) return
    try {
      frames.push(chunk, (frame) => {
        if (!end) receive(frame)
      })
    } catch (error) {
      fail(gone('sent invalid bytes', error))
    }
  })
  // TLS may report the reason in the next turn.
  socket.on('end', () => void setImmediate(() => fail(gone('closed the connection'))))
  socket.on('error', (error) => fail(connectionError(error, address)))
  socket.on('close', () => fail(gone('closed the connection')))
  if (socket.destroyed) fail(gone('closed the connection'))

  /** Ends the socket if the request takes too long. Returns a function that stops the timer. */
  function watch(api: string, waitMs: number): () => void {
    const limitMs = requestTimeoutMs + waitMs
    const start = performance.now()
    let timer: ReturnType<typeof setTimeout>
    const look = (): void => {
      const leftMs = Math.max(start, mutedUntil) + limitMs - performance.now()
      if (leftMs > 0) timer = setTimeout(look, Math.min(LONGEST_TIMER_MS, Math.ceil(leftMs)))
      else fail(brokerUnreachable(address, `did not answer ${api} within ${limitMs} ms; the connection was closed`))
    }
    look()
    return () => clearTimeout(timer)
  }

  /** Without acknowledgements, the backpressure comes from the socket. */
  async function drained(): Promise<Buffer> {
    if (socket.writableNeedDrain) {
      const ended = new AbortController()
      const { signal } = ended
      await Promise.race([once(socket, 'drain', { signal }), closed]).catch(() => {})
      ended.abort()
    }
    if (end) throw end
    return NOTHING
  }

  return {
    async request({ api, frame, waitMs = 0, answered = true }) {
      if (end) throw asked(end, address, api)
      correlationId = correlationId === LAST_CORRELATION_ID ? 0 : correlationId + 1
      const id = correlationId
      const bytes = frame(id)
      const stop = watch(api, waitMs)
      try {
        if (answered)
          return await new Promise<Buffer>((resolve, reject) => {
            waiting.push({ api, correlationId: id, resolve, reject })
            socket.write(bytes)
          })
        socket.write(bytes)
        return await drained()
      } finally {
        stop()
      }
    },
    mute(throttleMs) {
      // A broker that mutes for longer than the time-out counts as unreachable.
      if (throttleMs > 0) mutedUntil = Math.max(mutedUntil, performance.now() + Math.min(throttleMs, requestTimeoutMs))
    },
    allow(limitBytes) {
      frames.limitBytes = limitBytes
    },
    get isOpen() {
      return end === undefined && socket.writable
    },
    async close() {
      fail(brokerUnreachable(address, 'gets no more requests: this client closed the connection'))
      await closed
    },
  }
}

/** The error of a request that is made after the socket has ended. */
function asked(end: Error, address: BrokerAddress, api: string): SnapstreamError {
  const retriable = SnapstreamError.is(end) && end.code === 'BROKER_UNREACHABLE'
  return retriable
    ? brokerUnreachable(address, `cannot receive ${api}: the connection is closed`, end)
    : connectionError(end, address)
}

const KEEP_ALIVE_AFTER_MS = 60_000

/**
 * Connects a socket, over TLS if it is set. Rejects with `USAGE` for a certificate or a key that cannot be used, with
 * `TLS_REFUSED`, and with `BROKER_UNREACHABLE`, also if the signal is aborted; the socket is closed then.
 */
export async function dial(address: BrokerAddress, tls: TlsSettings | undefined, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address
  const socket = tls ? secure({ ...tlsOptions(tls), ...nameOf(host), host, port }) : plain(address)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS)
  const giveUp = () => void socket.destroy()
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  let problem: unknown
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve)
      socket.on('error', (error) => (problem = error))
      socket.once('close', () => reject(toError(problem ?? new Error('it closed the connection at once'))))
    })
    return socket
  } catch (error) {
    throw connectionError(error, address)
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function plain(address: BrokerAddress): Socket {
  try {
    return connect({ host: address.host, port: address.port })
  } catch (error) {
    throw connectionError(error, address)
  }
}

function secure(options: ConnectionOptions): Socket {
  try {
    return connectTls(options)
  } catch (cause) {
    throw new SnapstreamError(
      'USAGE',
      `the certificates or the key for TLS cannot be used: ${toError(cause).message}; give them in PEM, and the ` +
        'passphrase of the key',
      { cause },
    )
  }
}

/** The options of Node's TLS sockets. */
function tlsOptions({ ca, cert, key, passphrase, checkHostname }: TlsSettings): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(!checkHostname && { checkServerIdentity: () => undefined }),
  }
}

/** The name for SNI, which must not be an IP address. The certificate is checked in both cases. */
const nameOf = (host: string): ConnectionOptions => (isIP(host) ? {} : { servername: host })
