import { SnapstreamError } from '@snapstream/core'
import kafkajs from 'kafkajs'
import type { KafkaConfig } from 'kafkajs'
import type { ClientSettings } from '../driver/driver.ts'
import type { KafkaCluster } from './internals.ts'
import { isUnreachable, kafkaError } from './kafkajs-error.ts'
import { pause } from './pause.ts'
import { watchConnections } from './watch-connections.ts'

/** A connection to the cluster, for one admin, producer or consumer. */
export interface OpenCluster {
  readonly cluster: KafkaCluster
  /** Closes the connections without waiting for what is under way on them. */
  destroy(): Promise<void>
}

const FIRST_PAUSE_MS = 50
const LAST_PAUSE_MS = 1000

export function kafkaConfig(settings: ClientSettings): KafkaConfig {
  return {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    // So that each address has its turn before the time is over.
    connectionTimeout: Math.max(100, Math.floor(settings.connectTimeoutMs / (settings.brokers.length + 1))),
    requestTimeout: settings.requestTimeoutMs,
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => {},
    // Trying again is decided here, where it is known what for and how long.
    retry: { retries: 0 },
  }
}

/** Connects, or rejects with `BROKER_UNREACHABLE` once `connectTimeoutMs` is over. */
export async function openCluster(settings: ClientSettings, readUncommitted = false): Promise<OpenCluster> {
  const kafka = new kafkajs.Kafka(kafkaConfig(settings))
  let captured: KafkaCluster | undefined
  // A factory of assigners is given the cluster that its consumer uses. The consumer itself is not needed.
  kafka.consumer({
    groupId: 'snapstream',
    readUncommitted,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        captured = cluster as unknown as KafkaCluster
        return { name: 'none', version: 0, assign: async () => [], protocol: () => ({ name: '', metadata: NOTHING }) }
      },
    ],
  })
  const cluster = captured
  if (!cluster) throw new SnapstreamError('KAFKA_FAILED', 'KafkaJS did not hand out its cluster; it must be 2.2.4')
  const connections = watchConnections(cluster)
  const destroy = async () => {
    const closed = new Error('closed')
    for (const connection of connections) {
      connection.rejectRequests(closed)
      connection.socket?.destroy()
      await connection.disconnect()
    }
  }
  await connect(cluster, settings, destroy)
  return { cluster, destroy }
}

const NOTHING = Buffer.alloc(0)

async function connect(cluster: KafkaCluster, settings: ClientSettings, destroy: () => Promise<void>): Promise<void> {
  const { brokers, connectTimeoutMs } = settings
  const end = Date.now() + connectTimeoutMs
  let late = () => {}
  const timeIsOver = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), connectTimeoutMs)
    late = () => clearTimeout(timer)
  })
  try {
    for (let waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
      let problem: unknown
      const outcome = await Promise.race([
        cluster.connect().then(
          () => 'connected',
          (error: unknown) => {
            problem = error
            return 'failed'
          },
        ),
        timeIsOver,
      ])
      if (outcome === 'connected') return
      if (problem !== undefined && !isUnreachable(problem))
        throw kafkaError(problem, `connect to ${brokers.join(', ')}`)
      if (outcome === 'late' || Date.now() + waitMs >= end)
        throw new SnapstreamError(
          'BROKER_UNREACHABLE',
          `no Kafka broker answers at ${brokers.join(', ')} (tried for ${connectTimeoutMs} ms); ` +
            'check the address, and that a broker listens there',
          { cause: problem },
        )
      await pause(waitMs)
    }
  } catch (error) {
    await destroy()
    throw error
  } finally {
    late()
  }
}
