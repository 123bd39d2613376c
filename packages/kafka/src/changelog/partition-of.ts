import type { Lane } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import { usage } from '../conf/usage.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { partitionOf } from '../producer/partitioner.ts'
import { keyEncoder } from '../record/encode-record.ts'

/** The partition of a lane, whose name is `topic/partition`. Throws `USAGE` for one that was added to its topic later. */
export function partitionOfLane(lane: Lane, partitions: number, what: string): number {
  const name = String(lane)
  const partition = Number(name.slice(name.lastIndexOf('/') + 1))
  if (partition < partitions) return partition
  throw usage(
    `${what} has ${partitions} parts, and ${JSON.stringify(name)} is a partition that was added to its topic: keys have moved to ` +
      'other partitions. Delete the changelog and the folder of the store, and build it again from the source',
  )
}

/**
 * Finds the partitions of keys as the producer of a topic does. The function throws `ENCODE_FAILED`, and `USAGE` for a codec
 * that returns promises.
 */
export function keyPartitions(spec: TopicSpec, topic: string, partitions: number): (key: unknown) => number {
  const encode = syncKeyEncoder(spec, topic)
  return (key) => partitionOf(encode(key), partitions)
}

/** Encodes keys of a topic. The function throws `ENCODE_FAILED`, and `USAGE` for a codec that returns promises. */
export function syncKeyEncoder(spec: TopicSpec, topic: string): (key: unknown) => Uint8Array | string {
  const encode = keyEncoder(spec, topic)
  return (key) => {
    const encoded = encode(key, key)
    if (!isThenable(encoded)) return encoded
    throw usage(
      `the keyCodec of the topic ${JSON.stringify(topic)} returns promises, so the partition of a key cannot be found at once; ` +
        'use a codec that encodes synchronously',
    )
  }
}
