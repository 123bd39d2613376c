import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'

export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** All records of a topic up to its current end, in order within each partition. */
export async function readRecords(brokers: string, name: string): Promise<readonly ReadRecord[]> {
  const found: ReadRecord[] = []
  const app = createApp()
  const topic = Topic(name, { groupId: null, until: 'end', conf: { brokers } })
  app.snap(topic)(({ partition, offset, key, value }) => void found.push({ partition, offset, key: key ?? '', value }))
  await app.stream({})
  return found
}
