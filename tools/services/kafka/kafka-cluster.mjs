import { setTimeout as sleep } from 'node:timers/promises'
import { clusterId } from './cluster-id.mjs'
import { freePorts } from '../process/free-port.mjs'
import { findJava } from '../java.mjs'
import { knownBrokers } from './kafka-answers.mjs'
import { KAFKA_VERSION, startKafka } from './kafka-broker.mjs'
import { kafkaJars } from './kafka-jars.mjs'

const NODES = 3

/**
 * Starts three nodes, each a broker and a controller, and replicates all topics to them. Resolves when each node knows the
 * others. The types are in index.d.mts.
 */
export async function startKafkaCluster({ settings, heapMb = 384, timeoutMs = 60_000, signal, log } = {}) {
  // Before the nodes start, so that they do not download it three times.
  if (await findJava()) await kafkaJars(KAFKA_VERSION, log)
  const ports = await freePorts(2 * NODES)
  const nodes = Array.from({ length: NODES }, (_, i) => ({
    id: i + 1,
    port: ports[i],
    controllerPort: ports[NODES + i],
  }))
  const shared = {
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    ...REPLICATED,
    ...settings,
  }
  const cluster = clusterId()
  const starts = nodes.map(async ({ id, port, controllerPort }) => {
    const own = { port, controllerPort, clusterId: cluster, settings: { ...shared, 'node.id': id } }
    return { id, node: await startKafka({ ...own, heapMb, timeoutMs, signal, log }) }
  })
  const settled = await Promise.allSettled(starts)
  const running = settled.flatMap(({ value }) => value ?? [])
  const stop = async () => {
    // SIGKILL, because a node that ends gracefully hands over its partitions, and the last one waits for another node.
    await Promise.all(running.map(({ node }) => node.kill()))
    await Promise.all(running.map(({ node }) => node.stop()))
  }
  try {
    const failed = settled.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    await untilAllKnowAll(running, timeoutMs, signal)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: running.map(({ node }) => node.brokers).join(','),
    nodes: new Map(running.map(({ id, node }) => [id, node])),
    stop,
  }
}

/** Two of three nodes can write, and elect leaders. */
const REPLICATED = {
  'default.replication.factor': NODES,
  'min.insync.replicas': NODES - 1,
  'offsets.topic.replication.factor': NODES,
  'transaction.state.log.replication.factor': NODES,
  'transaction.state.log.min.isr': NODES - 1,
}

async function untilAllKnowAll(running, timeoutMs, signal) {
  const deadline = Date.now() + timeoutMs
  for (const { id, node } of running)
    while ((await knownBrokers(node.brokers)) < NODES) {
      signal?.throwIfAborted()
      if (Date.now() > deadline) throw new Error(`node ${id} did not know of all ${NODES} within ${timeoutMs / 1000} s`)
      await sleep(100)
    }
}
