import type { Host } from '@snapstream/core'
import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/same-settings.ts'
import type { Driver, DriverProducer } from '../driver/driver.ts'
import { createAccumulator } from './accumulator.ts'
import type { Accumulator } from './accumulator.ts'

/** One producer, for all topics that are open with the same settings. */
interface Shared {
  readonly settings: ResolvedSettings
  readonly made: Promise<{ readonly producer: DriverProducer; readonly accumulator: Accumulator }>
  users: number
}

export interface ProducerLease {
  readonly accumulator: Accumulator
  /** The last to do so closes the producer. */
  release(): Promise<void>
}

// Topics open one by one, in a run or outside of one, and are to share a connection all the same.
const pools = new WeakMap<Driver, Set<Shared>>()

/** Connects, or joins those who are. Rejects with what the driver says, `BROKER_UNREACHABLE` for one. */
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
    const { producer, accumulator } = await shared.made
    accumulator.abandon(
      new SnapstreamError('NOT_OPEN', 'the topic was closed before the record was acknowledged; it may be lost'),
    )
    await producer.close()
  }

  try {
    const { accumulator } = await shared.made
    return { accumulator, release }
  } catch (error) {
    // Whoever comes next tries anew.
    pool.delete(shared)
    throw error
  }
}

async function connect({ driver, client, producer: settings }: ResolvedSettings, host: Host) {
  const { acks, compression, idempotence } = settings
  const producer = await driver.client(client).producer({ acks, compression, idempotence })
  return { producer, accumulator: createAccumulator(producer, settings, host) }
}
