import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of a header of a record; of several with that name the last, as `lastHeader` of Kafka's clients. Null where the
 * header has the value null, undefined where there is no such header. Throws `DECODE_FAILED` for bytes that are not UTF-8:
 * those are in `record.headers`.
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
