import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts'
import type { Subscription } from './consumer-protocol.ts'

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

  const state = {
    endpoint: 'http://10.0.0.7:3000',
    rack: 'a',
    rejoins: 3,
    standbys: new Map([
      ['orders', 1],
      ['é', 0],
    ]),
    held: new Map([
      ['orders/0', 12],
      ['orders/31', 2 ** 40],
      ['é/2', 0],
    ]),
    caughtUp: new Set(['orders/31']),
  }

  test('a subscription has the state of the member behind the fields that earlier members know', () => {
    const owned = [{ topic: 'orders', partition: 3 }]
    const copartitioned = [['customers', 'orders']]
    for (const { rack, ...rest } of [state, { ...state, endpoint: '', held: new Map<string, number>() }]) {
      const subscription = { topics: new Set(topics), owned, generationId: 7, copartitioned }
      for (const one of [{ ...rest, rack }, rest])
        for (const sets of [copartitioned, []]) {
          const given = { ...subscription, copartitioned: sets, state: one }
          expect(decodeSubscription(encodeSubscription(given))).toEqual(given)
        }
      // Java reads the generation, and an earlier Snapstream the sets, at the place where they were.
      const userDataOf = (one: Subscription) =>
        MemberMetadata.decode(Buffer.concat([encodeSubscription(one)]))?.userData ?? Buffer.alloc(0)
      const [before, data] = [userDataOf(subscription), userDataOf({ ...subscription, state: { ...rest, rack } })]
      expect(data.readInt32BE(0)).toBe(7)
      expect(before.length).toBeGreaterThan(16)
      expect(data.subarray(16, before.length)).toEqual(before.subarray(16))
    }
  })

  test('members without state write the bytes of before', () => {
    const subscription = { topics: new Set(['t']), owned: [], generationId: 2 }
    expect(encodeSubscription({ ...subscription, copartitioned: [] }).toString('hex')).toBe(
      '000200000001000174000000000000000000000002',
    )
    expect(encodeSubscription({ ...subscription, copartitioned: [['t', 'u']] }).toString('hex')).toBe(
      [
        '000200000001000174',
        '0000001e',
        '00000002',
        '736e617073747265616d',
        '0000',
        '00000001',
        '00000002',
        '000174',
        '000175',
        '00000000',
        '00000002',
      ].join(''),
    )
  })

  test('sizes that are no counts do not keep a member from joining', () => {
    for (const size of [NaN, Infinity, 1.5, -1, 2 ** 60]) {
      const subscription = {
        topics: new Set(topics),
        ...nothing,
        state: { ...state, held: new Map([['orders/0', size]]) },
      }
      const { held } = decodeSubscription(encodeSubscription(subscription)).state ?? {}
      expect(held?.get('orders/0')).toBe(size === -1 ? -1 : 0)
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

  const state = {
    owners: new Map([
      ['a/0', { here: true, endpoint: 'http://a', standbys: ['http://b', ''] }],
      ['a/2', { here: true, endpoint: 'http://a', standbys: [] }],
      ['a/3', { here: false, endpoint: '', standbys: ['http://a'] }],
      ['c/1', { here: false, endpoint: 'http://b', standbys: [] }],
    ]),
    standby: [{ topic: 'a', partition: 3 }],
  }

  test('an assignment has the owners of all partitions with state, and what the member follows', () => {
    for (const more of [false, true]) {
      const bytes = encodeAssignment({ partitions, more, state })
      expect(decodeAssignment(bytes)).toEqual({ partitions, more, state })
      // Other clients find the partitions where they look for them.
      expect(MemberAssignment.decode(bytes)?.assignment).toEqual({ a: [0, 2], b: [1] })
    }
    const nobody = { owners: new Map(), standby: [] }
    expect(decodeAssignment(encodeAssignment({ partitions: [], more: false, state: nobody })).state).toEqual(nobody)
  })

  test('an owner takes three bytes, so that a large group fits into a record of the broker', () => {
    const size = (count: number) => {
      const owners = new Map(
        Array.from({ length: count }, (_, i) => [
          `a/${i}`,
          { here: false, endpoint: `http://${i % 50}`, standbys: [] },
        ]),
      )
      return encodeAssignment({ partitions: [], more: false, state: { owners, standby: [] } }).length
    }
    expect(size(2000) - size(1000)).toBe(3000)
  })

  test('a partition that the member owns is not followed, and numbers of no endpoint are nobody', () => {
    const standby = [...partitions, { topic: 'a', partition: 3 }]
    const bytes = encodeAssignment({ partitions, more: false, state: { ...state, standby } })
    expect(decodeAssignment(bytes).state?.standby).toEqual([{ topic: 'a', partition: 3 }])
    const odd = encodeAssignment({ partitions, more: false, state })
    // The owner of c/1, before the number of its standbys and what the member follows.
    const follows = 4 + 3 + 4 + 4
    odd.writeInt16BE(99, odd.length - follows - 3)
    expect([...(decodeAssignment(odd).state?.owners.keys() ?? [])]).toEqual(['a/0', 'a/2', 'a/3'])
  })

  test('an assignment that ends in the middle is an error', () => {
    const whole = encodeAssignment({ partitions, more: false })
    for (let size = 1; size < whole.length - 4; size++)
      expect(() => decodeAssignment(whole.subarray(0, size))).toThrow('cannot be read')
  })
})
