import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings } from '../../driver/driver.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { KAFKA } from '../errors/error-table.ts'
import { isRetriable, isTopicMissing, protocolError, throwFor } from '../errors/kafka-error.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress, ClusterMetadata, Connect, Connection } from '../protocol/connection.ts'
import { attemptMs, bootstrap } from './bootstrap.ts'
import { topicMetadata } from './metadata.ts'
import type { Metadata } from './metadata.ts'
import { nodeConnections } from './node-connections.ts'
import type { Purpose } from './node-connections.ts'

/** A view of the cluster and the connections to it, for one admin, producer or consumer. */
export interface Cluster {
  readonly metadata: Metadata
  /** Any broker: for what each of them answers. */
  any(): Promise<Connection>
  /** @param purpose default `'requests'`: what is answered at once */
  node(nodeId: number, purpose?: Purpose): Promise<Connection>
  controller(): Promise<Connection>
  /** The node that coordinates a group, asked anew. */
  findCoordinator(groupId: string): Promise<number>
  /** All nodes, as far as they are known. */
  nodeIds(): readonly number[]
  /** Asks about topics (null: about all), and takes in what the answer says of the nodes. */
  requestMetadata(topics: readonly string[] | null): Promise<ClusterMetadata>
  /**
   * Connects anew and lets go of the connections there are: they may lead nowhere. Rejects and keeps them if no broker
   * can be reached: when the network is back they may go on.
   */
  renew(): Promise<void>
  /** Closes the connections without waiting for what is under way on them. */
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
    // A broker that has only just started may know of nobody yet.
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
    // All of them are away, or somewhere else by now.
    startingAgain ??= startAgain().finally(() => {
      startingAgain = undefined
    })
    return startingAgain
  }

  /** `before`: once there is a connection to be had. */
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
    async findCoordinator(groupId) {
      const coordinator = await (await any()).findCoordinator(groupId)
      throwFor(coordinator)
      const { nodeId, host, port } = coordinator
      if (nodeId < 0)
        throw protocolError(KAFKA.COORDINATOR_NOT_AVAILABLE, `node ${nodeId} is said to coordinate the group`)
      if (!nodes.has(nodeId)) nodes = new Map([...nodes, [nodeId, { nodeId, host, port }]])
      return nodeId
    },
    async renew() {
      await startAgain(() => connections.hangUp())
    },
    destroy: () => connections.destroy(),
  }
}

/** Throws where a broker says that it listens at what is no address: a socket would go somewhere else. */
function reachable(address: BrokerAddress): BrokerAddress {
  const { nodeId, host, port } = address
  if (host && port > 0 && port < 65_536) return address
  throw brokerUnreachable(
    address,
    `cannot be reached: node ${nodeId} names ${JSON.stringify(shownAddress(address))} as its address; set its advertised.listeners`,
  )
}

/** What brokers keep for themselves: never meant by a pattern, never listed. */
const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

export async function listTopics(cluster: Cluster): Promise<string[]> {
  const { topics } = await cluster.requestMetadata(null)
  return (
    topics
      .filter(({ topic, isInternal }) => !isInternal && !INTERNAL.has(topic))
      // Whether one of them has no leader at the moment is not the question here; one that is being deleted is none.
      .filter(({ errorCode }) => errorCode === 0 || !isTopicMissing(protocolError(errorCode)))
      .map(({ topic }) => topic)
  )
}
