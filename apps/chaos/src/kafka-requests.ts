import type { Socket } from 'node:net'

/** Kafka's numbers of requests. */
export const API_KEYS = {
  Produce: 0,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const

export type RequestName = keyof typeof API_KEYS

export interface KafkaRequest {
  readonly apiKey: number
  readonly correlationId: number
  readonly clientId: string
  /** Resets the connection of the client. That to the broker stays open until this request is passed on. */
  abandon(): void
}

/** Sees the requests on a connection, and can hold or drop them. */
export interface RequestWatcher {
  /** A request of a client is passed on to the broker once this resolves; false: it is dropped, with all that follow it. */
  request(request: KafkaRequest): Promise<boolean>
  /** The broker has answered. The same for its answer. */
  answer(request: KafkaRequest): Promise<boolean>
}

const HEADER_BYTES = 14

/** Parses a frame of a request: its size, and the first fields of its header. */
export function parseRequest(frame: Buffer): Omit<KafkaRequest, 'abandon'> {
  const length = frame.length < HEADER_BYTES ? -1 : frame.readInt16BE(12)
  return {
    apiKey: frame.readInt16BE(4),
    correlationId: frame.readInt32BE(8),
    clientId: length < 0 ? '' : frame.toString('utf8', HEADER_BYTES, HEADER_BYTES + length),
  }
}

export const correlationIdOf = (answer: Buffer): number => answer.readInt32BE(4)

/** Splits the bytes of a connection into frames: four bytes with the size of the rest, and the rest. */
export async function* framesOf(socket: Socket): AsyncGenerator<Buffer, void> {
  let bytes: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    bytes = bytes.length === 0 ? (chunk as Buffer) : Buffer.concat([bytes, chunk as Buffer])
    while (bytes.length >= 4) {
      const end = 4 + bytes.readInt32BE(0)
      if (bytes.length < end) break
      yield bytes.subarray(0, end)
      bytes = bytes.subarray(end)
    }
  }
}
