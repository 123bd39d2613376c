import type { StateAssignment, StateOwner, TopicPartition } from '../../driver/driver.ts'
import type { StateOfMember } from '../../driver/state-member.ts'
import { byTopic, parsePartitionKey, partitionKey } from '../../driver/topic-partition.ts'
import type { ByteReader } from '../protocol/byte-reader.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import { readTopics, writePartitions, writeTopics } from '../protocol/topics.ts'

type ReadPartitions = (read: ByteReader) => readonly TopicPartition[]

const MAX_STANDBYS = 127
const NOBODY = -1

export function writeStateOfMember(to: ByteWriter, state: StateOfMember): void {
  const { endpoint, rack, rejoins, standbys, held, caughtUp = [] } = state
  to.string(endpoint)
  to.string(rack)
  to.int32(rejoins)
  to.array([...standbys], ([topic, count]) => {
    to.string(topic)
    to.int32(Math.min(count, MAX_STANDBYS))
  })
  const sizes = [...held].map(([key, size]) => ({ ...parsePartitionKey(key), size }))
  // An offset that is none must not keep the member from joining.
  writeTopics(to, sizes, ({ size }) => to.int64(Number.isSafeInteger(size) ? size : 0))
  writePartitions(to, [...caughtUp].map(parsePartitionKey))
}

export function readStateOfMember(read: ByteReader, readPartitions: ReadPartitions): StateOfMember {
  const endpoint = read.string()
  const rack = read.nullableString()
  const rejoins = read.int32()
  const standbys = new Map(read.array(() => [read.string(), read.int32()] as const))
  const held = new Map(readTopics(read, () => ({ size: read.int64() })).map((at) => [partitionKey(at), at.size]))
  const caughtUp = new Set(readPartitions(read).map(partitionKey))
  return { endpoint, ...(rack !== undefined && { rack }), rejoins, standbys, held, caughtUp }
}

/**
 * Owners take three bytes a partition, and two more for each standby: each member gets all of them, and a broker keeps all
 * assignments of a group in one record.
 */
export function writeStateAssignment(to: ByteWriter, { owners, standby }: StateAssignment): void {
  const endpoints = [...new Set([...owners.values()].flatMap(({ endpoint, standbys }) => [endpoint, ...standbys]))]
  const numbers = new Map(endpoints.map((endpoint, i) => [endpoint, i]))
  const writeEndpoint = (endpoint: string | undefined) =>
    to.int16(endpoint === undefined ? NOBODY : (numbers.get(endpoint) ?? NOBODY))
  to.array(endpoints, to.string)
  const known = [...owners].map(([key, owner]) => ({ ...parsePartitionKey(key), owner }))
  to.array(
    byTopic(known, (one) => one),
    ({ topic, partitions }) => {
      to.string(topic)
      // In the order of their numbers, without gaps.
      const all: (StateOwner | undefined)[] = Array.from({
        length: Math.max(...partitions.map(({ partition }) => partition)) + 1,
      })
      for (const { partition, owner } of partitions) all[partition] = owner
      to.array(all, (owner) => {
        writeEndpoint(owner?.endpoint)
        const standbys = owner?.standbys.slice(0, MAX_STANDBYS) ?? []
        to.int8(standbys.length)
        for (const standby of standbys) writeEndpoint(standby)
      })
    },
  )
  writePartitions(to, standby)
}

/** @param owned the partitions that the member is assigned: it is their owner */
export function readStateAssignment(
  read: ByteReader,
  owned: readonly TopicPartition[],
  readPartitions: ReadPartitions,
): StateAssignment {
  const isOwned = new Set(owned.map(partitionKey))
  const owners = new Map<string, StateOwner>()
  const endpoints = read.array(read.string)
  read.array(() => {
    const topic = read.string()
    let partition = 0
    read.array(() => {
      const endpoint = endpoints[read.int16()]
      const standbys = Array.from({ length: read.int8() }, () => endpoints[read.int16()] ?? '')
      const key = partitionKey({ topic, partition: partition++ })
      if (endpoint !== undefined) owners.set(key, { here: isOwned.has(key), endpoint, standbys })
    })
  })
  return { owners, standby: readPartitions(read).filter((at) => !isOwned.has(partitionKey(at))) }
}
