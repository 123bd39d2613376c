import { SnapstreamError } from '@snapstream/core'
import type { TopicPartition } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'

/**
 * What members of consumer groups tell each other through the broker, as all of Kafka's clients write it. Later versions
 * have more fields behind those of version 0.
 */
const VERSION = 0

/** The topics that a member wants to read. */
export function encodeSubscription(topics: Iterable<string>): Buffer {
  const names = [...topics]
  return Buffer.concat([int16(VERSION), int32(names.length), ...names.map(string), NO_USER_DATA])
}

export function decodeSubscription(metadata: Uint8Array): ReadonlySet<string> {
  const read = reader(metadata, 'the subscription of a member')
  read.int16()
  return new Set(read.array(read.string))
}

/** The partitions that a member gets. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const topics = groupBy(partitions, ({ topic }) => topic)
  return Buffer.concat([
    int16(VERSION),
    int32(topics.size),
    ...[...topics].flatMap(([topic, of]) => [string(topic), int32(of.length), ...of.map((at) => int32(at.partition))]),
    NO_USER_DATA,
  ])
}

/** In order. A member that gets nothing may be told so with no bytes at all. */
export function decodeAssignment(assignment: Uint8Array): TopicPartition[] {
  if (assignment.length === 0) return []
  const read = reader(assignment, 'the assignment of a member')
  read.int16()
  return read
    .array(() => {
      const topic = read.string()
      return read.array(read.int32).map((partition) => ({ topic, partition }))
    })
    .flat()
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
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

function reader({ buffer, byteOffset, byteLength }: Uint8Array, what: string) {
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  let at = 0
  const take = (size: number): number => {
    const start = at
    at += size
    if (size >= 0 && at <= bytes.length) return start
    throw new SnapstreamError('KAFKA_FAILED', `${what} ends in the middle: it has ${bytes.length} bytes`)
  }
  const int32 = () => bytes.readInt32BE(take(4))
  return {
    int16: () => bytes.readInt16BE(take(2)),
    int32,
    string() {
      const size = bytes.readInt16BE(take(2))
      const start = take(size)
      return bytes.toString('utf8', start, start + size)
    },
    array<T>(one: () => T): T[] {
      const values: T[] = []
      for (let count = int32(); count > 0; count--) values.push(one())
      return values
    },
  }
}
