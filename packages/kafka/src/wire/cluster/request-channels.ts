import { channel } from 'node:diagnostics_channel'
import type { BrokerAddress } from '../protocol/connection.ts'

/**
 * A request to a broker, as the channels `snapstream:kafka:request:start` and `snapstream:kafka:request:end` of
 * `node:diagnostics_channel` tell it. Both get the same object.
 */
export interface RequestMessage {
  /** Kafka's name of the request, such as `Produce` or `Fetch`. */
  readonly api: string
  /** The host of the broker. */
  readonly host: string
  /** The port of the broker. */
  readonly port: number
  /** The size of the request on the wire, in bytes. */
  readonly requestBytes: number
  /** The size of the answer, in bytes; 0 without one. Set at the end. */
  readonly answerBytes: number
  /** The time until the answer, in ms, which includes the time that a fetch waits for records. Set at the end. */
  readonly durationMs: number
  /**
   * The reason why there is no answer: an error of the connection. Error codes of Kafka are in answers. Undefined for a request
   * that ended because this client closed the connection. Set at the end.
   */
  readonly error: Error | undefined
}

const started = channel('snapstream:kafka:request:start')
const ended = channel('snapstream:kafka:request:end')

/** Ends a request of the channels. Not called for one that nobody listens to. */
export type EndRequest = (answerBytes: number, error: Error | undefined) => void

/** Tells the channels of a request. Undefined if nobody listens. */
export function tellRequest(api: string, { host, port }: BrokerAddress, requestBytes: number): EndRequest | undefined {
  if (!started.hasSubscribers && !ended.hasSubscribers) return undefined
  const message = {
    api,
    host,
    port,
    requestBytes,
    answerBytes: 0,
    durationMs: 0,
    error: undefined as Error | undefined,
  }
  const start = performance.now()
  started.publish(message satisfies RequestMessage)
  return (answerBytes, error) => {
    Object.assign(message, { answerBytes, error, durationMs: performance.now() - start })
    ended.publish(message)
  }
}
