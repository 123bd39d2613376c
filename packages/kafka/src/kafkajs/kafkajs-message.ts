import type { ProduceRecord } from '../driver/driver.ts'
import { buffer } from './by-topic.ts'

/** A record as KafkaJS encodes it. */
export function kafkajsMessage({ key, value, headers, timestamp }: ProduceRecord) {
  return {
    key: key && buffer(key),
    value: value && buffer(value),
    // As a number, 0 would be taken for none.
    timestamp: String(timestamp),
    ...(headers.length > 0 && { headers: inOrder(headers) }),
  }
}

/**
 * KafkaJS takes headers as an object: repeats of a name would come together, and names that look like numbers first. It
 * maps over the values of each name, which may be a list: one list that maps to all of the headers keeps their order.
 */
function inOrder(headers: ProduceRecord['headers']): Record<string, Buffer[]> {
  const pairs = headers.map(([key, value]) => ({ key, value: buffer(value) }))
  return { all: Object.assign([], { map: () => pairs }) }
}
