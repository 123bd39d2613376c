import { Buffer } from 'node:buffer'

/** A Buffer with the methods behind `toString` and `write`, which skip the checks of arguments. Node's types lack them. */
export interface RawBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, start: number, length: number): number
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): RawBuffer {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as RawBuffer
}
