import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { refCounted } from '@snapstream/core/adapter'
import type { RefCounted } from '@snapstream/core/adapter'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/resolve-settings.ts'
import type { Driver } from '../driver/driver.ts'
import { createProducer } from './producer.ts'
import type { Producer } from './producer.ts'

/** One producer for all topics that are open with the same settings. */
interface Shared {
  readonly settings: ResolvedSettings
  readonly producer: RefCounted<Producer>
}

export interface ProducerLease {
  readonly producer: Producer
  /** Releases the producer. The last release closes it. */
  release(): Promise<void>
}

// Module state on purpose: topics open independently of each other, in a run or outside of one, and still share a producer.
const pools = new WeakMap<Driver, Set<Shared>>()

/** Connects a producer, or shares the one with the same settings. Rejects as the driver does, for example with `BROKER_UNREACHABLE`. */
export async function acquireProducer(settings: ResolvedSettings, host: Host): Promise<ProducerLease> {
  const { driver } = settings
  const pool = pools.get(driver) ?? new Set<Shared>()
  pools.set(driver, pool)
  const known = [...pool].find((other) => sameSettings(other.settings, settings, 'producer'))
  const shared = known ?? { settings, producer: refCounted(() => connect(settings, host), close) }
  pool.add(shared)

  async function release(): Promise<void> {
    if (shared.producer.users === 1) pool.delete(shared)
    await shared.producer.close()
  }

  try {
    return { producer: await shared.producer.open(), release }
  } catch (error) {
    pool.delete(shared)
    throw error
  }
}

async function connect({ driver, client, producer: settings }: ResolvedSettings, host: Host): Promise<Producer> {
  const { acks, compression, idempotence } = settings
  const producer = await driver.client(client).producer({ acks, compression, idempotence })
  return createProducer({ producer, settings, host })
}

async function close(producer: Producer): Promise<void> {
  await producer.close(
    new SnapstreamError('NOT_OPEN', 'the topic was closed before the record was acknowledged; it may be lost'),
  )
}
