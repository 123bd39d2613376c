import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'

export const RECORDS = 1_000_000
export const PARTITIONS = 4
export const MAX_BYTES = 2 * 1024 * 1024
const VALUE_BYTES = 100

/** What every contestant gets: where to read, and with which broker. */
export interface Input {
  readonly brokers: string
  readonly topic: string
}

/** What a record's value holds. */
export interface Message {
  readonly id: number
  readonly text: string
}

export function parseInput(input: string): Input {
  return JSON.parse(input) as Input
}

/** The records as `[key, value]`; each value has 100 bytes of JSON. */
export function* records(): Generator<readonly [key: string, value: string]> {
  for (let i = 0; i < RECORDS; i++) {
    const head = `{"id":${i},"text":"`
    yield [String(i), `${head}${'x'.repeat(VALUE_BYTES - 2 - head.length)}"}`]
  }
}

/** What the pipeline does with a message. */
export const transform = ({ id, text }: Message): Message => ({ id, text: text.toUpperCase() })

/** Follows a run from its first record to its last. */
export function stopwatch() {
  let started = 0
  let records = 0
  let bytes = 0
  return {
    /** Answers whether all have been seen. */
    saw(count: number, length = count * VALUE_BYTES): boolean {
      started ||= performance.now()
      records += count
      bytes += length
      return records >= RECORDS
    },
    /** Records per second. Throws if it was not exactly all of them. */
    rate(): number {
      if (records !== RECORDS || bytes !== RECORDS * VALUE_BYTES)
        throw new Error(`saw ${records} records and ${bytes} bytes`)
      return records / ((performance.now() - started) / 1000)
    },
  }
}

/** A new topic to write to, and a look at what arrived in it. */
export async function outputTopic({ brokers }: Input) {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  const topic = `bench-out-${randomUUID()}`
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }] })
  return {
    topic,
    /** Throws unless as many records arrived as were sent; then the topic goes. */
    async check(): Promise<void> {
      const offsets = await admin.fetchTopicOffsets(topic)
      const written = offsets.reduce((sum, { high }) => sum + Number(high), 0)
      await admin.deleteTopics({ topics: [topic] })
      await admin.disconnect()
      if (written !== RECORDS) throw new Error(`${written} records arrived, of ${RECORDS}`)
    },
  }
}
