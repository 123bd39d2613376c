import { SnapstreamError } from '@snapstream/core'
import { contentBytes } from '../driver/content-bytes.ts'
import type { ProduceRecord } from '../driver/driver.ts'

/** What a record costs in memory beside its payload while it waits. */
export const RECORD_HEAP_BYTES = 200
/** The most that the wire format adds to a record, without its headers. */
const RECORD_WIRE_BYTES = 24
const HEADER_WIRE_BYTES = 10

/** About how many bytes a record takes on the wire, uncompressed; rather too many than too few. */
export function wireBytes({ key, value, headers }: ProduceRecord): number {
  let bytes = RECORD_WIRE_BYTES + contentBytes(key) + contentBytes(value)
  // UTF-8 takes at most 3 bytes a UTF-16 unit.
  if (headers instanceof Uint8Array) return bytes + headers.length
  for (const [name, content] of headers) bytes += HEADER_WIRE_BYTES + name.length * 3 + contentBytes(content)
  return bytes
}

/** What a batch adds on the wire to its records. */
const BATCH_WIRE_BYTES = 61

/** Throws `RECORD_TOO_LARGE` for a record of so many `wireBytes` that would make a request of its own that is larger than requests may be. */
export function refuseTooLarge(recordBytes: number, topic: string, maxRequestBytes: number): void {
  const bytes = recordBytes + BATCH_WIRE_BYTES
  if (bytes <= maxRequestBytes) return
  throw new SnapstreamError(
    'RECORD_TOO_LARGE',
    `a record of about ${bytes} bytes for ${JSON.stringify(topic)} is larger than maxRequestBytes (${maxRequestBytes}), ` +
      `before compression; send less in one record, or raise maxRequestBytes and, if need be, max.message.bytes of the topic`,
    { topic },
  )
}
