import type { ProduceBatch } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'

/** How brokers know a producer that writes each batch once. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** What makes a batch recognisable: a batch that comes twice with the same is written once. */
interface Sequenced {
  readonly identity: ProducerIdentity
  readonly firstSequence: number
}

/**
 * What became of a try. `'unknown'`: it may have been written. `'refused'`: this try has written nothing.
 * `'lost-track'`: so it is, and the broker expected another sequence.
 */
export type Outcome = 'written' | 'refused' | 'unknown' | 'lost-track'

/** Numbers the batches of an idempotent producer. */
export interface Sequences {
  /** The same for the same `records` array as long as it may have been written, another for all else. */
  number(batch: ProduceBatch): Promise<Sequenced>
  settle(batch: ProduceBatch, outcome: Outcome): void
  /** Whether it was sent before and nobody knows what became of it. */
  mayBeWritten(batch: ProduceBatch): boolean
}

interface PartitionState {
  identity: ProducerIdentity
  next: number
  /** The last batch, unless it was written. */
  pending: { readonly records: ProduceBatch['records']; unknown: boolean } | undefined
}

const MAX_SEQUENCE = 0x7fffffff

/**
 * A broker takes a batch for one it has if producer and sequence are the same, whatever is in it. So a sequence that may
 * have been used is never given to other records: these come under a new producer id, where counting starts from 0.
 *
 * @param initialize asks for a new identity
 */
export function sequences(initialize: () => Promise<ProducerIdentity>): Sequences {
  const partitions = new Map<string, PartitionState>()
  let current: Promise<ProducerIdentity> | undefined
  let known: ProducerIdentity | undefined

  function identity(): Promise<ProducerIdentity> {
    current ??= initialize().then(
      (fresh) => {
        known = fresh
        return fresh
      },
      (error: unknown) => {
        current = undefined
        throw error
      },
    )
    return current
  }

  /** The others go on under the old one until they get to a batch of which nothing is pending. */
  function retire(old: ProducerIdentity): void {
    if (known === old) current = known = undefined
  }

  return {
    async number(batch) {
      const key = partitionKey(batch)
      const state = partitions.get(key)
      const isRetry = state?.pending?.records === batch.records
      if (state && isRetry && state.pending?.unknown) return { identity: state.identity, firstSequence: state.next }
      if (state?.pending?.unknown) retire(state.identity)
      const own = await identity()
      const next = state?.identity === own ? state.next : 0
      partitions.set(key, { identity: own, next, pending: { records: batch.records, unknown: false } })
      return { identity: own, firstSequence: next }
    },
    settle(batch, outcome) {
      const state = partitions.get(partitionKey(batch))
      if (!state?.pending || state.pending.records !== batch.records) return
      if (outcome === 'written') {
        state.next = nextSequence(state.next, batch.records.length)
        state.pending = undefined
      } else if (outcome === 'unknown') state.pending.unknown = true
      else if (outcome === 'lost-track') {
        retire(state.identity)
        partitions.delete(partitionKey(batch))
      }
    },
    mayBeWritten(batch) {
      const pending = partitions.get(partitionKey(batch))?.pending
      return pending?.records === batch.records && pending.unknown
    },
  }
}

/** Sequences count records, and start again from 0 after the last. */
export function nextSequence(sequence: number, count: number): number {
  return count > MAX_SEQUENCE - sequence ? count - (MAX_SEQUENCE - sequence) - 1 : sequence + count
}
