import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/same-settings.ts'
import type { Driver } from '../driver/driver.ts'
import { createProducer } from './producer.ts'
import type { Producer } from './producer.ts'

/** One producer for all topics that are open with the same settings. */
interface Shared {
  readonly settings: ResolvedSettings
  readonly made: Promise<Producer>
  users: number
}

export interface ProducerLease {
  readonly producer: Producer
  /** The last one to release it closes the producer. */
  release(): Promise<void>
}

// Topics open one by one, in a run or outside of one, and share a connection all the same.
const pools = new WeakMap<Driver, Set<Shared>>()

/** Connects a producer, or shares the one that has the same settings. Rejects as the driver does, with `BROKER_UNREACHABLE` for one. */
export async function acquireProducer(settings: ResolvedSettings, host: Host): Promise<ProducerLease> {
  const { driver } = settings
  const pool = pools.get(driver) ?? new Set<Shared>()
  pools.set(driver, pool)
  const known = [...pool].find((other) => sameSettings(other.settings, settings, 'producer'))
  const shared = known ?? { settings, made: connect(settings, host), users: 0 }
  pool.add(shared)
  shared.users++

  async function release(): Promise<void> {
    if (--shared.users > 0) return
    pool.delete(shared)
    const producer = await shared.made
    await producer.close(
      new SnapstreamError('NOT_OPEN', 'the topic was closed before the record was acknowledged; it may be lost'),
    )
  }

  try {
    return { producer: await shared.made, release }
  } catch (error) {
    // The next caller tries to connect again.
    pool.delete(shared)
    throw error
  }
}

async function connect({ driver, client, producer: settings }: ResolvedSettings, host: Host): Promise<Producer> {
  const { acks, compression, idempotence } = settings
  const producer = await driver.client(client).producer({ acks, compression, idempotence })
  return createProducer({ producer, settings, host })
}
