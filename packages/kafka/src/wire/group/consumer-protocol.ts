import { SnapstreamError, describe } from '@snapstream/core'
import type { TopicSet } from '../../driver/copartitioned.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import { groupBy, partitionKey } from '../../driver/topic-partition.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { ByteReader } from '../protocol/byte-reader.ts'

/**
 * Kafka's consumer protocol: the bytes of subscriptions and assignments, as all of Kafka's clients write them. Members send
 * them to each other through the broker, which does not read them. A later version has more fields behind those of an
 * earlier one.
 */
const SUBSCRIPTION_VERSION = 2
const ASSIGNMENT_VERSION = 0
/** The mark behind the generation in user data of Snapstream. It tells them from the user data of other clients. */
const USER_DATA = Buffer.from('snapstream')
const USER_DATA_VERSION = 0

/** The data that each member sends to the leader of its group. */
export interface Subscription {
  /** The topics that it wants to read. */
  readonly topics: ReadonlySet<string>
  /** The partitions that it owns, and keeps until it is assigned others. */
  readonly owned: readonly TopicPartition[]
  /** The generation in which it was assigned those; -1 if the subscription does not say. */
  readonly generationId: number
  /** Sets of topics: it wants partition n of each topic of a set, or of none. */
  readonly copartitioned: readonly TopicSet[]
}

export function encodeSubscription({ topics, owned, generationId, copartitioned }: Subscription): Buffer {
  const names = [...topics].map(string)
  return Buffer.concat([
    int16(SUBSCRIPTION_VERSION),
    int32(names.length),
    ...names,
    copartitioned.length > 0 ? userData(generationId, copartitioned) : NO_USER_DATA,
    partitionsByTopic(owned),
    int32(generationId),
  ])
}

export function decodeSubscription(metadata: Uint8Array): Subscription {
  const read = byteReader(metadata, 'the subscription of a member')
  const version = read.int16()
  const topics = new Set(read.array(read.string))
  const copartitioned = readUserData(read.bytes())
  if (version < 1) return { topics, owned: [], generationId: -1, copartitioned }
  const owned = readPartitions(read)
  return { topics, owned, generationId: version < 2 ? -1 : read.int32(), copartitioned }
}

/**
 * The user data of a subscription, which only members of Snapstream write and read. It begins with the generation: Java's
 * `cooperative-sticky` looks for it there in subscriptions of a version without one. A later version may have more fields
 * behind.
 */
function userData(generationId: number, copartitioned: readonly TopicSet[]): Buffer {
  const data = Buffer.concat([
    int32(generationId),
    USER_DATA,
    int16(USER_DATA_VERSION),
    int32(copartitioned.length),
    ...copartitioned.flatMap((set) => [int32(set.length), ...set.map(string)]),
  ])
  return Buffer.concat([int32(data.length), data])
}

function readUserData(data: Buffer): TopicSet[] {
  if (!data.subarray(4, 4 + USER_DATA.length).equals(USER_DATA)) return []
  const read = byteReader(data.subarray(4 + USER_DATA.length), 'the user data of a member of Snapstream')
  read.int16()
  return read.array(() => read.array(read.string))
}

/** The data that the leader sends to each member. */
export interface Assignment {
  /** The partitions that the member gets. Those of a decoded assignment are sorted by topic and partition. */
  readonly partitions: readonly TopicPartition[]
  /** The member will get more partitions once others have given them up. Only leaders of Snapstream say so. */
  readonly more: boolean
}

export function encodeAssignment({ partitions, more }: Assignment): Buffer {
  return Buffer.concat([int16(ASSIGNMENT_VERSION), partitionsByTopic(partitions), more ? MORE : NO_USER_DATA])
}

/** Reads an assignment. An assignment without partitions may have no bytes at all. */
export function decodeAssignment(assignment: Uint8Array): Assignment {
  if (assignment.length === 0) return { partitions: [], more: false }
  const read = byteReader(assignment, 'the assignment of a member')
  read.int16()
  const partitions = readPartitions(read).sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
  return { partitions, more: read.rest().equals(MORE) }
}

function partitionsByTopic(partitions: readonly TopicPartition[]): Buffer {
  const topics = groupBy(partitions, ({ topic }) => topic)
  return Buffer.concat([
    int32(topics.size),
    ...[...topics].flatMap(([topic, of]) => [string(topic), int32(of.length), ...of.map((at) => int32(at.partition))]),
  ])
}

/**
 * Reads partitions, each once, however often the bytes name it: a partition that is read twice would deliver each record
 * twice.
 */
function readPartitions(read: ByteReader): TopicPartition[] {
  const partitions = new Map<string, TopicPartition>()
  read.array(() => {
    const topic = read.string()
    read.array(() => {
      const at = { topic, partition: read.int32() }
      if (at.partition < 0)
        throw new SnapstreamError(
          'KAFKA_FAILED',
          `a member of the group names partition ${at.partition} of ${describe(topic)}; partitions count from 0`,
        )
      partitions.set(partitionKey(at), at)
    })
  })
  return [...partitions.values()]
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([int16(bytes.length), bytes])
}

const NO_USER_DATA = int32(0)
const MORE = Buffer.concat([int32(4), Buffer.from('more')])
