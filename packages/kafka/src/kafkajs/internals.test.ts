import { createRequire } from 'node:module'
import { beforeAll, describe, expect, test } from 'vitest'
import { guardDecoder, internals } from './internals.ts'
import type { Internals, KafkaDecoder, KafkaProtocol } from './internals.ts'
import { produceRequests } from './produce-requests.ts'
import type { RawRequest, RawRequests } from '../wire/protocol/connection.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as {
  new (bytes: Buffer): KafkaDecoder
  prototype: KafkaDecoder
}

/** The requests that are sent, with the newest version whose answer this driver can read. */
const NEWEST = {
  Produce: 7,
  Fetch: 11,
  ListOffsets: 3,
  Metadata: 6,
  OffsetCommit: 5,
  OffsetFetch: 4,
  GroupCoordinator: 2,
  JoinGroup: 5,
  Heartbeat: 3,
  LeaveGroup: 3,
  SyncGroup: 3,
  DescribeGroups: 2,
  ListGroups: 2,
  CreateTopics: 3,
  DeleteTopics: 1,
  DeleteGroups: 1,
  InitProducerId: 1,
}

let kafkajs: Internals
let protocolOf: (apiName: keyof typeof NEWEST) => (args: unknown) => KafkaProtocol
beforeAll(async () => {
  kafkajs = await internals()
  protocolOf = (apiName) => kafkajs.requests[apiName]!.protocol({ version: NEWEST[apiName] })
})

test('KafkaJS is the version whose internals are used', () => {
  expect(require('kafkajs/package.json')).toMatchObject({ version: '2.2.4' })
})

test('no request has a newer version than this driver decodes', () => {
  const newest = Object.keys(NEWEST).map((apiName) => {
    const { versions } = kafkajs.requests[apiName]!
    expect(kafkajs.apiKeys[apiName]).toBeTypeOf('number')
    return [apiName, Math.max(...versions.map(Number))]
  })
  expect(Object.fromEntries(newest)).toEqual(NEWEST)
})

test('JoinGroup, Heartbeat and LeaveGroup have the name of a static member', async () => {
  const groupInstanceId = 'the name of a static member'
  const args = { groupId: 'g', memberId: 'm', groupInstanceId, groupGenerationId: 1, generationId: 1 }
  for (const [apiName, more] of [
    ['JoinGroup', { sessionTimeout: 1, rebalanceTimeout: 1, protocolType: 'consumer', groupProtocols: [] }],
    ['SyncGroup', { groupAssignment: [] }],
    ['Heartbeat', {}],
    ['LeaveGroup', {}],
  ] as const) {
    const { buffer } = await protocolOf(apiName)({ ...args, ...more }).request.encode()
    expect(buffer.toString('utf8')).toContain(groupInstanceId)
  }
})

test('a produce request equals that of KafkaJS', async () => {
  const args = {
    acks: -1,
    timeoutMs: 1234,
    compression: 'none',
    producer: { producerId: 7, producerEpoch: 2 },
  } as const
  const value = (text: string) => ({
    key: Buffer.from('k'),
    value: Buffer.from(text),
    headers: [],
    timestamp: 1_700_000_000_000,
  })
  const batches = [
    { topic: 'ä', partition: 1, firstSequence: 5, records: [value('one'), value('two')] },
    { topic: 'b', partition: 0, firstSequence: 0, records: [value('three')] },
    { topic: 'ä', partition: 3, firstSequence: 9, records: [value('four')] },
  ]
  let sent: RawRequest | undefined
  const raw: Partial<RawRequests> = {
    address: { nodeId: 1, host: 'h', port: 1 },
    versions: () => ({ min: 0, max: NEWEST.Produce }),
    async request(request) {
      sent = request
      // No topic, and no throttling.
      return Buffer.alloc(8)
    },
    mute: () => {},
  }
  await produceRequests({ kafkajs, raw } as never).produce({ ...args, batches })
  const partition = ({ partition, firstSequence, records }: (typeof batches)[number]) => ({
    partition,
    firstSequence,
    messages: records.map((record) => ({ ...record, headers: {}, timestamp: String(record.timestamp) })),
  })
  const theirs = protocolOf('Produce')({
    acks: args.acks,
    timeout: args.timeoutMs,
    compression: 0,
    ...args.producer,
    topicData: ['ä', 'b'].map((topic) => ({
      topic,
      partitions: batches.filter((one) => one.topic === topic).map(partition),
    })),
  })
  expect(sent).toMatchObject({ apiKey: 0, version: NEWEST.Produce })
  // Brokers set the epoch of the leader, before the number of the format. This driver writes it as unknown, like Java's client.
  expect(sent!.body.toString('hex').replaceAll('ffffffff02', '0000000002')).toBe(
    (await theirs.request.encode()).buffer.toString('hex'),
  )
})

test('the guarded methods of the decoder exist, and are guarded once', () => {
  const { readArray } = Decoder.prototype
  expect(String(readArray)).toContain('expect')
  guardDecoder(Decoder)
  expect(Decoder.prototype.readArray).toBe(readArray)
})

describe('a stated size that exceeds the answer', () => {
  const int16 = (value: number) => Buffer.from([value >> 8, value])
  const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value])
  const item = (decoder: KafkaDecoder) => decoder.readString()

  test.each([-2, 1, 2 ** 24, 2 ** 31 - 1])('a stated size of %d is refused', async (size) => {
    expect(() => new Decoder(int32(size)).readArray(item)).toThrow(`announces ${size}`)
    await expect(new Decoder(int32(size)).readArrayAsync(item)).rejects.toThrow(`announces ${size}`)
    expect(() => new Decoder(int32(size)).readBytes()).toThrow(`announces ${size}`)
    expect(() => new Decoder(Buffer.alloc(0)).readBytes(size)).toThrow(`announces ${size}`)
  })

  test.each([-2, 1, 32_767, -32_768])('a stated size of %d is refused for a text', (size) => {
    expect(() => new Decoder(int16(size)).readString()).toThrow(`announces ${size}`)
  })

  test('sizes that an answer has are read', async () => {
    expect(new Decoder(int32(-1)).readBytes()).toBeNull()
    expect(new Decoder(int16(-1)).readString()).toBeNull()
    expect(new Decoder(int32(0)).readArray(item)).toEqual([])
    const texts = Buffer.concat([int32(2), int16(1), Buffer.from('a'), int16(0)])
    expect(new Decoder(texts).readArray(item)).toEqual(['a', ''])
    expect(await new Decoder(texts).readArrayAsync(item)).toEqual(['a', ''])
    expect(new Decoder(Buffer.from('abc')).readBytes(2)).toEqual(Buffer.from('ab'))
  })
})

test('an answer of forty bytes cannot take 130 MB', async () => {
  const answer = Buffer.from('000000000100017400000100000000000000000001000174000000010000000000ff', 'hex')
  const { response } = kafkajs.requests['ListOffsets']!.protocol({ version: 3 })({ isolationLevel: 0, topics: [] })
  const before = process.memoryUsage().heapTotal
  await expect(response.decode(answer)).rejects.toThrow('announces')
  expect(process.memoryUsage().heapTotal - before).toBeLessThan(50_000_000)
})
