/** Kafka's hash of keys, as a signed 32-bit integer: the same number as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
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

/** The partition where Kafka's own clients put this key. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

const M = 0x5bd1e995
