import type { Headers } from '@snapstream/core'

/** A record as it goes to the clients of other languages and comes back, as JSON: bytes are base64, null is null. */
export interface RecordLine {
  /** Undefined: where the client puts the key. */
  readonly partition?: number | undefined
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  /** In ms since the epoch; as the text of its digits where a number does not hold it. */
  readonly timestamp: number | string
}

/** One that was read. */
export interface ReadLine extends RecordLine {
  readonly partition: number
  readonly offset: number
}

/** A record without a key and headers, with a text as its value. */
export const textLine = (partition: number, text: string, timestamp = 1_700_000_000_000) => ({
  partition,
  key: null,
  value: toBase64(Buffer.from(text)),
  headers: [],
  timestamp,
})

export const timestampLine = (timestamp: number | bigint): number | string =>
  typeof timestamp === 'bigint' ? String(timestamp) : timestamp

export const toTimestamp = (line: number | string): number | bigint => (typeof line === 'string' ? BigInt(line) : line)

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

export const toBase64OrNull = (content: Uint8Array | string | null): string | null =>
  content === null ? null : toBase64(typeof content === 'string' ? Buffer.from(content) : content)

const toBytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64')

export const toBytesOrNull = (base64: string | null): Uint8Array | null => (base64 === null ? null : toBytes(base64))

export const headerBytes = ({ headers }: RecordLine): Headers =>
  headers.map(([name, value]) => [name, toBytesOrNull(value)])

export const headerLines = (headers: Headers): RecordLine['headers'] =>
  headers.map(([name, value]) => [name, toBase64OrNull(value)])
