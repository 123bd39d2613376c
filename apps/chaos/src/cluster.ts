import { startKafkaCluster } from '@snapstream/services'
import type { Brokers } from './brokers.ts'

/** Three nodes, to which workers, load and judge connect directly. */
export async function startCluster(signal: AbortSignal, log: (line: string) => void): Promise<Brokers> {
  const cluster = await startKafkaCluster({ signal, log })
  return { addresses: cluster.brokers, forWorkers: cluster.brokers, nodes: cluster.nodes, stop: () => cluster.stop() }
}
