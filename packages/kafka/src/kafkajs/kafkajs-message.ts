import type { ProduceRecord } from '../driver/driver.ts'
import { asBuffer } from '../wire/as-buffer.ts'

/** A record as KafkaJS encodes it. */
export function kafkajsMessage({ key, value, headers, timestamp }: ProduceRecord) {
  return {
    key: content(key),
    value: content(value),
    // As a number, 0 would be taken for none.
    timestamp: String(timestamp),
    ...(headers.length > 0 && { headers: inOrder(headers) }),
  }
}

function content(of: Uint8Array | string | null): Buffer | null {
  if (of === null) return null
  return typeof of === 'string' ? Buffer.from(of) : asBuffer(of)
}

/**
 * KafkaJS takes headers as an object: repeats of a name would come together, and names that look like numbers first. It
 * maps over the values of each name, which may be a list: one list that maps to all of the headers keeps their order.
 */
function inOrder(headers: ProduceRecord['headers']): Record<string, Buffer[]> {
  const pairs = headers.map(([key, value]) => ({ key, value: asBuffer(value) }))
  return { all: Object.assign([], { map: () => pairs }) }
}
