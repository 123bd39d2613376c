import type { ProduceRecord } from './driver.ts'

/** How many bytes a key or a value has; 0 for none. */
export function contentBytes(content: ProduceRecord['value']): number {
  if (content === null) return 0
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

/** The same memory as a Buffer: client libraries take anything else for text, or not at all. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
