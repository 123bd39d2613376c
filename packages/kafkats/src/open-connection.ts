import type { BrokerConfig } from '@kafkats/client'
import type { ClientSettings } from '@snapstream/kafka/driver'
import type { Crc32c, RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import type { BrokerAddress, Connection } from '@snapstream/kafka/wire'
import { adminRequests } from './admin-requests.ts'
import { caller } from './caller.ts'
import { connectTimedOut, refusal } from './connection-error.ts'
import { dial } from './dial.ts'
import type { Dialled } from './dial.ts'
import { fetchRequests } from './fetch-requests.ts'
import { groupRequests } from './group-requests.ts'
import { brokerOver } from './internals.ts'
import { produceRequests } from './produce-requests.ts'

export interface OpenOptions {
  readonly settings: ClientSettings
  readonly encode: RecordBatchEncoder
  /** Undefined: what is fetched is not checked. */
  readonly checkWith: Crc32c | undefined
}

/** Connects to a broker, once. Rejects within `connectTimeoutMs`, and leaves nothing open then. */
export async function openConnection(address: BrokerAddress, options: OpenOptions): Promise<Connection> {
  const { settings, encode, checkWith } = options
  const { tls, sasl, connectTimeoutMs, requestTimeoutMs } = settings
  const secrets = [sasl?.password, tls?.passphrase].flatMap((secret) => secret || [])
  let dialled: Dialled | undefined
  const dialBroker = async () => {
    dialled = dial(address, tls)
    return dialled.connected
  }
  const broker = brokerOver(dialBroker, configOf(address, settings))
  let late: Error | undefined
  const timer = setTimeout(() => {
    late = connectTimedOut(address, connectTimeoutMs)
    dialled?.socket.destroy()
  }, connectTimeoutMs)
  try {
    await broker.connect()
  } catch (error) {
    dialled?.socket.destroy()
    // The client says no more than that it is closed: a broker refuses certificates after it has taken the connection.
    throw refusal(late ?? dialled?.problem() ?? error, address, 'connect', secrets)
  } finally {
    clearTimeout(timer)
  }
  const { socket } = dialled as Dialled
  const { call, close, isOpen } = caller(address, { socket, requestTimeoutMs, secrets })
  return {
    ...fetchRequests(broker, call, checkWith),
    ...produceRequests(broker, call, { encode, socket }),
    ...groupRequests(broker, call),
    ...adminRequests(broker, call),
    get isOpen() {
      return isOpen()
    },
    close,
  }
}

/** Never reached: time is kept here, from the moment of asking, and with what a broker holds back by quota. */
const CLIENT_TIMEOUT_MS = 1e9

function configOf({ host, port, nodeId }: BrokerAddress, { clientId, sasl }: ClientSettings): BrokerConfig {
  return { host, port, nodeId, clientId, requestTimeoutMs: CLIENT_TIMEOUT_MS, ...(sasl && { sasl }) }
}
