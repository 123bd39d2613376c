import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { SnapstreamError } from '@snapstream/core'
import { brokerSocket, frameReader } from '@snapstream/kafka/src/wire/cluster/broker-socket.ts'
import type { Target } from '../target.ts'

const LIMIT_BYTES = 2048
/** The correlation id of the first request of a socket. */
const FIRST = 1
const address = { nodeId: 1, host: 'broker', port: 9092 }

function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeInt32BE(body.length)
  bytes.set(body, 4)
  return bytes
}

const answer = (correlationId: number, size: number) => {
  const body = Buffer.alloc(4 + size, 7)
  body.writeInt32BE(correlationId)
  return frame(body)
}

/** Bytes from a broker, cut into pieces. The first byte of an input is the size of the pieces. */
export const frames: Target = {
  name: 'frames',
  about: 'bytes from the socket of a broker, in pieces',
  seeds: () =>
    [
      [answer(FIRST, 0)],
      [answer(FIRST, 100)],
      [answer(FIRST, 10), answer(FIRST + 1, 10)],
      [answer(FIRST, LIMIT_BYTES - 4)],
      [answer(4711, 10)],
      [frame(Buffer.alloc(3))],
      [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
      [Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50])],
    ].flatMap((sent) => [1, 3, 255].map((pieces) => Buffer.concat([Buffer.from([pieces]), ...sent]))),
  open(planted) {
    return async (input) => {
      const pieceBytes = 1 + (input[0] ?? 0)
      const bytes = Buffer.from(input.subarray(1))
      const whole = framesOf(bytes, Math.max(1, bytes.length), LIMIT_BYTES)
      // Deliberate bug: a length that arrives in pieces is not checked against the limit.
      const pieces = framesOf(bytes, pieceBytes, planted ? Infinity : LIMIT_BYTES)
      if (JSON.stringify(whole) !== JSON.stringify(pieces))
        throw new Error(`${JSON.stringify(whole)} in one piece, ${JSON.stringify(pieces)} in pieces of ${pieceBytes}`)
      return `${whole.sizes.length > 2 ? 'many' : whole.sizes.length} ${whole.error ?? ''} ${await ask(bytes, pieceBytes)}`
    }
  },
}

function framesOf(bytes: Buffer, pieceBytes: number, limitBytes: number) {
  const sizes: number[] = []
  const reader = frameReader(limitBytes)
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      reader.push(bytes.subarray(at, at + pieceBytes), (one) => sizes.push(one.length))
  } catch (error) {
    if ((error as Error).name !== 'FrameError') throw error
    return { sizes, error: 'refused' }
  }
  return { sizes }
}

/** Sends one request over a socket that answers with these bytes and ends. */
async function ask(bytes: Buffer, pieceBytes: number): Promise<string> {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const socket = brokerSocket(stream as Socket, address, 1000)
  socket.allow(LIMIT_BYTES)
  const asked = socket.request({ api: 'Metadata', frame: () => Buffer.alloc(8) })
  for (let at = 0; at < bytes.length; at += pieceBytes) stream.push(bytes.subarray(at, at + pieceBytes))
  stream.push(null)
  try {
    const got = await asked
    if (got.readInt32BE(0) !== FIRST) throw new Error(`the response to request ${got.readInt32BE(0)} was accepted`)
    return 'answered'
  } catch (error) {
    if (SnapstreamError.is(error)) return error.message.replaceAll(/-?\d+/g, 'n')
    throw error
  } finally {
    await socket.close()
  }
}
