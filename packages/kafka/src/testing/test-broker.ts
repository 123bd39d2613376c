import type { Host } from '@snapstream/core'
import type {
  Driver,
  DriverClient,
  DriverProducer,
  DriverConsumer,
  NewTopic,
  ProduceBatch,
  ProduceResult,
  TopicPartition,
} from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import type { MemoryConsumer } from '../memory/memory-consumer.ts'
import type { MemoryOptions } from '../memory/index.ts'

/** The driver of the app under test, for one run. */
export interface MortalDriver {
  readonly driver: Driver
  /** From now on no request reaches the broker, and none is answered. Open transactions stay open. */
  kill(): void
}

/** A broker in memory. It creates topics at their first use and keeps the order in which records were written. */
export interface TestBroker {
  /** The client of the test itself. */
  readonly client: DriverClient
  createDriver(): MortalDriver
  /** How many partitions a topic has. It is created if needed, with `wanted` partitions unless the test has set a number. */
  partitions(topic: string, wanted?: number): Promise<number>
  /** The partition of every record of a topic, in the order of writing. Records of a transaction are written by its commit. */
  written(topic: string): readonly number[]
}

export interface TestBrokerOptions extends Pick<MemoryOptions, 'retention'> {
  readonly host: Host
  /** How many partitions a topic gets by default. */
  readonly partitions: number
  /** How many partitions topics have, by name. */
  readonly topics: Readonly<Record<string, number>>
}

/** The name of a test's driver. */
export const TEST_DRIVER = 'memory of a test'
const SETTINGS = { brokers: [], clientId: 'test', connectTimeoutMs: 10_000, requestTimeoutMs: 10_000 }
/** Never settles: the process that waited for it is dead. */
const NEVER = new Promise<never>(() => {})

export function testBroker({ host, partitions, topics, retention = {} }: TestBrokerOptions): TestBroker {
  const inner = memory({ host, defaultPartitions: partitions, retention })
  const journal = new Map<string, number[]>()

  const newTopic = (topic: string, wanted = partitions): NewTopic => ({ topic, partitions: topics[topic] ?? wanted })

  function note(written: readonly TopicPartition[]): void {
    for (const { topic, partition } of written) {
      const entries = journal.get(topic) ?? []
      journal.set(topic, entries)
      entries.push(partition)
    }
  }

  function journaled(client: DriverClient): DriverClient {
    const createTopic = (topic: string) => withAdmin(client, (admin) => admin.createTopics([newTopic(topic)]))
    /** `partitions` of a producer: creates the topic first. */
    const creating = (producer: Pick<DriverProducer, 'partitions'>) => async (topic: string) => {
      await createTopic(topic)
      return producer.partitions(topic)
    }
    return {
      async admin() {
        const admin = await client.admin()
        return {
          ...admin,
          // A pattern finds existing topics, so the named ones are created first.
          async listTopics() {
            await admin.createTopics(Object.keys(topics).map((name) => newTopic(name)))
            return admin.listTopics()
          },
          async describeTopics(names) {
            await admin.createTopics(names.map((name) => newTopic(name)))
            return admin.describeTopics(names)
          },
          async createTopics(wanted) {
            // The test's numbers take precedence over the app's.
            await admin.createTopics(wanted.map((one) => ({ ...one, ...(topics[one.topic] && newTopic(one.topic)) })))
          },
        }
      },
      async producer(settings) {
        const producer = await client.producer(settings)
        return {
          ...producer,
          partitions: creating(producer),
          async send(batches) {
            const results = await producer.send(batches)
            note(acknowledged(batches, results))
            return results
          },
        }
      },
      async transactionalProducer(settings) {
        const producer = await client.transactionalProducer(settings)
        let uncommitted: TopicPartition[] = []
        return {
          ...producer,
          partitions: creating(producer),
          async send(batches) {
            const results = await producer.send(batches)
            uncommitted.push(...acknowledged(batches, results))
            return results
          },
          async commit() {
            await producer.commit()
            note(uncommitted)
            uncommitted = []
          },
          async abort() {
            uncommitted = []
            await producer.abort()
          },
        }
      },
      consumer: (settings) => client.consumer(settings),
    }
  }

  const client = journaled(inner.client(SETTINGS))
  return {
    client,
    createDriver() {
      let dead = false
      const mortal = async <T extends object>(make: () => Promise<T>): Promise<T> => {
        if (dead) return NEVER
        const made = await make()
        return dead ? NEVER : fence(made)
      }
      const fence = <T extends object>(target: T): T =>
        Object.fromEntries(
          Object.entries(target).map(([name, member]: [string, unknown]) => [
            name,
            typeof member !== 'function' || name === 'close'
              ? member
              : (...args: unknown[]): unknown => (dead ? NEVER : member.apply(target, args)),
          ]),
        ) as T
      /** A consumer that the group removes when its process has died, also while it was opened. */
      const mortalConsumer = (make: () => Promise<DriverConsumer>): Promise<DriverConsumer> =>
        mortal(async () => {
          const consumer = (await make()) as MemoryConsumer
          if (dead) consumer.kill()
          return { ...consumer, close: async () => (dead ? consumer.kill() : consumer.close()) }
        })
      return {
        driver: {
          name: TEST_DRIVER,
          supports: inner.supports,
          client(settings) {
            const made = journaled(inner.client(settings))
            return {
              admin: () => mortal(() => made.admin()),
              producer: (options) => mortal(() => made.producer(options)),
              transactionalProducer: (options) => mortal(() => made.transactionalProducer(options)),
              consumer: (options) => mortalConsumer(() => made.consumer(options)),
            }
          },
        },
        kill() {
          dead = true
        },
      }
    },
    partitions: (topic, wanted) =>
      withAdmin(client, async (admin) => {
        await admin.createTopics([newTopic(topic, wanted)])
        return (await admin.describeTopics([topic])).get(topic)?.length ?? 0
      }),
    written: (topic) => journal.get(topic) ?? [],
  }
}

/** The partition of each record of the batches that were acknowledged. */
function acknowledged(batches: readonly ProduceBatch[], results: readonly ProduceResult[]): TopicPartition[] {
  return batches
    .filter((_, i) => results[i]?.error === undefined)
    .flatMap(({ topic, partition, records }) => records.map(() => ({ topic, partition })))
}

async function withAdmin<T>(
  client: DriverClient,
  ask: (admin: Awaited<ReturnType<DriverClient['admin']>>) => Promise<T>,
): Promise<T> {
  const admin = await client.admin()
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}
