import type { ProduceRecord } from './driver.ts'

/** The size of a key or a value in bytes; 0 for none. */
export function contentBytes(content: ProduceRecord['value']): number {
  if (content === null) return 0
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

/** The same memory as a Buffer, without a copy. Client libraries treat other bytes as text, or refuse them. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
