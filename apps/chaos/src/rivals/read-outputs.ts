import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { ReadRecord } from '../read-records.ts'

export interface OutputRecord extends ReadRecord {
  /** The time at which the broker wrote the record. */
  readonly timestamp: number
}

/** All records of a topic up to its current end, in order within each partition. */
export async function readOutputs(brokers: string, name: string): Promise<readonly OutputRecord[]> {
  const found: OutputRecord[] = []
  const app = createApp()
  const topic = Topic(name, { groupId: null, until: 'end', conf: { brokers } })
  app.snap(topic)(
    ({ partition, offset, key, value, timestamp }) =>
      void found.push({ partition, offset, key: key ?? '', value, timestamp }),
  )
  await app.stream({})
  return found
}
