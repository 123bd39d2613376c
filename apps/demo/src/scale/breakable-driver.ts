import type { Driver, DriverConsumer } from '@snapstream/kafka/driver'

/** Never settles: the broker of a broken driver does not answer. */
const NEVER = new Promise<never>(() => {})

/** A driver whose connections can be cut, so that an app in this process can be killed. */
export interface BreakableDriver {
  readonly driver: Driver
  /** From now on no request reaches the broker, and none is answered. The group removes its consumers. */
  break(): void
}

/** Wraps the broker in memory. */
export function createBreakableDriver(memory: Driver): BreakableDriver {
  let broken = false
  const consumers: DriverConsumer[] = []

  function breakable<T extends object>(target: T): T {
    const entries = Object.entries(target).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === 'function'
        ? (...args: unknown[]): unknown => (broken && name !== 'close' ? NEVER : member.apply(target, args))
        : member,
    ])
    return Object.fromEntries(entries) as T
  }

  async function open<T extends object>(make: () => Promise<T>): Promise<T> {
    return broken ? NEVER : breakable(await make())
  }

  return {
    driver: {
      ...memory,
      client(settings) {
        const client = memory.client(settings)
        return {
          admin: () => open(() => client.admin()),
          producer: (options) => open(() => client.producer(options)),
          transactionalProducer: (options) => open(() => client.transactionalProducer(options)),
          consumer: (options) =>
            open(async () => {
              const consumer = await client.consumer(options)
              consumers.push(consumer)
              return consumer
            }),
        }
      },
    },
    break() {
      broken = true
      // The session of a consumer in memory has no time-out: the broker is told at once.
      for (const consumer of consumers) (consumer as Partial<Mortal>).kill?.()
    },
  }
}

/** Consumers of the broker in memory can end as if their process had died. */
interface Mortal {
  kill(): void
}
