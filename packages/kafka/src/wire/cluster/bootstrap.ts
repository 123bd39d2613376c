import { SnapstreamError, causesOf } from '@snapstream/core'
import { backoff, sleep } from '@snapstream/core/adapter'
import type { ClientSettings } from '../../driver/driver.ts'
import { brokerAddress } from '../protocol/broker-address.ts'
import { connectWithin } from './node-connections.ts'
import type { BrokerAddress, ClusterMetadata, Connect, Connection } from '../protocol/connection.ts'
import { isRetriable, kafkaError } from '../errors/kafka-error.ts'

interface FirstContact {
  readonly address: BrokerAddress
  readonly connection: Connection
  readonly metadata: ClusterMetadata
}

const PAUSES = { firstMs: 50, maxMs: 1000 } as const
const SHORTEST_ATTEMPT_MS = 100

/** The time of one attempt, in ms, such that each address gets a turn within `connectTimeoutMs`. */
export function attemptMs({ brokers, connectTimeoutMs }: ClientSettings): number {
  return Math.max(SHORTEST_ATTEMPT_MS, Math.floor(connectTimeoutMs / (brokers.length + 1)))
}

/**
 * Tries the addresses in the settings until one of them answers. Rejects with `BROKER_UNREACHABLE` after `connectTimeoutMs`,
 * and at once with an error that is not retriable: a wrong password, a certificate that is not trusted.
 */
export async function bootstrap(settings: ClientSettings, connect: Connect): Promise<FirstContact> {
  const { brokers, connectTimeoutMs } = settings
  const addresses = brokers.map(brokerAddress)
  const end = performance.now() + connectTimeoutMs
  let problem: unknown
  for (let attempt = 1; ; attempt++) {
    for (const address of addresses) {
      const leftMs = end - performance.now()
      if (leftMs <= 0) break
      try {
        return await greet(connect, address, Math.min(attemptMs(settings), leftMs))
      } catch (error) {
        if (!isRetriable(error)) throw kafkaError(error, `connect to ${brokers.join(', ')}`)
        problem = error
      }
    }
    const waitMs = backoff(attempt, PAUSES)
    if (performance.now() + waitMs >= end) throw unreachable(settings, problem)
    await sleep(waitMs)
  }
}

/** Connects and requests metadata: a broker may accept connections and never answer. */
async function greet(connect: Connect, address: BrokerAddress, ms: number): Promise<FirstContact> {
  let metadata: ClusterMetadata = { brokers: [], controllerId: -1, topics: [] }
  const connection = await connectWithin(
    async (to, signal) => {
      const connected = await connect(to, signal)
      const giveUp = () => void connected.close()
      signal.addEventListener('abort', giveUp)
      if (signal.aborted) giveUp()
      try {
        metadata = await connected.metadata([])
      } catch (error) {
        await connected.close()
        throw error
      } finally {
        signal.removeEventListener('abort', giveUp)
      }
      return connected
    },
    address,
    ms,
  )
  return { address, connection, metadata }
}

function unreachable({ brokers, connectTimeoutMs, tls, sasl }: ClientSettings, cause: unknown): SnapstreamError {
  const protocol = `${sasl ? 'sasl_' : ''}${tls ? 'ssl' : 'plaintext'}`
  const todo = chainHas(cause, NO_HANDLES)
    ? 'this process may not open any more files and sockets (EMFILE): raise its limit (ulimit -n), or close what it holds'
    : isNobodyThere(cause)
      ? 'check the address, and that a broker listens there'
      : `check the address, that a broker listens there, and that it has securityProtocol '${protocol}' on that port`
  return new SnapstreamError(
    'BROKER_UNREACHABLE',
    `no Kafka broker answers at ${brokers.join(', ')} (tried for ${connectTimeoutMs} ms): ${todo}`,
    { cause },
  )
}

const NO_HANDLES = new Set(['EMFILE', 'ENFILE'])
const NOBODY = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

/** Whether the error says that no process accepted the connection. */
function isNobodyThere(cause: unknown): boolean {
  return cause === undefined || chainHas(cause, NOBODY)
}

/** Whether an error or one of its causes has one of these codes. */
function chainHas(error: unknown, codes: ReadonlySet<string>): boolean {
  return causesOf(error).some(({ code }) => code !== undefined && codes.has(code))
}
