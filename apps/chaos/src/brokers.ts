import type { RunningKafka } from '@snapstream/services'
import type { TcpProxy } from './tcp-proxy.ts'

/** The brokers that a case runs against. */
export interface Brokers {
  /** Bootstrap addresses for the load and the judge. */
  readonly addresses: string
  /** Bootstrap addresses for the workers. */
  readonly forWorkers: string
  /** By node id. */
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** Between the workers and the single broker. Undefined for a cluster. */
  readonly proxy?: TcpProxy
  stop(): Promise<void>
}
