import type { KafkaConf } from '../conf/kafka-conf.ts'
import type {
  ConsumerSettings,
  Driver,
  DriverAdmin,
  DriverClient,
  DriverConsumer,
  DriverProducer,
  DriverSupports,
  ProduceRecord,
  ProducerSettings,
  RecordBatch,
  TopicPartition,
  TransactionalProducer,
  TransactionalProducerSettings,
} from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { partitionKey } from '../driver/topic-partition.ts'

/** The options of the conformance suites. */
export interface ConformanceOptions {
  /** The driver to test. */
  readonly driver: Driver
  /** The addresses of brokers, `host:port` each. A driver in this process ignores them. */
  readonly brokers: readonly string[]
  /** The time without a heartbeat after which a group removes a member, in ms. Brokers allow 6000 or more. @default 6000 */
  readonly sessionTimeoutMs?: number
  /** How long a test waits for a condition, in ms. @default 20000 */
  readonly patienceMs?: number
}

/** The parts of a test runner that the suites use. Vitest and node:test have them. */
export interface TestRunner {
  /** Registers a test. */
  readonly test: (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown
  /** Registers a group of tests. @default the tests are not grouped */
  readonly describe?: (name: string, run: () => void) => unknown
  /** Registers a test that may run at the same time as others, such as vitest's `test.concurrent`. @default test */
  readonly concurrent?: (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown
}

/** A record as it was read, copied out of its batch. */
export interface ReadRecord extends TopicPartition {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, readonly number[] | null])[]
  /** All headers as bytes, if some of them cannot be read. */
  readonly headerBytes?: readonly number[]
  readonly timestamp: Int64
}

/** A consumer that polls in a loop, and everything that it received. */
export interface Reader {
  readonly consumer: DriverConsumer
  readonly records: ReadRecord[]
  /** Batches that were handed out. With `hold`, they are not released. */
  readonly batches: RecordBatch[]
  /** The partitions that are assigned now, as `topic/partition`. */
  readonly owned: Set<string>
  readonly events: string[]
  readonly error: () => Error | undefined
  readonly values: () => (string | null)[]
  close(): Promise<void>
}

interface ReaderOptions extends Partial<ConsumerSettings> {
  /** Keeps batches instead of releasing them. */
  readonly hold?: (batch: RecordBatch) => boolean
}

export interface Harness {
  readonly client: DriverClient
  readonly admin: DriverAdmin
  readonly producer: DriverProducer
  readonly supports: DriverSupports
  readonly sessionTimeoutMs: number
  name(prefix: string): string
  /** Creates a topic. The harness deletes it after the test. */
  topic(partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>
  produce(topic: string, partition: number, values: readonly (string | null)[]): Promise<void>
  /** Writes `count` batches of `count` records with values of 10 kB to partition 0. */
  fill(topic: string, count: number): Promise<void>
  settings(topics: ConsumerSettings['topics'], more?: Partial<ConsumerSettings>): ConsumerSettings
  consumer(topics: ConsumerSettings['topics'], more?: Partial<ConsumerSettings>): Promise<DriverConsumer>
  reader(topics: ConsumerSettings['topics'], more?: ReaderOptions): Promise<Reader>
  /** A producer with a transactional id of its own, unless `more` has one. */
  transactionalProducer(more?: Partial<TransactionalProducerSettings>): Promise<TransactionalProducer>
  until(what: string, condition: () => unknown): Promise<void>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const bytes = (text: string): Uint8Array => encoder.encode(text)
const text = (content: Uint8Array | null): string | null => (content === null ? null : decoder.decode(content))
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
export const record = (value: string | null, more: Partial<ProduceRecord> = {}): ProduceRecord => ({
  key: null,
  value: value === null ? null : bytes(value),
  headers: [],
  timestamp: Date.now(),
  ...more,
})

export function readAll(batch: RecordBatch): ReadRecord[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    topic: batch.topic,
    partition: batch.partition,
    offset: batch.offset(i),
    key: text(batch.key(i)),
    value: text(batch.value(i)),
    headers: (batch.headers(i) ?? []).map(([name, value]) => [name, value && [...value]] as const),
    ...(!batch.headers(i) && { headerBytes: [...(batch.headerBytes?.(i) ?? [])] }),
    timestamp: batch.timestamp(i),
  }))
}

export const producerSettings = (more: Partial<ProducerSettings> = {}): ProducerSettings => ({
  acks: -1,
  compression: 'none',
  idempotence: false,
  ...more,
})

/** Runs a test with a client of its own, and closes everything that the test opened. */
export async function withHarness(
  options: ConformanceOptions,
  run: (harness: Harness) => Promise<void>,
): Promise<void> {
  const { sessionTimeoutMs = 6000, patienceMs = 20_000 } = options
  const client = options.driver.client({
    brokers: options.brokers,
    clientId: 'snapstream-conformance',
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
  })
  const admin = await client.admin()
  const producer = await client.producer(producerSettings())
  const topics: string[] = []
  const closing: (() => Promise<void>)[] = []

  async function until(what: string, condition: () => unknown): Promise<void> {
    const end = performance.now() + patienceMs
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`waited ${patienceMs} ms for: ${what}`)
      await sleep(2)
    }
  }

  function settings(topics: ConsumerSettings['topics'], more: Partial<ConsumerSettings> = {}): ConsumerSettings {
    return {
      groupId: harness.name('group'),
      topics,
      autoOffsetReset: 'earliest',
      sessionTimeoutMs,
      heartbeatIntervalMs: Math.max(20, sessionTimeoutMs / 20),
      rebalanceTimeoutMs: 60_000,
      fetchMaxBytes: 1 << 20,
      fetchMaxWaitMs: 100,
      maxDecompressedBytes: 1 << 27,
      isolationLevel: 'read_committed',
      assigned: async () => {},
      revoked: async () => {},
      ...more,
    }
  }

  const harness: Harness = {
    client,
    admin,
    producer,
    supports: options.driver.supports,
    sessionTimeoutMs,
    until,
    settings,
    name: (prefix) => `snapstream-conformance-${prefix}-${crypto.randomUUID()}`,
    async topic(partitions = 1, config) {
      const topic = harness.name('topic')
      topics.push(topic)
      await admin.createTopics([{ topic, partitions, replicationFactor: 1, ...(config && { config }) }])
      return topic
    },
    async produce(topic, partition, values) {
      const [result] = await producer.send([{ topic, partition, records: values.map((value) => record(value)) }])
      if (result?.error) throw result.error
    },
    async fill(topic, count) {
      const values = Array.from({ length: count }, () => 'x'.repeat(10_000))
      for (let i = 0; i < count; i++) await harness.produce(topic, 0, values)
    },
    async consumer(topics, more) {
      const consumer = await client.consumer(settings(topics, more))
      closing.push(() => consumer.close())
      return consumer
    },
    async transactionalProducer(more) {
      const producer = await client.transactionalProducer({
        transactionalId: harness.name('transaction'),
        transactionTimeoutMs: 60_000,
        deliveryTimeoutMs: 20_000,
        compression: 'none',
        ...more,
      })
      closing.push(() => producer.close())
      return producer
    },
    async reader(topics, { hold = () => false, ...more } = {}) {
      const owned = new Set<string>()
      const events: string[] = []
      const records: ReadRecord[] = []
      const batches: RecordBatch[] = []
      let failure: Error | undefined
      const consumer = await harness.consumer(topics, {
        ...more,
        async assigned(partitions) {
          const answer = await more.assigned?.(partitions)
          for (const at of partitions) owned.add(partitionKey(at))
          events.push('assigned')
          return answer
        },
        async revoked(partitions, reason) {
          events.push(`${reason}...`)
          await more.revoked?.(partitions, reason)
          for (const at of partitions) owned.delete(partitionKey(at))
          events.push(reason)
        },
      })
      const pumping = (async () => {
        for (;;) {
          const batch = await consumer.poll()
          if (!batch) return
          records.push(...readAll(batch))
          if (hold(batch)) batches.push(batch)
          else consumer.release(batch)
        }
      })().catch((error: unknown) => {
        failure = error as Error
      })
      return {
        consumer,
        records,
        batches,
        owned,
        events,
        error: () => failure,
        values: () => records.map(({ value }) => value),
        async close() {
          await consumer.close()
          await pumping
          owned.clear()
        },
      }
    },
  }

  try {
    await run(harness)
  } finally {
    await Promise.all(closing.map((close) => close()))
    await producer.close()
    for (const topic of topics) await admin.deleteTopics([topic]).catch(() => {})
    await admin.close()
  }
}

/** A reader that holds the first two batches of a partition. The partition has 400 records in many more batches. */
export async function holdingTwo({ topic, fill, reader, until }: Harness) {
  const topicName = await topic(1)
  await fill(topicName, 20)
  const holding = await reader([topicName], { fetchMaxBytes: 200_000, hold: () => true })
  await until('two batches', () => holding.batches.length === 2)
  return { topicName, ...holding }
}

/** Declares one test, by name. */
export type Declare = (name: string, run: (harness: Harness) => Promise<void>) => void

/** Declares tests that each get a new harness. */
export const declareWith =
  (test: TestRunner['test'], options: ConformanceOptions, timeoutMs = 60_000): Declare =>
  (name, run) =>
    test(name, () => withHarness(options, run), timeoutMs)

/** The settings of topics over the driver of a suite. */
export const confOf = ({ driver, brokers }: ConformanceOptions): KafkaConf => ({
  driver,
  ...(brokers.length > 0 && { brokers: [...brokers] }),
})
