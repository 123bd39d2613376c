import type { RunningKafka } from '@snapstream/services'
import type { TcpProxy } from './tcp-proxy.ts'

/** What a case runs against. */
export interface Brokers {
  /** Where the load and the judge connect. */
  readonly addresses: string
  /** Where workers do. */
  readonly forWorkers: string
  /** By Kafka's ids. */
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** Between the workers and the only node. */
  readonly proxy?: TcpProxy
  stop(): Promise<void>
}
