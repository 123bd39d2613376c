import { once } from 'node:events'
import type { Socket } from 'node:net'
import { SnapstreamError } from '@snapstream/core'
import { brokerUnreachable, connectionError } from '../errors/connection-error.ts'
import type { BrokerAddress } from '../protocol/connection.ts'
import { tellRequest } from './request-channels.ts'

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
  isOpen(): boolean
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
  let closing = false
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
      const tellEnd = tellRequest(api, address, bytes.length)
      let answer: Buffer | undefined
      try {
        if (answered)
          return (answer = await new Promise<Buffer>((resolve, reject) => {
            waiting.push({ api, correlationId: id, resolve, reject })
            socket.write(bytes)
          }))
        socket.write(bytes)
        return (answer = await drained())
      } finally {
        // A request that this client gave up itself is no error.
        tellEnd?.(answer?.length ?? 0, answer || closing ? undefined : end)
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
    isOpen: () => end === undefined && socket.writable,
    async close() {
      closing = end === undefined
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

/** The frame of a request, with a header of version 2 if it is flexible, else of version 1. */
export function requestFrame(
  head: {
    readonly apiKey: number
    readonly version: number
    /** Default false. */
    readonly flexible?: boolean
    readonly correlationId: number
    readonly clientId: string
  },
  body: Buffer,
): Buffer {
  const clientId = Buffer.from(head.clientId)
  const tags = head.flexible === true ? NO_TAGS : NOTHING
  const bytes = Buffer.allocUnsafe(14 + clientId.length + tags.length + body.length)
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(head.apiKey, 4)
  bytes.writeInt16BE(head.version, 6)
  bytes.writeInt32BE(head.correlationId, 8)
  bytes.writeInt16BE(clientId.length, 12)
  clientId.copy(bytes, 14)
  tags.copy(bytes, 14 + clientId.length)
  body.copy(bytes, 14 + clientId.length + tags.length)
  return bytes
}

const NO_TAGS = Buffer.from([0])

/** Splits a stream of bytes into frames with a length prefix (int32). */
interface FrameReader {
  /** Calls `onFrame` with each complete frame, without its length. Throws for an invalid length, and cannot be used afterwards. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void
  /** The largest frame, in bytes. */
  limitBytes: number
}

const LENGTH_BYTES = 4
/** The smallest frame: a correlation id. */
const SHORTEST_BYTES = 4
/** The memory that is allocated for a frame before its bytes arrive: a large length alone must not cost memory. */
const FIRST_BYTES = 4 << 20

/** Makes a reader. Its memory grows with the bytes that arrive, up to one frame. A frame in one chunk is not copied. */
export function frameReader(limitBytes: number): FrameReader {
  /** The incomplete frame with its length prefix. */
  let partial: Buffer | undefined
  let filled = 0
  /** The length of that frame with its prefix; the length of the prefix until the prefix is complete. */
  let needed = LENGTH_BYTES

  function frameLength(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at)
    if (length >= SHORTEST_BYTES && length <= reader.limitBytes) return length
    throw new FrameError(length, reader.limitBytes, bytes.subarray(at, at + 64))
  }

  /** Adds bytes to the incomplete frame. Returns the number of bytes that it took. */
  function append(chunk: Buffer): number {
    const taken = Math.min(needed - filled, chunk.length)
    if (!partial || filled + taken > partial.length) {
      const size = Math.max(filled + taken, Math.min(needed, Math.max(FIRST_BYTES, 2 * filled)))
      const larger = Buffer.allocUnsafe(size)
      partial?.copy(larger, 0, 0, filled)
      partial = larger
    }
    chunk.copy(partial, filled, 0, taken)
    filled += taken
    return taken
  }

  const reader: FrameReader = {
    limitBytes,
    push(chunk, onFrame) {
      let rest = chunk
      while (rest.length > 0) {
        if (filled === 0 && rest.length >= LENGTH_BYTES) {
          const end = LENGTH_BYTES + frameLength(rest, 0)
          if (rest.length >= end) {
            onFrame(rest.subarray(LENGTH_BYTES, end))
            rest = rest.subarray(end)
            continue
          }
          needed = end
        }
        rest = rest.subarray(append(rest))
        if (!partial || filled < needed) continue
        if (needed === LENGTH_BYTES) {
          needed += frameLength(partial, 0)
          continue
        }
        const frame = partial.subarray(LENGTH_BYTES, needed)
        partial = undefined
        filled = 0
        needed = LENGTH_BYTES
        onFrame(frame)
      }
    },
  }
  return reader
}

/** The error for an invalid length of a frame. */
export class FrameError extends Error {
  constructor(length: number, limitBytes: number, start: Buffer) {
    super(
      looksLike(start) ??
        (length < SHORTEST_BYTES
          ? `it sent a frame of ${length} bytes; a frame has at least ${SHORTEST_BYTES}`
          : `it sent a frame of ${length} bytes, and receiveMaxBytes is ${limitBytes}; raise receiveMaxBytes if batches may be that large`),
    )
    this.name = 'FrameError'
  }
}

/** Recognises servers of other protocols by their first bytes. */
function looksLike(start: Buffer): string | undefined {
  // A record of TLS: its type, and the major version.
  if (start[0] !== undefined && start[0] >= 0x14 && start[0] <= 0x17 && start[1] === 3)
    return "it answers in TLS; set securityProtocol to 'ssl' or 'sasl_ssl'"
  if (start.toString('latin1').startsWith('HTTP/')) return 'it answers in HTTP; this is not the port of a Kafka broker'
  return undefined
}
