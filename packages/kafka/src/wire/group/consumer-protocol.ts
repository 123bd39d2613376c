import { SnapstreamError, describe } from '@snapstream/core'
import type { TopicSet } from '../../driver/copartitioned.ts'
import type { StateAssignment, TopicPartition } from '../../driver/driver.ts'
import type { StateOfMember } from '../../driver/state-member.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { ByteReader } from '../protocol/byte-reader.ts'
import { byteWriter } from '../protocol/byte-writer.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import { writePartitions } from '../protocol/topics.ts'
import { readStateAssignment, readStateOfMember, writeStateAssignment, writeStateOfMember } from './state-protocol.ts'

/**
 * Kafka's consumer protocol: the bytes of subscriptions and assignments, as all of Kafka's clients write them. Members send
 * them to each other through the broker, which does not read them. A later version has more fields behind those of an
 * earlier one.
 */
const SUBSCRIPTION_VERSION = 2
const ASSIGNMENT_VERSION = 0
/** The mark in user data of Snapstream, which tells them from the user data of other clients. */
const MARK = Buffer.from('snapstream')
/** User data of subscriptions: version 1 has the state of the member behind the fields of version 0. */
const VERSION_WITH_STATE = 1
const ASSIGNMENT_DATA_VERSION = 0

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
  /** The state that it keeps beside its partitions. */
  readonly state?: StateOfMember | undefined
}

export function encodeSubscription(subscription: Subscription): Buffer {
  const { topics, owned, generationId } = subscription
  const to = byteWriter()
  to.int16(SUBSCRIPTION_VERSION)
  to.array([...topics], to.string)
  to.bytes(userData(subscription))
  writePartitions(to, owned)
  to.int32(generationId)
  return to.done()
}

export function decodeSubscription(metadata: Uint8Array): Subscription {
  const read = byteReader(metadata, 'the subscription of a member')
  const version = read.int16()
  const topics = new Set(read.array(read.string))
  const data = readUserData(read.bytes())
  if (version < 1) return { topics, owned: [], generationId: -1, ...data }
  const owned = readPartitions(read)
  return { topics, owned, generationId: version < 2 ? -1 : read.int32(), ...data }
}

/**
 * The user data of a subscription, which only members of Snapstream write and read. It begins with the generation: Java's
 * `cooperative-sticky` looks for it there in subscriptions of a version without one. A later version may have more fields
 * behind.
 */
function userData({ generationId, copartitioned, state }: Subscription): Buffer {
  if (copartitioned.length === 0 && state === undefined) return NO_USER_DATA
  const to = byteWriter()
  to.int32(generationId)
  writeMark(to, state === undefined ? 0 : VERSION_WITH_STATE)
  to.array(copartitioned, (set) => to.array(set, to.string))
  if (state !== undefined) writeStateOfMember(to, state)
  return to.done()
}

function readUserData(data: Buffer): Pick<Subscription, 'copartitioned' | 'state'> {
  const marked = data.subarray(4)
  if (!isMarked(marked)) return { copartitioned: [] }
  const read = byteReader(marked.subarray(MARK.length), 'the user data of a member of Snapstream')
  const version = read.int16()
  const copartitioned = read.array(() => read.array(read.string))
  if (version < VERSION_WITH_STATE) return { copartitioned }
  return { copartitioned, state: readStateOfMember(read, readPartitions) }
}

function writeMark(to: ByteWriter, version: number): void {
  for (const byte of MARK) to.int8(byte)
  to.int16(version)
}

function isMarked(data: Buffer): boolean {
  return data.subarray(0, MARK.length).equals(MARK)
}

/** The data that the leader sends to each member. */
export interface Assignment {
  /** The partitions that the member gets. Those of a decoded assignment are sorted by topic and partition. */
  readonly partitions: readonly TopicPartition[]
  /** The member will get more partitions once others have given them up. Only leaders of Snapstream say so. */
  readonly more: boolean
  /** What a member with state learns, if the leader knows of state. */
  readonly state?: StateAssignment | undefined
}

export function encodeAssignment({ partitions, more, state }: Assignment): Buffer {
  const to = byteWriter()
  to.int16(ASSIGNMENT_VERSION)
  writePartitions(to, partitions)
  // Members without state get the bytes that leaders without knowledge of state write.
  const withoutState = more ? MORE : NO_USER_DATA
  to.bytes(state === undefined ? withoutState : assignmentData(more, state))
  return to.done()
}

function assignmentData(more: boolean, state: StateAssignment): Buffer {
  const to = byteWriter()
  writeMark(to, ASSIGNMENT_DATA_VERSION)
  to.int8(more ? 1 : 0)
  writeStateAssignment(to, state)
  return to.done()
}

/** Reads an assignment. An assignment without partitions may have no bytes at all. */
export function decodeAssignment(assignment: Uint8Array): Assignment {
  if (assignment.length === 0) return { partitions: [], more: false }
  const read = byteReader(assignment, 'the assignment of a member')
  read.int16()
  const partitions = readPartitions(read).sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
  const data = read.rest().length === 0 ? NO_USER_DATA : read.bytes()
  if (!isMarked(data)) return { partitions, more: data.equals(MORE) }
  const readData = byteReader(data.subarray(MARK.length), 'the assignment of a member of Snapstream')
  readData.int16()
  const more = readData.int8() === 1
  return { partitions, more, state: readStateAssignment(readData, partitions, readPartitions) }
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

const NO_USER_DATA = Buffer.alloc(0)
const MORE = Buffer.from('more')
