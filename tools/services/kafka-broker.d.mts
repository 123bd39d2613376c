import type { SecureBroker } from '../../packages/kafka/src/conformance/secure-broker.ts'

export interface StartKafkaOptions {
  /** Where clients connect. Default: a free port. */
  port?: number
  /** Default: a free port. */
  controllerPort?: number
  /** The nodes of a cluster have the same. Default: a new one. */
  clusterId?: string
  /** For the broker's settings, data and log (`broker.log`); `stop` removes it. Default: a new temporary folder. */
  folder?: string
  /** @default SNAPSTREAM_KAFKA_VERSION of the environment, else '4.1.0' */
  version?: string
  /** Broker settings under Kafka's own names, on top of the defaults. */
  settings?: Record<string, string | number | boolean>
  /** Listens with TLS and SASL as well; `security` of what is returned says where, and has the keys. @default false */
  security?: boolean
  /** How long the broker may take until it serves requests, in ms. @default 60_000 */
  timeoutMs?: number
  /** The most memory for its heap, in MB. @default 1024 */
  heapMb?: number
  /** True: the broker outlives this process. Else it ends with it, also when it is killed. @default false */
  detached?: boolean
  /** Ends the start when aborted. */
  signal?: AbortSignal
  /** Told about a download. @default console.error */
  log?: (line: string) => void
}

export interface RunningKafka {
  /** `127.0.0.1:port` */
  readonly brokers: string
  /** Changes with `restart`. */
  readonly pid: number
  readonly folder: string
  readonly version: string
  /** With `security` only. */
  readonly security?: SecureBroker
  /** SIGTERM, SIGKILL if that does not help, and its folder removed. */
  stop(): Promise<void>
  /** Resolves when the process is gone (at once for SIGSTOP and SIGCONT). The data stays. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again, on the same port and data; stops it first if it runs. */
  restart(): Promise<void>
}

export const KAFKA_VERSION: string

/** Rejects when there is no Java 17, no Maven for the first download, or the broker does not start in time. */
export function startKafka(options?: StartKafkaOptions): Promise<RunningKafka>
