import { SnapstreamError } from '@snapstream/core'

const MAGIC = 0
const HEADER_BYTES = 5

/** Reads the id of the schema from the header of a value: a zero byte, then the id as four bytes, big-endian. */
export function readSchemaId(bytes: Uint8Array): number {
  if (bytes.length >= HEADER_BYTES && bytes[0] === MAGIC)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
  const came = bytes.length < HEADER_BYTES ? `only ${bytes.length} bytes` : `${bytes[0]} as the first byte`
  throw new SnapstreamError(
    'DECODE_FAILED',
    `expected a byte that is 0 and the id of a schema in four bytes, got ${came}; were they written with a schema registry? AvroCodec and JsonCodec read bytes without an id`,
  )
}

/** The value after the header. */
export function readBody(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER_BYTES)
}

/** A value with the header for this id. */
export function withSchemaId(id: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes[0] = MAGIC
  bytes.writeUInt32BE(id, 1)
  bytes.set(body, HEADER_BYTES)
  return bytes
}
