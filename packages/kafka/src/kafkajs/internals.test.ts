import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { recordColumns } from '../record-batch/record-columns.ts'
import { recordSections } from '../record-batch/record-sections.ts'
import { internals } from './internals.ts'
import type { Internals, KafkaBroker, KafkaConnection, KafkaLogger } from './internals.ts'
import { kafkajsMessage } from './kafkajs-message.ts'

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

test('headers keep their order: repeats of a name, names like numbers, and names that objects have already', async () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const headers = [
    ['b', bytes('1')],
    ['10', bytes('2')],
    ['b', bytes('3')],
    ['2', bytes('')],
    ['__proto__', bytes('4')],
    ['map', bytes('5')],
  ] as const
  const record = { key: null, value: bytes('v'), headers, timestamp: 0 }
  const { buffer } = await protocolOf(
    'Produce',
    {},
  )({
    acks: -1,
    timeout: 1,
    compression: 0,
    producerId: -1,
    producerEpoch: -1,
    topicData: [{ topic: 't', partitions: [{ partition: 0, firstSequence: -1, messages: [kafkajsMessage(record)] }] }],
  }).request.encode()
  // No transactional id, acks, time-out; one topic of one letter, one partition, and the size of its batch.
  const records = Buffer.from(buffer.subarray(2 + 2 + 4 + 4 + 3 + 4 + 4 + 4))
  const at = { topic: 't', partition: 0, lastStableOffset: 1 }
  const fetched = { ...at, errorCode: 0, aborted: [], endOffset: 1, preferredReplica: -1, records }
  const { sections, nextOffset } = recordSections(fetched, 0)
  const plain = recordColumns(at, sections, 0, nextOffset)
  const text = ([name, value]: readonly [string, Uint8Array]) => [name, Buffer.from(value).toString('utf8')]
  expect(plain.headers(0).map(text)).toEqual(headers.map(text))
})
