import type { Headers } from '@snapstream/core'

/** A record as JSON for the clients of other languages. Bytes are base64. */
export interface RecordLine {
  /** Undefined: the partitioner of the client decides. */
  readonly partition?: number | undefined
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  /** In ms since the epoch. Its decimal digits as text if a number cannot hold it. */
  readonly timestamp: number | string
}

/** A record that was read. */
export interface ReadLine extends RecordLine {
  readonly partition: number
  readonly offset: number
}

/** A record with a text value, without a key and headers. */
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
