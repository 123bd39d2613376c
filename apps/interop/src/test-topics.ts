import { randomUUID } from 'node:crypto'
import type { DriverAdmin } from '@snapstream/kafka/driver'
import { drivers } from './drivers.ts'

export const PARTITIONS = 12

/** Creates topics with unique names, and deletes them. */
export interface TestTopics {
  create(config?: Readonly<Record<string, string>>): Promise<string>
  deleteAll(): Promise<void>
}

export function testTopics(brokers: string): TestTopics {
  const made: string[] = []
  const withAdmin = async (work: (admin: DriverAdmin) => Promise<void>) => {
    const settings = { clientId: 'snapstream-interop', connectTimeoutMs: 10_000, requestTimeoutMs: 10_000 }
    const admin = await drivers[0]?.client({ brokers: brokers.split(','), ...settings }).admin()
    if (admin === undefined) throw new Error('no driver to test')
    try {
      await work(admin)
    } finally {
      await admin.close()
    }
  }
  return {
    async create(config = {}) {
      const topic = `snapstream-interop-${randomUUID()}`
      // The broker must not delete records with old timestamps.
      const kept = { 'retention.ms': '-1', ...config }
      await withAdmin((admin) =>
        admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, config: kept }]),
      )
      made.push(topic)
      return topic
    },
    async deleteAll() {
      if (made.length > 0) await withAdmin((admin) => admin.deleteTopics(made.splice(0)))
    },
  }
}
