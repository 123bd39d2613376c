import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { internals } from './internals.ts'
import type { Internals } from './internals.ts'
import type { KafkaProtocol } from './kafka-protocol.ts'
import { produceRequests } from './produce-requests.ts'

const require = createRequire(import.meta.url)
/** The requests that are sent, with the newest version whose answer is understood here. */
const NEWEST = {
  Produce: 8,
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

test('no request has a newer version than the one that is understood here', () => {
  const newest = Object.keys(NEWEST).map((apiName) => {
    const { versions } = kafkajs.requests[apiName]!
    expect(kafkajs.apiKeys[apiName]).toBeTypeOf('number')
    return [apiName, Math.max(...versions.map(Number))]
  })
  expect(Object.fromEntries(newest)).toEqual(NEWEST)
})

test('a join tells the name of a static member, and a heartbeat and a goodbye do too', async () => {
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

test('a produce request is what KafkaJS would send', async () => {
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
  let sent: KafkaProtocol | undefined
  const request = (apiName: string, given: unknown) => protocolOf(apiName as 'Produce')(given)
  const send = async (protocol: KafkaProtocol) => void (sent = protocol)
  await produceRequests({ kafkajs, request, send } as never).produce({ ...args, batches })
  const partition = ({ partition, firstSequence, records }: (typeof batches)[number]) => ({
    partition,
    firstSequence,
    messages: records.map((record) => ({ ...record, headers: {}, timestamp: String(record.timestamp) })),
  })
  const theirs = request('Produce', {
    acks: args.acks,
    timeout: args.timeoutMs,
    compression: 0,
    ...args.producer,
    topicData: ['ä', 'b'].map((topic) => ({
      topic,
      partitions: batches.filter((one) => one.topic === topic).map(partition),
    })),
  })
  expect(sent!.request).toMatchObject({ apiKey: 0, apiVersion: NEWEST.Produce })
  const hex = async ({ request }: KafkaProtocol) => (await request.encode()).buffer.toString('hex')
  // Brokers set the epoch of the leader, which comes before the number of the format; like Java's client we say that it is not known.
  expect((await hex(sent!)).replaceAll('ffffffff02', '0000000002')).toBe(await hex(theirs))
})
