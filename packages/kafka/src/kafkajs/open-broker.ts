import type { ClientSettings } from '../driver/driver.ts'
import { attemptMs } from '../wire/bootstrap.ts'
import { brokerUnreachable } from '../wire/connection-error.ts'
import type { BrokerAddress } from '../wire/connection.ts'
import { tlsOptions } from '../wire/tls-options.ts'
import { internals } from './internals.ts'
import type { Internals, KafkaBroker, KafkaConnection, KafkaLogger, KafkaProtocol } from './internals.ts'
import { kafkajsError } from './kafkajs-error.ts'
import { restTheTimer } from './rest-the-timer.ts'

/** A broker of KafkaJS over one connection, which is not opened again once it was closed. */
export interface OpenBroker {
  readonly address: BrokerAddress
  readonly kafkajs: Internals
  readonly requestTimeoutMs: number
  /** The request in the newest version that both sides know. */
  request(apiName: string, args: unknown): KafkaProtocol
  /** Sends it once. Resolves with the answer, errors included, where KafkaJS throws the first and drops the rest. */
  send<T>(protocol: KafkaProtocol): Promise<T>
  isOpen(): boolean
  close(): Promise<void>
}

export async function openBroker(settings: ClientSettings, address: BrokerAddress): Promise<OpenBroker> {
  const kafkajs = await internals()
  const { ConnectionPool, Broker, createSocketFactory, requests, apiKeys } = kafkajs
  const { clientId, requestTimeoutMs } = settings
  const connectionPool = new ConnectionPool({
    host: address.host,
    port: address.port,
    clientId,
    connectionTimeout: attemptMs(settings),
    requestTimeout: requestTimeoutMs,
    logger: SILENT,
    socketFactory: createSocketFactory(),
    ...(settings.tls && { ssl: tlsOptions(settings.tls) }),
    // A copy: KafkaJS keeps what it makes of it in it.
    ...(settings.sasl && { sasl: { ...settings.sasl } }),
  })
  const [connection] = connectionPool.pool as [KafkaConnection]
  // KafkaJS would fetch over another one.
  connectionPool.pool = [connection, connection]
  restTheTimer(connection)
  const broker: KafkaBroker = new Broker({ connectionPool, logger: SILENT, allowAutoTopicCreation: false })

  async function close(): Promise<void> {
    connection.rejectRequests(brokerUnreachable(address, 'is not connected any more: the connection was closed here'))
    connection.socket?.destroy()
    await connection.disconnect()
  }

  try {
    await broker.connect()
  } catch (error) {
    await close()
    throw kafkajsError(error, address, 'connect to')
  }

  return {
    address,
    kafkajs,
    requestTimeoutMs,
    request(apiName, args) {
      const apiKey = apiKeys[apiName]
      try {
        return broker.lookupRequest(apiKey ?? -1, requests[apiName])(args)
      } catch (error) {
        throw kafkajsError(error, address, `ask for ${apiName} of`)
      }
    },
    async send<T>(protocol: KafkaProtocol) {
      const { request, response } = protocol
      const asItCame = { decode: (raw: Buffer) => response.decode(raw), parse: async (answer: unknown) => answer }
      try {
        return (await connection.send({ ...protocol, response: asItCame })) as T
      } catch (error) {
        // KafkaJS would go on using it, though the other side may be gone without a word.
        if ((error as Error).name === TIMED_OUT) await close()
        throw kafkajsError(error, address, `get an answer to ${request.apiName} from`)
      }
    },
    isOpen: () => connection.isConnected(),
    close,
  }
}

const TIMED_OUT = 'KafkaJSRequestTimeoutError'

/** KafkaJS logs to the console otherwise, and what goes wrong is thrown anyway. */
const SILENT: KafkaLogger = {
  namespace: () => SILENT,
  info() {},
  error() {},
  warn() {},
  debug() {},
}
