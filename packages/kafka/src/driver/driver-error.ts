import { SnapstreamError } from '@snapstream/core'
import type { TopicPartitionOffset } from './driver.ts'

// The errors that all drivers share.

export function topicMissing(topic: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError(
    'TOPIC_MISSING',
    `the topic ${JSON.stringify(topic)} does not exist; create it, or let it be created when it is opened: ` +
      `Topic(${JSON.stringify(topic)}, { create: { partitions: 1 } })`,
    { topic, cause },
  )
}

export function partitionMissing(topic: string, partition: number, count: number): SnapstreamError {
  return new SnapstreamError(
    'KAFKA_FAILED',
    `the topic ${JSON.stringify(topic)} has no partition ${partition}: it has ${count}, numbered from 0`,
    { topic, partition },
  )
}

export function outOfRange(at: TopicPartitionOffset, earliest: number, latest: number): SnapstreamError {
  const { topic, partition, offset } = at
  const why = offset < earliest ? 'it was deleted (retention)' : 'it has not been written yet'
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} of partition ${partition} of ${JSON.stringify(topic)} cannot be read: ${why}; ` +
      `the partition has the offsets from ${earliest} up to, but not including, ${latest}; ` +
      `set onOffsetOutOfRange to 'earliest' or 'latest' to go on from there`,
    { topic, partition, offset },
  )
}

export function nothingCommitted(groupId: string | null, topic: string, partition: number): SnapstreamError {
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `${groupId === null ? 'a reader without a group' : `the group ${JSON.stringify(groupId)}`} has no committed offset ` +
      `in partition ${partition} of ${JSON.stringify(topic)} and autoOffsetReset is 'error'; ` +
      `set it to 'earliest' or 'latest', or give an offset to start at`,
    { topic, partition },
  )
}

export function closed(what: string): SnapstreamError {
  return new SnapstreamError('NOT_OPEN', `the ${what} is closed; make a new one`)
}

/** The error for a consumer without a group that is to commit in transactions. */
export function groupNeeded(transactionalId: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the consumer with the transactionalId ${JSON.stringify(transactionalId)} has no groupId: the offsets of a transaction ` +
      'belong to a group; give it one',
  )
}

export function transactionalIdNeeded(): SnapstreamError {
  return new SnapstreamError('USAGE', 'commitIn needs a consumer with a groupId and a transactionalId; give it both')
}

export function noSuchGroup(groupId: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError(
    'GROUP_MISSING',
    `the group ${JSON.stringify(groupId)} does not exist; the first member or commit creates a group, and Kafka ` +
      `deletes it some time after its last member has left`,
    { cause },
  )
}

export function groupNotEmpty(groupId: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError(
    'GROUP_NOT_EMPTY',
    `the group ${JSON.stringify(groupId)} has members; stop them and try again ` +
      `(a member that crashed counts until its session times out)`,
    { cause },
  )
}
