import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
const userData = Buffer.alloc(0)
const topics = ['orders', 'é', 'a'.repeat(249)]

const nothing = { owned: [], generationId: -1, copartitioned: [] }
const prefix = (bytes: Buffer, of: Buffer) => bytes.subarray(2, of.length)

describe('subscriptions', () => {
  test('a subscription begins with the bytes that KafkaJS writes, and has more fields behind them', () => {
    for (const names of [topics, []]) {
      const known = MemberMetadata.encode({ version: 0, topics: names, userData })
      const bytes = encodeSubscription({ topics: new Set(names), ...nothing })
      expect(bytes.readInt16BE(0)).toBe(2)
      expect(prefix(bytes, known)).toEqual(known.subarray(2))
    }
  })

  test('a subscription contains the partitions that a member owns, and their generation', () => {
    const subscription = {
      topics: new Set(topics),
      owned: [
        { topic: 'orders', partition: 0 },
        { topic: 'orders', partition: 7 },
        { topic: 'é', partition: 2 },
      ],
      generationId: 12,
      copartitioned: [],
    }
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription)
  })

  test('a subscription names co-partitioned topics in user data that Java does not misread', () => {
    const owned = [{ topic: 'orders', partition: 3 }]
    for (const generationId of [-1, 12]) {
      const copartitioned = [
        ['customers', 'orders'],
        ['é', 'ü', 'a'.repeat(249)],
      ]
      const subscription = { topics: new Set(topics), owned, generationId, copartitioned }
      const bytes = encodeSubscription(subscription)
      expect(decodeSubscription(bytes)).toEqual(subscription)
      // For a member without a generation, Java's cooperative-sticky reads the first four bytes as the generation.
      const { userData: data } = MemberMetadata.decode(Buffer.concat([bytes])) ?? {}
      expect(data?.readInt32BE(0)).toBe(generationId)
    }
  })

  test('subscriptions of every version can be read', () => {
    const version0 = MemberMetadata.encode({ version: 0, topics, userData: Buffer.from('of the assignor') })
    const owned = Buffer.from([0, 0, 0, 1, 0, 1, 97, 0, 0, 0, 1, 0, 0, 0, 7])
    const version = (number: number, ...more: Buffer[]) => {
      const bytes = Buffer.concat([version0, ...more])
      bytes.writeInt16BE(number)
      return bytes
    }
    const generation = Buffer.from([0, 0, 0, 9])
    const rack = Buffer.from([0, 1, 98])
    const a7 = [{ topic: 'a', partition: 7 }]
    expect(decodeSubscription(version0)).toEqual({ topics: new Set(topics), ...nothing })
    expect(decodeSubscription(version(1, owned))).toEqual({
      topics: new Set(topics),
      owned: a7,
      generationId: -1,
      copartitioned: [],
    })
    for (const bytes of [version(2, owned, generation), version(3, owned, generation, rack)])
      expect(decodeSubscription(new Uint8Array(bytes))).toEqual({
        ...nothing,
        topics: new Set(topics),
        owned: a7,
        generationId: 9,
      })
  })
})

describe('assignments', () => {
  const partitions = [
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 2 },
    { topic: 'b', partition: 1 },
  ]

  test('an assignment has the bytes that KafkaJS writes', () => {
    const assignment = { a: [0, 2], b: [1] }
    expect(encodeAssignment({ partitions, more: false })).toEqual(
      MemberAssignment.encode({ version: 0, assignment, userData }),
    )
  })

  test('a decoded assignment is sorted, in whatever order it was written', () => {
    for (const more of [false, true]) {
      const bytes = encodeAssignment({ partitions: partitions.toReversed(), more })
      expect(decodeAssignment(bytes)).toEqual({ partitions, more })
    }
  })

  test('an empty assignment can be read, also with no bytes at all', () => {
    const none = { partitions: [], more: false }
    expect(decodeAssignment(encodeAssignment(none))).toEqual(none)
    expect(decodeAssignment(Buffer.alloc(0))).toEqual(none)
  })

  test('an assignment that ends in the middle is an error', () => {
    const whole = encodeAssignment({ partitions, more: false })
    for (let size = 1; size < whole.length - 4; size++)
      expect(() => decodeAssignment(whole.subarray(0, size))).toThrow('cannot be read')
  })
})
