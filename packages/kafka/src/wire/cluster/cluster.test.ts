import { expect, test } from 'vitest'
import { openCluster } from './cluster.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import type { BrokerAddress, Connect, Connection, TopicMetadata } from '../protocol/connection.ts'

const settings = { brokers: ['seed:1'], clientId: 'c', connectTimeoutMs: 500, requestTimeoutMs: 1000 }

/** Brokers that the test can stop, and whose connections it can cut. */
function network() {
  const state = {
    nodes: [1, 2].map((nodeId): BrokerAddress => ({ nodeId, host: `n${nodeId}`, port: 1 })),
    away: new Set<string>(),
    topics: [] as TopicMetadata[],
  }
  const made: string[] = []
  const open = new Map<Connection, string>()
  const connect: Connect = async (address) => {
    made.push(address.host)
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (state.away.has(address.host)) throw brokerUnreachable(address, 'is away')
    const connection = {
      isOpen: () => open.has(connection),
      close: async () => void open.delete(connection),
      metadata: async () => ({ brokers: state.nodes, controllerId: 2, topics: state.topics }),
      findCoordinator: async () => ({ errorCode: 0, nodeId: 7, host: 'n7', port: 1 }),
    } as Partial<Connection> as Connection
    open.set(connection, address.host)
    return connection
  }
  return { state, connect, made, open: () => [...open.values()].sort(), cut: () => open.clear() }
}

test('concurrent calls share one connection per node and purpose', async () => {
  const { connect, open } = network()
  const cluster = await openCluster(settings, connect)
  const same = await Promise.all([cluster.node(1), cluster.node(1), cluster.node(1, 'fetch'), cluster.node(1, 'fetch')])
  expect(new Set(same).size).toBe(2)
  expect(open()).toEqual(['n1', 'n1', 'seed'])
  expect(await cluster.controller()).toBe(await cluster.node(2))
  await cluster.destroy()
  expect(open()).toEqual([])
  await expect(cluster.node(1)).rejects.toMatchObject({ code: 'NOT_OPEN' })
  await expect(cluster.any()).rejects.toMatchObject({ code: 'NOT_OPEN' })
})

test('a cut connection is opened again, and one that opens after close() is closed', async () => {
  const { connect, open, cut } = network()
  const cluster = await openCluster(settings, connect)
  const before = await cluster.node(1)
  cut()
  expect(await cluster.node(1)).not.toBe(before)
  const late = cluster.node(2)
  await cluster.destroy()
  await expect(late).rejects.toMatchObject({ code: 'NOT_OPEN' })
  expect(open()).toEqual([])
})

test('all connections are replaced only if a new one can be opened', async () => {
  const { connect, open, state } = network()
  const cluster = await openCluster(settings, connect)
  const all = () => Promise.all([cluster.node(1), cluster.node(1, 'join'), cluster.node(2, 'fetch')])
  const before = await all()
  state.away.add('seed')
  await expect(cluster.renew()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  expect(await all()).toEqual(before)
  state.away.clear()
  await cluster.renew()
  expect(open()).toEqual(['seed'])
  expect((await all()).filter((connection) => before.includes(connection))).toEqual([])
  await cluster.destroy()
  expect(open()).toEqual([])
})

test('a cluster falls back to other brokers, and to the bootstrap addresses if all have moved', async () => {
  const { state, connect, cut } = network()
  const cluster = await openCluster(settings, connect)
  cut()
  state.away.add('n1')
  expect(await cluster.any()).toBe(await cluster.node(2))
  cut()
  state.away.add('n2')
  state.nodes = [{ nodeId: 3, host: 'n3', port: 1 }]
  await cluster.any()
  expect(cluster.nodeIds()).toEqual([3])
  await expect(cluster.node(1)).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  await cluster.destroy()
})

test('a coordinator that was not in the metadata can be connected to', async () => {
  const { connect, made } = network()
  const cluster = await openCluster(settings, connect)
  await cluster.node(await cluster.findCoordinator('g'))
  expect(made).toContain('n7')
  await cluster.destroy()
})

test('a missing topic is reported by name and does not drop the metadata of others', async () => {
  const { state, connect } = network()
  const cluster = await openCluster(settings, connect)
  const partition = { partition: 0, errorCode: 0, leader: 2, replicas: [2], inSyncReplicas: [2] }
  const there = (topic: string) => ({ topic, errorCode: 0, isInternal: false, partitions: [partition] })
  const gone = (topic: string) => ({ topic, errorCode: 3, isInternal: false, partitions: [] })
  state.topics = [there('a'), there('b')]
  await cluster.metadata.request(['a', 'b'])
  state.topics = [gone('a'), there('b')]
  await expect(cluster.metadata.refresh()).rejects.toMatchObject({ code: 'TOPIC_MISSING', topic: 'a' })
  expect(cluster.metadata.leaderOf({ topic: 'a', partition: 0 })).toBeUndefined()
  expect(cluster.metadata.leaderOf({ topic: 'b', partition: 0 })).toBe(2)
  await cluster.metadata.refresh(true)
  await cluster.destroy()
})
