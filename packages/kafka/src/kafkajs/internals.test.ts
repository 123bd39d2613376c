import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import kafkajs from 'kafkajs'
import type { KafkaBroker, KafkaCluster } from './internals.ts'

const require = createRequire(import.meta.url)
/** Every method and property that `internals.ts` names, so that the compiler keeps this list complete. */
const CLUSTER: Record<Exclude<keyof KafkaCluster, 'targetTopics' | 'connectionPoolBuilder'>, true> = {
  connect: true,
  disconnect: true,
  isConnected: true,
  addTargetTopic: true,
  refreshMetadata: true,
  refreshMetadataIfNecessary: true,
  getNodeIds: true,
  findBroker: true,
  findGroupCoordinator: true,
  findTopicPartitionMetadata: true,
  fetchTopicsOffset: true,
}
const BROKER: Record<Exclude<keyof KafkaBroker, 'nodeId' | 'lookupRequest'>, true> = {
  metadata: true,
  joinGroup: true,
  syncGroup: true,
  heartbeat: true,
  leaveGroup: true,
  offsetFetch: true,
  offsetCommit: true,
  fetch: true,
  produce: true,
}

function capturedCluster(): Record<string, unknown> {
  let cluster: unknown
  const partitionAssigners = [
    (context: { cluster: unknown }) => {
      cluster = context.cluster
      return { name: '', version: 0, assign: async () => [], protocol: () => ({ name: '', metadata: Buffer.alloc(0) }) }
    },
  ]
  new kafkajs.Kafka({ brokers: ['127.0.0.1:1'] }).consumer({ groupId: 'g', partitionAssigners })
  return cluster as Record<string, unknown>
}

test('KafkaJS is the version whose internals are used', () => {
  expect(require('kafkajs/package.json')).toMatchObject({ version: '2.2.4' })
})

test('a factory of assigners is given the cluster, when the consumer is made', () => {
  const cluster = capturedCluster()
  expect(Object.keys(CLUSTER).filter((name) => typeof cluster[name] !== 'function')).toEqual([])
  expect(cluster['targetTopics']).toBeInstanceOf(Set)
})

test('connections are built by one builder, and each has a queue whose timer can be held back', async () => {
  const builder = capturedCluster()['connectionPoolBuilder'] as KafkaCluster['connectionPoolBuilder']
  const { pool } = await builder.build()
  expect(pool.length).toBeGreaterThan(0)
  for (const connection of pool) {
    expect(connection.requestQueue.pending).toEqual([])
    expect(connection.requestQueue.scheduleCheckPendingRequests).toBeTypeOf('function')
    expect(connection.connect).toBeTypeOf('function')
    expect(connection.rejectRequests).toBeTypeOf('function')
    expect(connection.disconnect).toBeTypeOf('function')
  }
  const cluster = capturedCluster() as unknown as { connectionPoolBuilder: object; brokerPool: object }
  expect(cluster.brokerPool).toMatchObject({ connectionPoolBuilder: cluster.connectionPoolBuilder })
})

test('a broker looks its requests up through a method that a view of it can replace', async () => {
  const Broker = require('kafkajs/src/broker') as { prototype: Record<string, unknown> }
  expect(Object.keys(BROKER).filter((name) => typeof Broker.prototype[name] !== 'function')).toEqual([])
  const seen: number[] = []
  const view = Object.create(Broker.prototype) as KafkaBroker
  view.lookupRequest = (apiKey) => {
    seen.push(apiKey)
    throw new Error('looked up')
  }
  await expect(view.fetch({ topics: [] })).rejects.toThrow('looked up')
  await expect(view.produce({ topicData: [] })).rejects.toThrow('looked up')
  await expect(view.joinGroup({})).rejects.toThrow('looked up')
  await expect(view.metadata([])).rejects.toThrow('looked up')
  expect(seen).toEqual([1, 0, 11, 3])
})

test('fetch and produce have no newer version than those that are decoded here', () => {
  const { requests } = require('kafkajs/src/protocol/requests') as {
    requests: Record<string, { versions: string[] }>
  }
  expect(Math.max(...(requests['Fetch']?.versions.map(Number) ?? []))).toBe(11)
  expect(Math.max(...(requests['Produce']?.versions.map(Number) ?? []))).toBe(7)
})
