import type { SinkWriter } from '../protocol.ts'

/** Whether two atomic sinks are flushed as one. */
export function sharesTransaction({ atomic }: SinkWriter<never>, other: SinkWriter<never>): boolean {
  return atomic === Object(atomic) && atomic === other.atomic
}
