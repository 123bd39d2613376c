import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './group-protocol.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
const userData = Buffer.alloc(0)
const topics = ['orders', 'é', 'a'.repeat(249)]

describe('subscriptions', () => {
  test('are the bytes that KafkaJS makes', () => {
    expect(encodeSubscription(topics)).toEqual(MemberMetadata.encode({ version: 0, topics, userData }))
    expect(encodeSubscription([])).toEqual(MemberMetadata.encode({ version: 0, topics: [], userData }))
  })

  test('are read from all versions: what later ones added comes behind', () => {
    const ownedPartitions = Buffer.from([0, 0, 0, 1, 0, 1, 97, 0, 0, 0, 1, 0, 0, 0, 7])
    const version1 = Buffer.concat([encodeSubscription(topics), ownedPartitions])
    version1.writeInt16BE(1)
    for (const bytes of [encodeSubscription(topics), version1, new Uint8Array(version1)])
      expect(decodeSubscription(bytes)).toEqual(new Set(topics))
  })
})

describe('assignments', () => {
  const partitions = [
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 2 },
    { topic: 'b', partition: 1 },
  ]

  test('are the bytes that KafkaJS makes', () => {
    const assignment = { a: [0, 2], b: [1] }
    expect(encodeAssignment(partitions)).toEqual(MemberAssignment.encode({ version: 0, assignment, userData }))
  })

  test('are read back in order, whatever order they were written in', () => {
    expect(decodeAssignment(encodeAssignment(partitions.toReversed()))).toEqual(partitions)
  })

  test('nothing is nothing, also with no bytes at all', () => {
    expect(decodeAssignment(encodeAssignment([]))).toEqual([])
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })

  test('bytes that end in the middle are an error', () => {
    const whole = encodeAssignment(partitions)
    for (let size = 1; size < whole.length - 4; size++)
      expect(() => decodeAssignment(whole.subarray(0, size))).toThrow('ends in the middle')
  })
})
