import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a header of a record as text; of several headers with that name the last one, like `lastHeader` of Kafka's clients.
 * Returns null if the value of the header is null, and undefined if the record has no such header. Throws `DECODE_FAILED` for
 * bytes that are not UTF-8; `record.headers` has the bytes.
 *
 * @example
 * snap(orders)((record) => console.log(header(record, 'trace')))
 */
export function header(record: { readonly headers: Headers }, name: string): string | null | undefined {
  const content = record.headers.findLast(([own]) => own === name)?.[1]
  if (content === undefined || content === null) return content
  try {
    return utf8.decode(content)
  } catch (cause) {
    const { topic, partition, offset } = record as { topic?: string; partition?: number; offset?: number }
    const place = topic === undefined ? '' : ` of ${topic}/${partition} offset ${offset}`
    throw new SnapstreamError(
      'DECODE_FAILED',
      `the header ${JSON.stringify(name)}${place} is not text: its ${content.length} bytes are not UTF-8; read them from ` +
        'the headers of the record',
      {
        ...(topic !== undefined && { topic }),
        ...(partition !== undefined && { partition }),
        ...(offset !== undefined && { offset }),
        cause,
      },
    )
  }
}
