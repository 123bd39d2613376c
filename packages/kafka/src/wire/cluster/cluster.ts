import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings } from '../../driver/driver.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { KAFKA } from '../errors/error-table.ts'
import { isRetriable, isTopicMissing, protocolError, throwFor } from '../errors/kafka-error.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress, ClusterMetadata, Connect, Connection } from '../protocol/connection.ts'
import { call } from './api.ts'
import { attemptMs, bootstrap } from './bootstrap.ts'
import { FIND_TRANSACTION_COORDINATOR } from './find-coordinator.ts'
import { topicMetadata } from './metadata.ts'
import type { Metadata } from './metadata.ts'
import { nodeConnections } from './node-connections.ts'
import type { Purpose } from './node-connections.ts'

/** The nodes of a cluster, its metadata and the connections to it, for one admin, producer or consumer. */
export interface Cluster {
  readonly metadata: Metadata
  /** A connection to any broker, for requests that every broker answers. */
  any(): Promise<Connection>
  /** A connection to a node. @param purpose default `'requests'`: for requests that are answered at once */
  node(nodeId: number, purpose?: Purpose): Promise<Connection>
  controller(): Promise<Connection>
  /** Requests the node id of a coordinator. @param of default `'group'`: the key is the name of a group */
  findCoordinator(key: string, of?: 'group' | 'transaction'): Promise<number>
  /** The ids of all known nodes. */
  nodeIds(): readonly number[]
  /** Requests metadata of topics (null: of all), and updates the nodes from the answer. */
  requestMetadata(topics: readonly string[] | null): Promise<ClusterMetadata>
  /**
   * Opens new connections and closes the old ones, which may be dead. Rejects and keeps them if no broker can be reached:
   * they may work again when the network is back.
   */
  renew(): Promise<void>
  /** Closes the connections at once; requests in flight reject. */
  destroy(): Promise<void>
}

/** Connects, or rejects with `BROKER_UNREACHABLE` once `connectTimeoutMs` is over. */
export async function openCluster(settings: ClientSettings, connect: Connect): Promise<Cluster> {
  const first = await bootstrap(settings, connect)
  const connections = nodeConnections(connect, attemptMs(settings))
  let nodes: ReadonlyMap<number, BrokerAddress> = new Map()
  let controllerId = -1
  let startingAgain: Promise<Connection> | undefined

  function learn(metadata: ClusterMetadata): void {
    // A broker that has just started may not know the others yet.
    if (metadata.brokers.length > 0) nodes = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]))
    controllerId = metadata.controllerId
  }

  learn(first.metadata)
  const same = ({ host, port }: BrokerAddress) => host === first.address.host && port === first.address.port
  connections.keep([...nodes.values()].find(same) ?? first.address, first.connection)

  async function node(nodeId: number, purpose: Purpose = 'requests'): Promise<Connection> {
    const address = nodes.get(nodeId)
    if (address) return connections.to(reachable(address), purpose)
    throw new SnapstreamError(
      'BROKER_UNREACHABLE',
      `node ${nodeId} is not part of the cluster at the moment; there are ${[...nodes.keys()].join(', ') || 'none'}`,
    )
  }

  async function any(): Promise<Connection> {
    const open = connections.anyOpen()
    if (open) return open
    for (const nodeId of nodes.keys()) {
      try {
        return await node(nodeId)
      } catch (error) {
        if (!isRetriable(error)) throw error
      }
    }
    // All nodes are unreachable, or have moved to other addresses.
    startingAgain ??= startAgain().finally(() => {
      startingAgain = undefined
    })
    return startingAgain
  }

  /** @param before called once a broker answers, before its connection is used */
  async function startAgain(before?: () => Promise<void>): Promise<Connection> {
    const again = await bootstrap({ ...settings, connectTimeoutMs: attemptMs(settings) }, connect)
    await before?.()
    learn(again.metadata)
    connections.keep(again.address, again.connection)
    return again.connection
  }

  async function requestMetadata(topics: readonly string[] | null): Promise<ClusterMetadata> {
    const answer = await (await any()).metadata(topics)
    learn(answer)
    return answer
  }

  return {
    metadata: topicMetadata(requestMetadata),
    any,
    node,
    requestMetadata,
    nodeIds: () => [...nodes.keys()],
    controller: () => (nodes.has(controllerId) ? node(controllerId) : any()),
    async findCoordinator(key, of = 'group') {
      const connection = await any()
      const coordinator =
        of === 'group'
          ? await connection.findCoordinator(key)
          : await call(connection, FIND_TRANSACTION_COORDINATOR, { transactionalId: key })
      throwFor(coordinator)
      const { nodeId, host, port } = coordinator
      if (nodeId < 0)
        throw protocolError(
          KAFKA.COORDINATOR_NOT_AVAILABLE,
          `the coordinator of the ${of} is node ${nodeId}, which does not exist`,
        )
      if (!nodes.has(nodeId)) nodes = new Map([...nodes, [nodeId, { nodeId, host, port }]])
      return nodeId
    },
    async renew() {
      await startAgain(() => connections.hangUp())
    },
    destroy: () => connections.destroy(),
  }
}

/** Throws for a broker whose advertised address is none: a socket would connect to another host. */
function reachable(address: BrokerAddress): BrokerAddress {
  const { nodeId, host, port } = address
  if (host && port > 0 && port < 65_536) return address
  throw brokerUnreachable(
    address,
    `cannot be reached: node ${nodeId} names ${JSON.stringify(shownAddress(address))} as its address; set its advertised.listeners`,
  )
}

/** Internal topics, which patterns never match and lists never contain. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

export async function listTopics(cluster: Cluster): Promise<string[]> {
  const { topics } = await cluster.requestMetadata(null)
  return (
    topics
      .filter(({ topic, isInternal }) => !isInternal && !INTERNAL.has(topic))
      // A topic without a leader is listed; one that is being deleted is not.
      .filter(({ errorCode }) => errorCode === 0 || !isTopicMissing(protocolError(errorCode)))
      .map(({ topic }) => topic)
  )
}
