import type { ProducerIdAndEpoch } from '../protocol/connection.ts'
import { createSequences } from './sequences.ts'
import type { BatchNumbers } from './sequences.ts'

/**
 * Numbers the batches of an idempotent producer. A sequence that may have been used is never given to other records: these are
 * sent under a new producer id, with sequences from 0.
 *
 * @param initProducerId asks a broker for a new producer id
 */
export function createIdempotence(initProducerId: () => Promise<ProducerIdAndEpoch>): BatchNumbers {
  const sequences = createSequences()
  let asked: Promise<ProducerIdAndEpoch> | undefined
  let current: ProducerIdAndEpoch | undefined

  async function ask(): Promise<ProducerIdAndEpoch> {
    try {
      return (current = await initProducerId())
    } catch (error) {
      asked = undefined
      throw error
    }
  }

  /** The other partitions keep the old id for a batch that may have been written, and then change to the new one. */
  function retire(producer: ProducerIdAndEpoch): void {
    if (current === producer) asked = current = undefined
  }

  return {
    async sequence(batch) {
      const doubtful = sequences.doubtful(batch)
      if (doubtful) {
        if (doubtful.batch.records === batch.records) return { ...doubtful, batch }
        retire(doubtful.producer)
      }
      return sequences.assign(batch, await (asked ??= ask()))
    },
    settle({ batch, producer }, errorCode) {
      const outcome = sequences.settle(batch, errorCode)
      if (outcome === 'out-of-sequence' && producer) retire(producer)
      return outcome
    },
  }
}
