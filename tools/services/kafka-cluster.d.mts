import type { RunningKafka, StartKafkaOptions } from './kafka-broker.mjs'

export interface RunningCluster {
  /** The addresses of all nodes, with commas. */
  readonly brokers: string
  /** By the ids that Kafka knows them by. Each can be killed and restarted by itself. */
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** SIGKILL to all of them, and their folders removed. */
  stop(): Promise<void>
}

/**
 * Starts three nodes, and resolves when they know of each other. `heapMb` (default 384) is for each of them. Rejects for
 * the same reasons as `startKafka`.
 */
export function startKafkaCluster(
  options?: Pick<StartKafkaOptions, 'settings' | 'heapMb' | 'timeoutMs' | 'signal' | 'log'>,
): Promise<RunningCluster>
