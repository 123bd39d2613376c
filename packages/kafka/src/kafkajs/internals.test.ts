import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { internals } from './internals.ts'
import type { Internals, KafkaBroker, KafkaConnection, KafkaLogger, KafkaProtocol } from './internals.ts'
import { recordRequests } from './record-requests.ts'

const require = createRequire(import.meta.url)
/** Every method and property that `internals.ts` names, so that the compiler keeps this list complete. */
const CONNECTION: Record<Exclude<keyof KafkaConnection, 'requestQueue' | 'socket'>, true> = {
  isConnected: true,
  send: true,
  rejectRequests: true,
  disconnect: true,
}
const BROKER: Record<keyof KafkaBroker, true> = { connect: true, lookupRequest: true }
/** The requests that are sent, with the newest version whose answer is understood here. */
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
let protocolOf: (apiName: keyof typeof NEWEST, args: unknown) => ReturnType<KafkaBroker['lookupRequest']>
beforeAll(async () => {
  kafkajs = await internals()
  protocolOf = (apiName) =>
    (
      kafkajs.requests[apiName] as { protocol(of: { version: number }): ReturnType<KafkaBroker['lookupRequest']> }
    ).protocol({ version: NEWEST[apiName] })
})

const silent: KafkaLogger = { namespace: () => silent, info() {}, error() {}, warn() {}, debug() {} }

function pool() {
  return new kafkajs.ConnectionPool({
    host: '127.0.0.1',
    port: 1,
    clientId: 'c',
    connectionTimeout: 100,
    requestTimeout: 100,
    logger: silent,
    socketFactory: kafkajs.createSocketFactory(),
  })
}

test('KafkaJS is the version whose internals are used', () => {
  expect(require('kafkajs/package.json')).toMatchObject({ version: '2.2.4' })
})

test('a pool has two connections, each with a queue whose timer can be held back', () => {
  const connections = pool().pool
  expect(connections).toHaveLength(2)
  for (const connection of connections) {
    expect(connection.requestQueue.pending).toEqual([])
    expect(connection.requestQueue.scheduleCheckPendingRequests).toBeTypeOf('function')
    const methods = connection as unknown as Record<string, unknown>
    expect(Object.keys(CONNECTION).filter((name) => typeof methods[name] !== 'function')).toEqual([])
  }
})

test('a broker connects through the pool it is given, over the first connection', async () => {
  const connectionPool = pool()
  const [connection] = connectionPool.pool as [KafkaConnection]
  connectionPool.pool = [connection, connection]
  const broker = new kafkajs.Broker({ connectionPool, logger: silent, allowAutoTopicCreation: false })
  const methods = broker as unknown as Record<string, unknown>
  expect(Object.keys(BROKER).filter((name) => typeof methods[name] !== 'function')).toEqual([])
  await expect(broker.connect()).rejects.toMatchObject({ name: 'KafkaJSConnectionError' })
  expect(connection.isConnected()).toBe(false)
})

test('no request has a newer version than the one that is understood here', () => {
  const newest = Object.keys(NEWEST).map((apiName) => {
    const { versions } = kafkajs.requests[apiName] as { versions: string[] }
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
    const { buffer } = await protocolOf(apiName, args)({ ...args, ...more }).request.encode()
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
  const request = (apiName: string, given: unknown) => protocolOf(apiName as 'Produce', given)(given)
  const send = async (protocol: KafkaProtocol) => void (sent = protocol)
  await recordRequests({ kafkajs, request, send } as never).produce({ ...args, batches })
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
