import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { driverOf } from '../driver-of.ts'
import type { DriverName } from '../worker-plan.ts'

export const brokers = process.env['KAFKA_BROKERS'] ?? ''

export const fresh = (what: string): string => `${what}-${randomUUID()}`

export const confOf = (driver: DriverName): KafkaConf => ({ brokers, driver: driverOf(driver) })

/** Calls KafkaJS's admin client, for operations that `Admin` does not have. */
export async function withOtherTools<T>(
  run: (admin: ReturnType<InstanceType<typeof Kafka>['admin']>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await run(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Writes each value in a batch of its own, in order. */
export async function write(name: string, values: readonly string[], partition = 0): Promise<void> {
  await using topic = Topic(name, { conf: { brokers } })
  await topic.open()
  for (const value of values) await topic(value, { partition })
}

export const numbered = (count: number, prefix = ''): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)

export interface Outcome {
  /** The rejection. Absent if the promise resolved. */
  readonly error?: unknown
}

/** Resolves with the outcome of a promise. Rejects with an error that names `what` after `withinMs`. */
export async function outcomeOf(what: string, promise: Promise<unknown>, withinMs = 20_000): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has not ended within ${withinMs} ms`)), withinMs)
  })
  try {
    return await Promise.race([
      promise.then(
        () => ({}),
        (error: unknown) => ({ error }),
      ),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}
