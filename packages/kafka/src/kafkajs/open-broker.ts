import type { ClientSettings } from '../driver/driver.ts'
import type { BrokerAddress } from '../wire/protocol/connection.ts'
import { openSocket, requestFrame } from '../wire/cluster/open-socket.ts'
import { unreadable, unsupported } from '../wire/errors/odd-answer.ts'
import { internals } from './internals.ts'
import type { Internals } from './internals.ts'
import type { KafkaProtocol } from './kafka-protocol.ts'

/** Requests of KafkaJS over one socket, which is not opened again once it was closed. */
export interface OpenBroker {
  readonly address: BrokerAddress
  readonly kafkajs: Internals
  /** The request in the newest version that both sides know. Throws `UNSUPPORTED`. */
  request(apiName: string, args: unknown): KafkaProtocol
  /**
   * Sends it once. Resolves with the answer, errors included, where KafkaJS throws the first and drops the rest.
   *
   * @param waitMs what the request lets the broker wait
   */
  send<T>(protocol: KafkaProtocol, waitMs?: number): Promise<T>
  isOpen(): boolean
  close(): Promise<void>
}

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
    isOpen: () => socket.isOpen,
    close: socket.close,
  }
}

const CORRELATION_ID_BYTES = 4
