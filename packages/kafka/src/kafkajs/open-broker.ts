import type { ClientSettings } from '../driver/driver.ts'
import { openSocket, requestFrame } from '../wire/cluster/open-socket.ts'
import { unreadable, unsupported } from '../wire/errors/kafka-error.ts'
import type { BrokerAddress, Connection } from '../wire/protocol/connection.ts'
import { internals } from './internals.ts'
import type { Internals, KafkaProtocol } from './internals.ts'

/** A socket to one broker over which requests of KafkaJS are sent. Once it is closed it stays closed. */
export interface OpenBroker extends Pick<Connection, 'isOpen' | 'close'> {
  readonly address: BrokerAddress
  readonly kafkajs: Internals
  /** The request in the newest version that both sides know. Throws `UNSUPPORTED` if there is none. */
  request(apiName: string, args: unknown): KafkaProtocol
  /**
   * Sends a request once. Resolves with the whole answer, errors included; KafkaJS itself would throw the first of them.
   * Rejects with `KAFKA_FAILED` for an answer that cannot be read, and as the socket does.
   *
   * @param waitMs how long the request allows the broker to wait
   */
  send<T>(protocol: KafkaProtocol, waitMs?: number): Promise<T>
}

const CORRELATION_ID_BYTES = 4

/** Connects to a broker once. Rejects when the signal is aborted, and leaves nothing open then. */
export async function openBroker(
  settings: ClientSettings,
  address: BrokerAddress,
  signal: AbortSignal,
): Promise<OpenBroker> {
  const kafkajs = await internals()
  const socket = await openSocket(address, settings, signal)
  const { requests, apiKeys } = kafkajs
  const { clientId } = settings
  return {
    address,
    kafkajs,
    request(apiName, args) {
      const definition = requests[apiName]
      const known = socket.versions.get(apiKeys[apiName] ?? -1)
      const versions = definition?.versions.map(Number) ?? []
      const version = Math.min(Math.max(...versions), known?.max ?? -1)
      if (!definition || !known || version < known.min || !versions.includes(version))
        throw unsupported(address, apiName, `${Math.min(...versions)} to ${Math.max(...versions)}`)
      return definition.protocol({ version })(args)
    },
    async send<T>({ request, response }: KafkaProtocol, waitMs = 0) {
      const { apiKey, apiVersion: version, apiName: api } = request
      const { buffer: body } = await request.encode()
      const frame = (correlationId: number) => requestFrame({ apiKey, version, correlationId, clientId }, body)
      const answered = request.expectResponse?.() ?? true
      const answer = await socket.request({ api, frame, waitMs, answered })
      if (!answered) return undefined as T
      try {
        const decoded = await response.decode(answer.subarray(CORRELATION_ID_BYTES))
        socket.mute(decoded.clientSideThrottleTime ?? 0)
        return decoded as T
      } catch (error) {
        throw unreadable(error, address, api)
      }
    },
    get isOpen() {
      return socket.isOpen
    },
    close: socket.close,
  }
}
