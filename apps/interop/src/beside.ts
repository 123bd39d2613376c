import { afterAll, beforeAll } from 'vitest'
import { testTopics } from './test-topics.ts'
import type { TestTopics } from './test-topics.ts'

export interface Beside<C> {
  readonly brokers: string
  /** Topics that are deleted after the tests of the file. */
  readonly topics: TestTopics
  /** The other client. Throws before the tests run. */
  client(): C
}

/** Starts a client of another language before the tests of a file, and stops it afterwards. */
export function beside<C extends { close(): Promise<void> }>(start: (brokers: string) => Promise<C>): Beside<C> {
  const brokers = process.env['KAFKA_BROKERS'] ?? ''
  const topics = testTopics(brokers)
  let client: C | undefined
  beforeAll(async () => {
    client = await start(brokers)
  })
  afterAll(async () => {
    await client?.close()
    await topics.deleteAll()
  })
  return {
    brokers,
    topics,
    client() {
      if (client === undefined) throw new Error('the other client has not started; call client() within a test')
      return client
    },
  }
}
