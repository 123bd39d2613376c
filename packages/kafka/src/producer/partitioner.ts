import type { ProduceRecord } from '../driver/driver.ts'

const M = 0x5bd1e995
const scratch = Buffer.allocUnsafeSlow(3 * 256)

/** Chooses the partitions of the records of one topic, as Kafka's own clients do. */
export interface Partitioner {
  /** With a key: the partition of the key. Without a key: the same partition until `nextBatch`, for fewer and larger batches. */
  partition(key: ProduceRecord['key'], count: number): number
  /** The batch of records without a key is full: later ones go to the next partition. */
  nextBatch(count: number): void
}

/** @param start the partition of the first records without a key */
export function createPartitioner(start: number): Partitioner {
  let sticky = start
  return {
    partition: (key, count) => (key === null ? sticky : partitionOf(key, count)),
    nextBatch(count) {
      sticky = (sticky + 1) % count
    },
  }
}

/**
 * The partition that Kafka's own clients choose for a key, from 0.
 *
 * @param key bytes, or a string, which is hashed as UTF-8
 * @param partitions the number of partitions of the topic, at least 1
 */
export function partitionOf(key: Uint8Array | string, partitions: number): number {
  return ((typeof key === 'string' ? hashOfText(key) : murmur2(key)) & 0x7fffffff) % partitions
}

/** Kafka's hash of keys, as a signed 32-bit integer: the same number as in Java. `partitionOf` uses it. */
export function murmur2(bytes: Uint8Array): number {
  return hashOf(bytes, bytes.length)
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, M)
    k = Math.imul(k ^ (k >>> 24), M)
    hash = Math.imul(hash, M) ^ k
  }
  const left = length - i
  if (left >= 3) hash ^= bytes[i + 2]! << 16
  if (left >= 2) hash ^= bytes[i + 1]! << 8
  if (left >= 1) hash = Math.imul(hash ^ bytes[i]!, M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

function hashOfText(text: string): number {
  // UTF-8 takes at most 3 bytes a UTF-16 unit.
  if (text.length * 3 > scratch.length) return murmur2(Buffer.from(text))
  return hashOf(scratch, scratch.write(text))
}
